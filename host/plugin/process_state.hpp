/// \file
/// What a plugin must leave as it is in the process (rule R9 of the ABI), so that a change while it is loaded is seen.
#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

namespace formulary {

/// The process' signal handlers, umask, working folder, locale and environment. Taken and compared by one thread while
/// no other changes them.
class ProcessState {
 public:
  ProcessState();

  /// Names what differs now, and puts it back: "the handler of signal 11", "the umask". Empty: nothing.
  [[nodiscard]] std::vector<std::string> restore() const;

 private:
  static constexpr int signals_end = 65;
  void restore_signals(std::vector<std::string>& changed) const;
  void restore_environment(std::vector<std::string>& changed) const;

  std::array<struct sigaction, signals_end> handlers_{};
  unsigned umask_ = 0;
  std::string folder_;
  std::string locale_;
  std::vector<std::string> environment_;
};

/// The calling thread's floating-point modes (rounding, denormals, traps), which -ffast-math code changes when it
/// loads.
class FloatingPointState {
 public:
  FloatingPointState() noexcept;
  /// True if they differ now; puts them back.
  [[nodiscard]] bool restore() const noexcept;

 private:
  std::uint64_t control_;
};

}  // namespace formulary

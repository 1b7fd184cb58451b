/// \file
/// How a failure that nobody could handle is told: what failed, its code, what to do next; as words or as JSON.
#pragma once

#include <functional>
#include <string>

#include "host/cli/exit_code.hpp"
#include "host/cli/io.hpp"

namespace formulary::cli {

/// Grows with what is known of the command line, so that a failure is told as well as it can be at that point.
class FailureReport {
 public:
  explicit FailureReport(const Io& io) : io_(io) {}

  /// From now on one JSON object on one line of stderr: {"code", "message", "next"}, of a plugin's failure also
  /// "pluginCode", "httpStatus" and "retryAfterMs" as far as they are known, of a formula's "problems".
  void use_json(bool json) noexcept { json_ = json; }
  /// "formulary instances create": whose --help is named where an error says nothing better.
  void set_command(const std::string& words) { command_ = words; }

  /// The program's barrier: runs `body` and tells its failure.
  [[nodiscard]] ExitCode guard(const std::function<ExitCode()>& body) const noexcept;
  /// A command line that was not understood.
  [[nodiscard]] ExitCode usage(const std::string& message) const;

 private:
  struct Failure;
  void tell(const Failure& failure) const;
  [[nodiscard]] std::string advice(ErrorCode code) const;

  const Io& io_;
  bool json_ = false;
  std::string command_ = "formulary";
};

}  // namespace formulary::cli

/// \file
/// A vendor on a loopback port, in the test's process, for what a script cannot show: threads and sockets.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace smartrecruiters::testing {

/// Answers every GET with the same small candidate. Ends with the object.
class LoopbackVendor {
 public:
  LoopbackVendor();
  LoopbackVendor(const LoopbackVendor&) = delete;
  LoopbackVendor& operator=(const LoopbackVendor&) = delete;
  ~LoopbackVendor();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  /// How many requests have come.
  [[nodiscard]] std::uint64_t requests() const;

  /// The body of its answers.
  static const std::string& candidate();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace smartrecruiters::testing

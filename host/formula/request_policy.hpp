/// \file
/// When a request step succeeded, and when it is tried again.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/formula/reference.hpp"

namespace formulary {

/// A set of HTTP status codes as templates write it: "200,201", "200-205,208", " 404 ".
class StatusCodes {
 public:
  StatusCodes() = default;
  /// nullopt if the text is none ("401-,400", "abc", "500-400", "99", "1000"). Blank texts give an empty set.
  [[nodiscard]] static std::optional<StatusCodes> parse(std::string_view text);

  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }
  [[nodiscard]] bool contains(int code) const noexcept;

 private:
  struct Range {
    int first = 0;
    int last = 0;
  };
  std::vector<Range> ranges_;
};

inline constexpr int retry_attempts_max = 5;      ///< Of a request.
inline constexpr int execution_attempts_max = 7;  ///< Of a step of type retryFormulaExecution.
inline constexpr std::chrono::milliseconds retry_delay_max = std::chrono::hours(24);

struct RequestPolicy {
  StatusCodes acceptable;  ///< Empty: 200 to 299.
  bool retry = false;
  int retry_attempts = 0;  ///< After the first try.
  std::chrono::milliseconds retry_delay{0};
  StatusCodes retry_codes;  ///< Empty: any failure.

  [[nodiscard]] bool accepts(int code) const noexcept;
  /// `retries_made` counts from 0.
  [[nodiscard]] bool tries_again(int code, int retries_made) const noexcept;
};

/// The parts of a policy that have a reference, as in `"retryAttempts": "${config.attempts}"`; all others are absent.
struct RequestPolicyProperties {
  Property acceptable;
  Property retry;
  Property retry_attempts;
  Property retry_delay;
  Property retry_codes;
};

/// `policy` with what `properties` refer to. Values beyond the bounds are cut to them; what cannot be read, or is not
/// there, leaves the policy's own. Throws nothing for values of whatever type.
[[nodiscard]] RequestPolicy resolve_policy(const RequestPolicy& policy, const RequestPolicyProperties& properties,
                                           const Scope& scope);

}  // namespace formulary

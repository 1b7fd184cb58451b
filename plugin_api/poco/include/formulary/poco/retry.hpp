/// \file
/// When to try again, and after how long.
#pragma once

#include <formulary/poco/session_pool.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace element::http {

struct retry_policy {
  int sends_max = 4;                                   ///< The first one included.
  std::chrono::milliseconds first{500};                ///< Upper end of the first delay; doubles each time.
  std::chrono::milliseconds delay_max{30'000};         ///< Where doubling ends.
  std::chrono::milliseconds retry_after_max{120'000};  ///< A vendor that asks for more is not waited for.
};

/// "120" or "Wed, 21 Oct 2015 07:28:00 GMT" (the other two date forms of RFC 9110 too) as a delay from `now` (since
/// 1970), never negative; nothing if it is neither.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_retry_after(std::string_view value,
                                                                        std::chrono::nanoseconds now);

/// Exponential delays with full jitter: the n-th is uniform in [0, min(delay_max, first * 2^(n-1))]; a Retry-After
/// wins, with up to a tenth added, so that callers that were sent away together do not come back together. Not
/// thread-safe.
class backoff {
 public:
  /// A number in [0, 1), each call another one.
  using random_source = std::function<double()>;

  explicit backoff(retry_policy policy, random_source random = {});

  /// The delay before the next try; nothing when the tries are used up or `retry_after` is above the policy's bound.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> next(std::optional<std::chrono::nanoseconds> retry_after = {});
  [[nodiscard]] int sends() const noexcept { return sends_; }

 private:
  retry_policy policy_;
  random_source random_;
  int sends_ = 1;
};

/// Whether the same request may be sent again after this answer: 429 always (the vendor did not take it), 502, 503 and
/// 504 if the request is idempotent.
[[nodiscard]] bool may_repeat(const request& what, const response& reply) noexcept;
/// The same after a failure, by its retry class. Never for `ended`.
[[nodiscard]] bool may_repeat(const request& what, const error& why) noexcept;

struct retried {
  response reply;
  int retries = 0;  ///< For answer::retry_attempts.
};

struct retry_hooks {
  /// Called before each send, for instance to enter a rate limiter; what it returns lives until the send is over.
  std::function<std::shared_ptr<void>()> before_send;
  /// Called with the Retry-After of an answer that will be, or will not be, tried again.
  std::function<void(std::chrono::nanoseconds)> on_retry_after;
  backoff::random_source random;  ///< Empty: a good one.
};

/// Sends until an answer that need not be repeated, waiting with the control's clock. When the tries, the policy's
/// bounds or the control's remaining time are used up, returns the last answer or throws the last error.
[[nodiscard]] retried send_with_retries(session_pool& to, const control& within, const request& what,
                                        const retry_policy& policy = {}, const retry_hooks& hooks = {});

}  // namespace element::http

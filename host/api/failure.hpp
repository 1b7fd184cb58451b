/// \file
/// A failure as the API answers it.
#pragma once

#include <chrono>
#include <exception>
#include <string>
#include <string_view>

#include "host/api/api_request.hpp"
#include "host/base/error.hpp"

namespace formulary::api {

/// Somebody asks too often: says when to come back.
class RateLimited : public Error {
 public:
  RateLimited(const std::string& message, std::chrono::seconds retry_after)
      : Error(ErrorCode::rate_limited, message), retry_after_(retry_after) {}
  [[nodiscard]] std::chrono::seconds retry_after() const noexcept { return retry_after_; }

 private:
  std::chrono::seconds retry_after_;
};

/// The status of a failure of ours. Source: CONTRACT 1.1.
[[nodiscard]] int status_of(ErrorCode code) noexcept;

/// {"requestId":"53db…","message":"…","code":"bad_input"}; `providerMessage` and the status of a vendor's refusal if a
/// plugin reported one; Retry-After where it is known. A mistake of ours shows no text of its own. Never throws.
[[nodiscard]] ApiAnswer failure_answer(const std::exception& failure, const std::string& request_id) noexcept;
[[nodiscard]] ApiAnswer failure_answer(int status, std::string_view code, std::string_view message,
                                       const std::string& request_id);

}  // namespace formulary::api

/// \file
/// From an answer that is no success to the error that a person and a formula can act on.
#pragma once

#include <formulary/element/error.hpp>
#include <formulary/poco/message.hpp>

#include <chrono>
#include <string_view>
#include <vector>

namespace smartrecruiters {

/// What the sentence needs beside the answer.
struct ErrorContext {
  std::string_view subject = "SmartRecruiters";  ///< Who answered.
  std::string_view what;                         ///< "GET /jobs/{id}": without ids, which are people's.
  std::vector<std::string_view> secrets;         ///< Never repeated, in no encoding.
  std::chrono::nanoseconds now{0};               ///< Since 1970, for a Retry-After that is a date.
};

/// | answer | status | code | retry |
/// |---|---|---|---|
/// | 3xx | FAILED_PRECONDITION | smartrecruiters.redirected | no |
/// | 400, 405, 413, 415, 422 | INVALID_ARGUMENT | smartrecruiters.bad_request | no |
/// | 401 | UNAUTHENTICATED | smartrecruiters.invalid_key | no |
/// | 403 "No access to feature: ..." | PERMISSION_DENIED | smartrecruiters.api_not_in_plan | no |
/// | 403 | PERMISSION_DENIED | smartrecruiters.permission_denied | no |
/// | 404 | NOT_FOUND | smartrecruiters.not_found | no |
/// | 409 | ALREADY_EXISTS | smartrecruiters.conflict | no |
/// | 429 | RESOURCE_EXHAUSTED | smartrecruiters.rate_limited | safe, with Retry-After |
/// | other 4xx | FAILED_PRECONDITION | smartrecruiters.refused | no |
/// | 5xx | UNAVAILABLE | smartrecruiters.unavailable | if_idempotent, with Retry-After |
///
/// http_status is the answer's. The sentence quotes the vendor's code and message (bounded, redacted); `details` has
/// them as {"providerCode", "providerMessage", "errors": [{"code", "message"}]}, from {errors, message}, {code,
/// message} or {message, providerMessage}. Bodies that are empty, no JSON or of another shape are left out.
[[nodiscard]] element::error vendor_error(const element::http::response& reply, const ErrorContext& context);

}  // namespace smartrecruiters

/// \file
/// A failure as the API answers it.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "host/api/api_request.hpp"
#include "host/base/error.hpp"

namespace formulary::api {

/// The status of a failure of ours. Source: CONTRACT 1.1.
[[nodiscard]] int status_of(ErrorCode code) noexcept;

/// {"requestId":"53db…","message":"…","code":"bad_input"}; `providerMessage` and the status of a vendor's refusal if a
/// plugin reported one. A mistake of ours shows no text of its own. Never throws.
[[nodiscard]] ApiAnswer failure_answer(const std::exception& failure, const std::string& request_id) noexcept;
[[nodiscard]] ApiAnswer failure_answer(int status, std::string_view code, std::string_view message,
                                       const std::string& request_id);

}  // namespace formulary::api

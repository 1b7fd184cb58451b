/// \file
/// Making an element instance at an element platform instead of here.
#pragma once

#include <formulary/element/values.hpp>

#include <string>
#include <string_view>

#include "plugins/smartrecruiters/vendor.hpp"

namespace smartrecruiters {

/// POST {to.base_url}/instances with `request` as it is and to.authorization as its Authorization; the answer's body,
/// verbatim. One try: a POST is not repeated on a guess. Throws element::error: INVALID_ARGUMENT
/// "smartrecruiters.invalid_connection" for a missing base URL or authorization, vendor_error()'s with the platform's
/// words (401: "smartrecruiters.platform_unauthenticated"), DATA_LOSS "smartrecruiters.unexpected_answer" for a success
/// that is no JSON object, and the transport's.
[[nodiscard]] std::string create_at_platform(element::call& in, std::string_view request, const element::connection& to,
                                             const TransportFactory& connect);

}  // namespace smartrecruiters

/// \file
/// JSON that somebody sends us: stricter than what vendors answer and what we have kept.
#pragma once

#include <string_view>

#include "host/base/json.hpp"

namespace formulary::api {

/// Error(bad_input, "body: ...") with line and column if `text` is no JSON, is nested too deep, or has one name twice
/// in an object, of which one value would be lost; limit_reached if it is too long.
[[nodiscard]] json::value parse_request_json(std::string_view text);

}  // namespace formulary::api

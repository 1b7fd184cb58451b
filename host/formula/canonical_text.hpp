/// \file
/// One text for templates that say the same: what their identity is computed from.
#pragma once

#include <string>
#include <string_view>

#include "host/base/json.hpp"

namespace formulary {

/// The JSON text with every object's members sorted by key.
[[nodiscard]] std::string canonical_text(const json::value& value);

}  // namespace formulary

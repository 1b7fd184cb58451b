/// \file
/// SHA-256: the identity of templates, and keys that repeat when an execution is computed again.
#pragma once

#include <string>
#include <string_view>

#include "host/base/json.hpp"

namespace formulary {

/// The JSON text with every object's members sorted by key.
[[nodiscard]] std::string canonical_text(const json::value& value);

}  // namespace formulary

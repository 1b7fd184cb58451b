/// \file
/// Query strings as HTML forms write them, and what must not reach a header, a path or a terminal.
#pragma once

#include <string>
#include <string_view>

#include "host/base/json.hpp"

namespace formulary {

/// "a=1&b=x%20y&b=z" as {"a":"1","b":["x y","z"]}, added to `query`. A `+` is a blank; improper %-sequences stay as
/// they are.
void add_query_text(json::object& query, std::string_view text);
/// The opposite, without a leading '?'.
[[nodiscard]] std::string query_text(const json::object& query);

/// True if a byte is below 0x20, or 0x7F.
[[nodiscard]] bool has_control_characters(std::string_view text) noexcept;

}  // namespace formulary

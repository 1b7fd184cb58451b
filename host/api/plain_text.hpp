/// \file
/// Names as they are kept.
#pragma once

#include <string>
#include <string_view>

namespace formulary::api {

/// "<b>x</b> y" -> "x y": what names are stored without. What is left has no tag, even of one that others hid.
[[nodiscard]] std::string without_tags(std::string_view text);
/// Without white space around it.
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace formulary::api

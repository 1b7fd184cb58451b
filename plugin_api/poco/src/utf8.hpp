/// \file
/// The one question about UTF-8 that JSON asks.
#pragma once

#include <string_view>

namespace element::json {

/// Well-formed by the Unicode standard's table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace element::json

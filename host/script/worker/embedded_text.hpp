/// \file
/// The JavaScript that is part of the program: our own, and the npm packages of require().
#pragma once

#include <cstddef>
#include <string_view>

namespace formulary {

struct EmbeddedText {
  const char* name;  ///< "prelude.js", "lodash/lodash.js".
  const char* begin;
  const char* end;

  [[nodiscard]] std::string_view text() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

/// Nothing if there is none of this name.
[[nodiscard]] const EmbeddedText* find_embedded_text(std::string_view name);

}  // namespace formulary

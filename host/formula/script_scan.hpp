/// \file
/// Looks into JavaScript as far as templates are checked before they run: is `done(` called, is there a `return`
/// outside of any function.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace formulary {

struct ScriptScan {
  bool calls_done = false;
  std::optional<std::size_t> top_level_return_line;  ///< From 1.
};

/// Knows strings, template literals, comments, regular expressions, functions, arrows and methods. Never fails: of text
/// that is no JavaScript it says something, and the engine refuses it when it runs. Linear in the text's length.
[[nodiscard]] ScriptScan scan_script(std::string_view body);

/// Whether a script is of the first engine, which takes its result from a top-level `return`: its own scriptEngine says
/// v1, or says nothing in a formula of engine v1 and never calls done().
[[nodiscard]] bool is_v1_script(std::string_view script_engine, std::string_view formula_engine,
                                const ScriptScan& scan);

}  // namespace formulary

/// \file
/// Looks into JavaScript as far as templates are checked before they run: is `done(` called, is there a `return`
/// outside of any function.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace formulary {

struct ScriptScan {
  bool calls_done = false;                           ///< `done(`
  bool mentions_done = false;                        ///< Also without a parenthesis, as in `promise.then(done)`.
  std::optional<std::size_t> top_level_return_line;  ///< From 1.
};

/// Knows strings, template literals, comments, regular expressions, functions, arrows and methods. Never fails: of text
/// that is no JavaScript it says something, and the engine refuses it when it runs. Linear in the text's length.
[[nodiscard]] ScriptScan scan_script(std::string_view body);

/// Where the result of a script comes from.
enum class ScriptEnding {
  done,      ///< From done(value), whenever it is called.
  required,  ///< From a `return` outside of any function; without a value the step fails. The first engine.
  optional,  ///< The same, but a script that returns nothing just ends: published templates log in such steps.
};

/// By the step's own scriptEngine; if it has none, scripts that never mention done cannot call it, and are of the first
/// engine in a formula that is. A script of the first engine that calls done() and returns nothing means done().
[[nodiscard]] ScriptEnding script_result(std::string_view script_engine, std::string_view formula_engine,
                                         const ScriptScan& scan);

}  // namespace formulary

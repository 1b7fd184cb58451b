/// \file
/// Settings files: a strict subset of TOML, and Java-style .properties.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace formulary {

struct FileSetting {
  enum class Kind { text, integer, flag, any };  ///< any: .properties have no types.

  std::string key;    ///< Dotted, with the table's name in front.
  std::string value;  ///< Integers in decimal, flags as true or false.
  Kind kind = Kind::any;
  int line = 0;  ///< From 1.
};

/// Reads a subset of TOML 1.0: comments, tables, bare, quoted and dotted keys, basic and literal strings of one line,
/// integers, true and false. Throws Error(bad_input) "<where>:<line>: <what is wrong>" for anything else, also for
/// TOML's other values and for a key or table that is there twice.
[[nodiscard]] std::vector<FileSetting> parse_toml(std::string_view text, const std::string& where);

/// Reads "key = value" lines, `#` and `!` comments, as Poco's PropertyFileConfiguration does. Throws Error(bad_input)
/// for a key that is there twice, a line without `=` or `:`, and text that is not UTF-8.
[[nodiscard]] std::vector<FileSetting> parse_properties(std::string_view text, const std::string& where);

}  // namespace formulary

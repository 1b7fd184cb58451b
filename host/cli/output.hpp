/// \file
/// How commands show data: aligned tables for people, tabs for pipes, JSON for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"
#include "host/cli/io.hpp"

namespace formulary::cli {

enum class OutputFormat { table, json };

/// Throws Error(bad_input) for another word than "table" or "json".
[[nodiscard]] OutputFormat parse_output_format(std::string_view word);

using Row = std::vector<std::string>;

/// On a terminal: a header and aligned columns. Piped: no header, cells parted by tabs. Control characters of cells are
/// shown as spaces, since vendors' texts must not steer a terminal.
void write_table(const Io& io, const Row& header, const std::vector<Row>& rows);

/// "key  value" lines.
void write_pairs(const Io& io, const std::vector<Row>& pairs);

/// Indented JSON and a newline.
void write_json(const Io& io, const json::value& value);

/// The text without control characters.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace formulary::cli

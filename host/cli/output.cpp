#include "host/cli/output.hpp"

#include <algorithm>
#include <cstddef>

#include "host/base/error.hpp"

namespace formulary::cli {
namespace {

/// How many columns the text takes: UTF-8 continuation bytes take none. Wide characters count as one.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void write_aligned(std::ostream& out, const Row& row, const std::vector<std::size_t>& widths) {
  for (std::size_t column = 0; column < row.size(); ++column) {
    out << row[column];
    if (column + 1 < row.size()) out << std::string(widths[column] - width(row[column]) + 2, ' ');
  }
  out << '\n';
}

Row printable_row(const Row& row) {
  Row safe;
  safe.reserve(row.size());
  for (const std::string& cell : row) safe.push_back(printable(cell));
  return safe;
}

}  // namespace

OutputFormat parse_output_format(std::string_view word) {
  if (word == "table") return OutputFormat::table;
  if (word == "json") return OutputFormat::json;
  throw Error(ErrorCode::bad_input, "output: '" + std::string(word) + "' is no output format; use table or json");
}

std::string printable(std::string_view text) {
  std::string safe(text);
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; }, ' ');
  return safe;
}

void write_table(const Io& io, const Row& header, const std::vector<Row>& rows) {
  std::vector<Row> safe;
  safe.reserve(rows.size());
  for (const Row& row : rows) safe.push_back(printable_row(row));

  if (!io.out_is_terminal) {
    for (const Row& row : safe) {
      for (std::size_t column = 0; column < row.size(); ++column) io.out << (column == 0 ? "" : "\t") << row[column];
      io.out << '\n';
    }
    return;
  }
  std::vector<std::size_t> widths;
  widths.reserve(header.size());
  for (const std::string& title : header) widths.push_back(width(title));
  for (const Row& row : safe) {
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], width(row[column]));
  }
  write_aligned(io.out, header, widths);
  for (const Row& row : safe) write_aligned(io.out, row, widths);
}

void write_pairs(const Io& io, const std::vector<Row>& pairs) {
  std::size_t widest = 0;
  for (const Row& pair : pairs) widest = std::max(widest, width(pair[0]));
  for (const Row& pair : pairs) {
    io.out << pair[0];
    if (io.out_is_terminal) {
      io.out << std::string(widest - width(pair[0]) + 2, ' ');
    } else {
      io.out << '\t';
    }
    io.out << printable(pair[1]) << '\n';
  }
}

void write_json(const Io& io, const json::value& value) {
  io.out << to_pretty_text(value) << '\n';
}

}  // namespace formulary::cli

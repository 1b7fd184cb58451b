/// \file
/// Any text as where=: it is refused with Error, or its own text says the same, of which more would not be said.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "host/api/ceql.hpp"
#include "host/base/error.hpp"

namespace {

using formulary::api::Ceql;

void require(bool holds) {
  if (!holds) std::abort();
}

std::optional<Ceql> parsed(std::string_view text, const formulary::api::CeqlLimits& limits) {
  try {
    return Ceql::parse(text, limits);
  } catch (const formulary::Error& error) {
    require(error.code() == formulary::ErrorCode::bad_input || error.code() == formulary::ErrorCode::limit_reached);
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const formulary::json::object object = {
      {"a", 1}, {"b", "x"}, {"none", nullptr}, {"c", {{"d", {true, 2.5, "y"}}}}};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<Ceql> where = parsed(text, {});
  if (!where) return 0;
  const std::string written = where->text();
  const std::optional<Ceql> again = parsed(written, {.bytes_max = 8 * written.size() + 1, .depth_max = size + 1});
  require(again && again->text() == written);
  require(again->holds(object) == where->holds(object));
  require(again->document() == where->document());
  require(again->is_conjunction() == where->is_conjunction());
  return 0;
}

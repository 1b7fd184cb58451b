// What parse_json() takes, to_text() writes so that it reads back as the same value; everything else is an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/base/error.hpp"
#include "host/base/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  formulary::json::value value;
  try {
    value = formulary::parse_json(text, "fuzz");
  } catch (const formulary::Error& error) {
    const bool expected =
        error.code() == formulary::ErrorCode::bad_input || error.code() == formulary::ErrorCode::limit_reached;
    if (!expected) std::abort();
    return 0;
  }
  const std::string written = formulary::to_text(value);
  if (formulary::to_text(formulary::parse_json(written, "again")) != written) std::abort();
  if (formulary::to_text(formulary::parse_json(formulary::to_pretty_text(value), "pretty")) != written) std::abort();
  return 0;
}

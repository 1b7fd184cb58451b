// The first byte chooses the format. A settings file is read or refused with Error(bad_input), whatever is in it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/base/error.hpp"
#include "host/base/settings_file.hpp"
#include "host/base/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool toml = (data[0] & 1U) != 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    for (const formulary::FileSetting& setting :
         toml ? formulary::parse_toml(text, "fuzz.toml") : formulary::parse_properties(text, "fuzz.properties")) {
      if (setting.line < 1) std::abort();
      if (toml && (setting.key.empty() || !formulary::is_utf8(setting.value))) std::abort();
    }
  } catch (const formulary::Error& error) {
    if (error.code() != formulary::ErrorCode::bad_input) std::abort();
  }
  return 0;
}

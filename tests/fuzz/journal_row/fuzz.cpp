// Bytes as a journal's row: refused with store_failed, or read and written again to the same bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "host/base/error.hpp"
#include "host/formula/journal_bytes.hpp"
#include "host/formula/journal_codec.hpp"

namespace {

using namespace formulary;

/// The payload in a proper frame: a fuzzer does not find checksums.
std::string framed(std::string_view payload) {
  std::string row("FJ\x10\0", 4);
  for (unsigned shift = 0; shift < 32; shift += 8) row += static_cast<char>(payload.size() >> shift);
  row += payload;
  const std::uint32_t sum = row_checksum(row);
  for (unsigned shift = 0; shift < 32; shift += 8) row += static_cast<char>(sum >> shift);
  return row;
}

void read(const std::string& row) {
  const JournalLimits limits{.row_bytes_max = 1U << 20U, .text_bytes_max = 1U << 20U};
  try {
    const auto records = decode(row, {}, limits);
    const std::string again = encode(records, {}, {});
    if (encode(decode(again), {}, {}) != again) std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::store_failed) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  read(text);
  read(framed(text));
  return 0;
}

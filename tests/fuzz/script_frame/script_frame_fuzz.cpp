// Frames between host and script worker: either side may be hostile. Whatever parses is written again byte for byte;
// everything else ends in an Error and in nothing else.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/base/error.hpp"
#include "host/script/script_frame.hpp"

namespace script_frame = formulary::script_frame;

namespace {

template <typename Parse, typename Encode>
void check(std::string_view payload, Parse parse, Encode encode) {
  try {
    if (encode(parse(payload)) != script_frame::encode(payload)) std::abort();
  } catch (const formulary::Error&) {
    return;  // refused
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  check(payload, script_frame::parse_request, [](const auto& job) { return script_frame::encode_request(job); });
  check(payload, script_frame::parse_reply, script_frame::encode_reply);
  return 0;
}

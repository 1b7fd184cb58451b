/// \file
/// Any bytes, in any pieces: the parser either takes a whole answer or refuses with bad_answer, and says the same for
/// every way in which the bytes may be cut. The first byte chooses the cut and whether the request was a HEAD.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "plugin_api/poco/src/response_parser.hpp"

namespace {

using element::http::bad_answer;
using element::http::response;
using element::http::response_parser;

constexpr response_parser::bounds bounds{.head_max = 8'192, .body_max = 65'536};

struct verdict {
  std::optional<bad_answer::kind> fault;
  std::size_t used = 0;
  bool done = false;
  bool keeps = false;
  response reply;
};

verdict read(std::string_view bytes, std::size_t step, bool to_head) {
  verdict out;
  response_parser parser(bounds, to_head);
  try {
    while (out.used < bytes.size() && !parser.done()) out.used += parser.feed(bytes.substr(out.used, step));
    parser.end_of_stream();
  } catch (const bad_answer& bad) {
    out.fault = bad.is;
  }
  out.done = parser.done();
  out.keeps = parser.keeps_connection();
  out.reply = parser.take();
  return out;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool to_head = (data[0] & 1U) != 0;
  const std::size_t step = 1U + (data[0] >> 1U);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  const verdict whole = read(bytes, bytes.size() + 1, to_head);
  const verdict pieces = read(bytes, step, to_head);

  require(whole.fault == pieces.fault);
  require(whole.done == pieces.done && whole.done == !whole.fault);
  if (whole.fault) return 0;
  require(whole.used == pieces.used && whole.used <= bytes.size() && whole.keeps == pieces.keeps);
  require(whole.reply.status >= 200 && whole.reply.status <= 599 && whole.reply.status == pieces.reply.status);
  require(whole.reply.body == pieces.reply.body && whole.reply.body.size() <= bounds.body_max);
  require(whole.reply.headers.size() == pieces.reply.headers.size());
  return 0;
}

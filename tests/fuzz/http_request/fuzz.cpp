/// \file
/// Any bytes, in any pieces: a request's head is either read whole or refused with a status, a chunked body either ends
/// or is broken, and both are the same for every way in which the bytes may be cut. The first byte chooses the cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "host/http/request_parser.hpp"

namespace {

using formulary::ChunkedDecoder;
using formulary::RequestHead;
using formulary::RequestHeadParser;

constexpr formulary::RequestLimits limits{.line_max = 256, .head_max = 1'024, .headers_max = 8};

void require(bool holds) {
  if (!holds) std::abort();
}

struct Verdict {
  int status = 0;
  std::size_t length = 0;
  RequestHead head;
};

Verdict read_head(std::string_view bytes, std::size_t step) {
  RequestHeadParser parser(limits);
  Verdict out;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    out.length = parser.parse(bytes.substr(0, end));
    if (parser.refusal()) out.status = parser.refusal()->status;
    if (out.status != 0 || out.length > 0 || end == bytes.size()) break;
  }
  out.head = parser.head();
  return out;
}

struct Body {
  std::string bytes;
  std::size_t used = 0;
  bool complete = false;
  bool broken = false;
};

Body read_body(std::string_view bytes, std::size_t step) {
  ChunkedDecoder decoder;
  Body out;
  while (out.used < bytes.size() && !decoder.complete() && !decoder.broken()) {
    const std::size_t room = out.bytes.size() + step;
    out.used += decoder.decode(bytes.substr(out.used, step), step, out.bytes);
    require(out.bytes.size() <= room);
  }
  out.complete = decoder.complete();
  out.broken = decoder.broken();
  return out;
}

void check_head(const Verdict& one) {
  require(one.length <= limits.head_max + 2 && one.head.headers.size() <= limits.headers_max);
  require(formulary::is_http_token(one.head.method) && !one.head.target.empty());
  require(!(one.head.chunked && one.head.content_length));
  for (const auto& [name, value] : one.head.headers) {
    require(formulary::is_http_token(name) && formulary::is_header_value(value));
  }
}

void check_body(std::string_view bytes, std::size_t step) {
  const Body whole = read_body(bytes, bytes.size() + 1);
  const Body pieces = read_body(bytes, step);
  require(whole.bytes == pieces.bytes && whole.used == pieces.used);
  require(whole.complete == pieces.complete && whole.broken == pieces.broken);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1U + data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  const Verdict whole = read_head(bytes, bytes.size() + 1);
  const Verdict pieces = read_head(bytes, step);
  require(whole.status == pieces.status && whole.length == pieces.length);
  require(whole.head.headers == pieces.head.headers && whole.head.target == pieces.head.target);
  if (whole.status != 0) require(whole.status >= 400 && whole.status <= 505);
  if (whole.length > 0) check_head(whole);
  check_body(whole.length > 0 ? bytes.substr(whole.length) : bytes, step);
  return 0;
}

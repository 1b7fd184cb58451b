#include "plugin_api/poco/src/response_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace element::http {
namespace {

using testing::HasSubstr;

const response_parser::bounds small{.head_max = 1'000, .body_max = 100};

/// Feeds all of `bytes` in pieces of `step`; how many bytes the response took.
std::size_t feed(response_parser& parser, std::string_view bytes, std::size_t step) {
  std::size_t used = 0;
  while (used < bytes.size() && !parser.done()) {
    const std::size_t taken = parser.feed(bytes.substr(used, step));
    used += taken;
    if (taken == 0) break;
  }
  return used;
}

std::optional<bad_answer> fault_of(std::string_view bytes, std::size_t step, bool ends) {
  response_parser parser(small, false);
  try {
    feed(parser, bytes, step);
    if (ends) parser.end_of_stream();
  } catch (const bad_answer& bad) {
    return bad;
  }
  return std::nullopt;
}

struct Good {
  const char* name;
  std::string bytes;
  int status;
  const char* body;
  bool keeps;
  bool to_head = false;
};

class GoodAnswer : public testing::TestWithParam<Good> {};

const Good good_answers[] = {
    {"Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true},
    {"EmptyLength", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", true},
    {"SameLengthTwice", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\nhello", 200, "hello", true},
    {"Chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 200, "hello",
     true},
    {"ChunksWithExtensionsAndTrailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00A ; name=\"value\"\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n",
     200, "0123456789", true},
    {"NoReason", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, "", true},
    {"EmptyReason", "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", 404, "", true},
    {"NoContent", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
    {"NotModifiedWithLength", "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", 304, "", true},
    {"HeadWithLength", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 200, "", true, true},
    {"HeadWithChunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "", true, true},
    {"Close", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", 200, "", false},
    {"OldVersion", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", false},
    {"OldVersionKept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
    {"AfterInterim",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
     "1\r\n\r\nx",
     200, "x", true},
};

TEST_P(GoodAnswer, IsReadTheSameInPiecesOfAnySize) {
  const Good& row = GetParam();
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, row.bytes.size()}) {
    response_parser parser(small, row.to_head);
    EXPECT_EQ(feed(parser, row.bytes, step), row.bytes.size());
    ASSERT_TRUE(parser.done()) << "in pieces of " << step;
    EXPECT_EQ(parser.keeps_connection(), row.keeps);
    const response reply = parser.take();
    EXPECT_EQ(reply.status, row.status);
    EXPECT_EQ(reply.body, row.body);
  }
}

TEST_P(GoodAnswer, TakesNoByteThatFollowsIt) {
  const Good& row = GetParam();
  response_parser parser(small, row.to_head);
  EXPECT_EQ(parser.feed(row.bytes + "HTTP/1.1 200 OK"), row.bytes.size());
}

TEST_P(GoodAnswer, IsTruncatedWhereverItIsCut) {
  const Good& row = GetParam();
  for (std::size_t cut = 0; cut < row.bytes.size(); ++cut) {
    response_parser parser(small, row.to_head);
    parser.feed(row.bytes.substr(0, cut));
    try {
      parser.end_of_stream();
      FAIL() << "cut after " << cut << " bytes it passes for whole";
    } catch (const bad_answer& bad) {
      EXPECT_EQ(bad.is, bad_answer::kind::truncated);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Answers, GoodAnswer, testing::ValuesIn(good_answers),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ResponseParserTest, EndsABodyOfUnstatedLengthWithItsStream) {
  response_parser parser(small, false);
  parser.feed("HTTP/1.1 200 OK\r\n\r\nall ");
  parser.feed("of it");
  EXPECT_FALSE(parser.done());
  parser.end_of_stream();
  EXPECT_TRUE(parser.done());
  EXPECT_FALSE(parser.keeps_connection());
  EXPECT_EQ(parser.take().body, "all of it");
}

TEST(ResponseParserTest, KeepsFieldsInOrderWithTrimmedValues) {
  response_parser parser(small, false);
  parser.feed("HTTP/1.1 200 OK\r\nB: \t two words \t\r\nA:\r\nb: 2\r\nContent-Length: 0\r\n\r\n");
  const response reply = parser.take();
  ASSERT_EQ(reply.headers.size(), 4U);
  EXPECT_EQ(reply.headers.begin()->second, "two words");
  EXPECT_EQ(reply.headers.find("a"), "");
  EXPECT_EQ(reply.headers.find("absent"), std::nullopt);
}

struct Bad {
  const char* name;
  std::string bytes;
  const char* why;
  bad_answer::kind is = bad_answer::kind::protocol;
};

std::string with_fields(const std::string& fields, const std::string& rest = {}) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + rest;
}

std::string chunked(const std::string& rest) {
  return with_fields("Transfer-Encoding: chunked\r\n", rest);
}

std::vector<Bad> bad_answers() {
  using kind = bad_answer::kind;
  std::string many;
  for (int index = 0; index < 90; ++index) many += "HTTP/1.1 100 Continue\r\n\r\n";
  return {
      {"NotHttp", "SSH-2.0-OpenSSH\r\n\r\n", "status line"},
      {"OtherProtocol", "ICY 200 OK\r\n\r\n", "status line"},
      {"Http2", "HTTP/2 200 OK\r\n\r\n", "status line"},
      {"Http12", "HTTP/1.2 200 OK\r\n\r\n", "status line"},
      {"Lowercase", "http/1.1 200 OK\r\n\r\n", "status line"},
      {"TwoDigits", "HTTP/1.1 20 OK\r\n\r\n", "status line"},
      {"FourDigits", "HTTP/1.1 2000 OK\r\n\r\n", "status line"},
      {"Status099", "HTTP/1.1 099 x\r\n\r\n", "its status is not"},
      {"Status600", "HTTP/1.1 600 x\r\n\r\n", "its status is not"},
      {"EmptyFirstLine", "\r\nHTTP/1.1 200 OK\r\n\r\n", "status line"},
      {"ControlInReason", "HTTP/1.1 200 O\x01K\r\n\r\n", "control character"},
      {"BareNewline", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "CR LF"},
      {"BareNewlineInFields", "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 0\r\n\r\n", "CR LF"},
      {"BareReturn", with_fields("A: b\rC: d\r\n"), "control character"},
      {"NulInValue", with_fields(std::string("A: b\0c\r\n", 8)), "control character"},
      {"FoldedField", with_fields("A: b\r\n c\r\n"), "folded"},
      {"NoColon", with_fields("A b\r\n"), "no legal name"},
      {"BlankBeforeColon", with_fields("Content-Length : 5\r\n"), "no legal name"},
      {"EmptyName", with_fields(": b\r\n"), "no legal name"},
      {"LengthAndChunks", with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "both"},
      {"ChunksAndLength", with_fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "both"},
      {"TwoLengths", with_fields("Content-Length: 5\r\nContent-Length: 6\r\n"), "two different"},
      {"LengthList", with_fields("Content-Length: 5, 5\r\n"), "not a number"},
      {"NegativeLength", with_fields("Content-Length: -1\r\n"), "not a number"},
      {"SignedLength", with_fields("Content-Length: +5\r\n"), "not a number"},
      {"HexLength", with_fields("Content-Length: 0x5\r\n"), "not a number"},
      {"EmptyLength", with_fields("Content-Length:\r\n"), "not a number"},
      {"EndlessLength", with_fields("Content-Length: 99999999999999999999999\r\n"), "not a number"},
      {"OtherEncoding", with_fields("Transfer-Encoding: gzip, chunked\r\n"), "Transfer-Encoding"},
      {"ChunkedTwice", with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       "Transfer-Encoding"},
      {"ChunkedNotLast", with_fields("Transfer-Encoding: chunked, identity\r\n"), "Transfer-Encoding"},
      {"ChunkedInOldVersion", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0"},
      {"SwitchingProtocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "switches protocols"},
      {"EndlessInterim", many, "interim"},
      {"ChunkSizeOfManyFs", chunked("ffffffffffffffff\r\n"), "too long"},
      {"ChunkSizeWord", chunked("size\r\n"), "not a hexadecimal"},
      {"ChunkSizeNegative", chunked("-1\r\n"), "not a hexadecimal"},
      {"ChunkSizeEmpty", chunked("\r\n"), "not a hexadecimal"},
      {"ChunkSizePrefixed", chunked("0x5\r\nhello\r\n"), "not a hexadecimal"},
      {"ChunkSizeBareNewline", chunked("5\nhello"), "CR LF"},
      {"ChunkSizeControl", chunked("5;a\x01\r\nhello"), "control character"},
      {"ChunkSizeEndless", chunked("5;" + std::string(5'000, 'x')), "4096"},
      {"ChunkLongerThanItsSize", chunked("5\r\nhello!\r\n"), "longer than its size"},
      {"ChunkEndsInNewline", chunked("5\r\nhello\n"), "longer than its size"},
      {"TrailerTooLarge", chunked("0\r\nA: " + std::string(2'000, 'x')), "its trailer", kind::too_large},
      {"HeadTooLarge", with_fields("A: " + std::string(2'000, 'x') + "\r\n"), "its head", kind::too_large},
      {"LineTooLong", std::string(2'000, 'x'), "its head", kind::too_large},
      {"BodyTooLarge", with_fields("Content-Length: 101\r\n"), "its body", kind::too_large},
      {"ChunkTooLarge", chunked("65\r\n"), "its body", kind::too_large},
      {"ChunksTooLarge", chunked("60\r\n" + std::string(96, 'x') + "\r\n5\r\n"), "its body", kind::too_large},
      {"StreamTooLarge", with_fields("", std::string(101, 'x')), "its body", kind::too_large},
  };
}

class BadAnswer : public testing::TestWithParam<Bad> {};

TEST_P(BadAnswer, IsRefusedInPiecesOfAnySize) {
  const Bad& row = GetParam();
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, row.bytes.size()}) {
    const auto fault = fault_of(row.bytes, step, false);
    ASSERT_TRUE(fault) << "in pieces of " << step;
    EXPECT_EQ(fault->is, row.is);
    EXPECT_THAT(fault->why, HasSubstr(row.why));
  }
}

INSTANTIATE_TEST_SUITE_P(Answers, BadAnswer, testing::ValuesIn(bad_answers()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ResponseParserTest, RefusesMoreThan256Fields) {
  std::string fields;
  for (int index = 0; index < 257; ++index) fields += "A: b\r\n";
  response_parser parser({.head_max = 100'000, .body_max = 10}, false);
  EXPECT_THROW(parser.feed(with_fields(fields)), bad_answer);
}

TEST(ResponseParserTest, DoesNotReserveWhatIsOnlyClaimed) {
  response_parser parser({.head_max = 1'000, .body_max = SIZE_MAX / 2}, false);
  parser.feed(with_fields("Content-Length: 900000000000000000\r\n"));
  EXPECT_LE(parser.take().body.capacity(), 2U << 20U);
}

}  // namespace
}  // namespace element::http

#include "host/http/request_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace formulary {
namespace {

using testing::ElementsAre;
using testing::Pair;

struct Verdict {
  int status = 0;  ///< 0: it is good; -1: more is needed.
  std::size_t length = 0;
};

Verdict judge(std::string_view bytes, std::size_t step, const RequestLimits& limits = {}) {
  RequestHeadParser parser(limits);
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    const std::size_t length = parser.parse(bytes.substr(0, end));
    if (parser.refusal()) return {parser.refusal()->status, 0};
    if (length > 0) return {0, length};
    if (end == bytes.size()) return {-1, 0};
  }
}

TEST(RequestHeadParserTest, ReadsAHeadHoweverItIsCut) {
  const std::string head = "GET /a?b HTTP/1.1\r\nHost: x\r\nA:b\r\nC:\r\nD: \t e f\t \r\n\r\n";
  for (std::size_t step = 1; step <= head.size() + 4; ++step) {
    RequestHeadParser parser({});
    std::size_t length = 0;
    for (std::size_t end = step; length == 0 && end < head.size() + step + 4; end += step) {
      length = parser.parse((head + "next").substr(0, end));
    }
    ASSERT_EQ(length, head.size());
    EXPECT_EQ(parser.head().method, "GET");
    EXPECT_EQ(parser.head().target, "/a?b");
    EXPECT_THAT(parser.head().headers, ElementsAre(Pair("Host", "x"), Pair("A", "b"), Pair("C", ""), Pair("D", "e f")));
  }
}

struct TargetRow {
  std::string_view sent;
  std::string_view target;
};

TEST(RequestHeadParserTest, BringsAnAbsoluteTargetIntoOriginForm) {
  for (const auto& [sent, target] : {TargetRow{"http://x/a?b", "/a?b"}, TargetRow{"https://X", "/"},
                                     TargetRow{"HTTP://x?b", "/?b"}, TargetRow{"//x/a", "//x/a"}}) {
    RequestHeadParser parser({});
    ASSERT_GT(parser.parse("GET " + std::string(sent) + " HTTP/1.1\r\nHost: x\r\n\r\n"), 0) << sent;
    EXPECT_EQ(parser.head().target, target);
  }
}

TEST(RequestHeadParserTest, KnowsWhetherTheConnectionGoesOn) {
  const auto keeps = [](std::string_view version, std::string_view connection) {
    RequestHeadParser parser({});
    parser.parse("GET / " + std::string(version) + "\r\nHost: x\r\n" + std::string(connection) + "\r\n");
    return parser.head().keep_alive;
  };
  EXPECT_TRUE(keeps("HTTP/1.1", ""));
  EXPECT_TRUE(keeps("HTTP/1.1", "Connection: keep-alive\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1", "Connection: x, Close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0", ""));
}

struct BadHead {
  const char* why;
  std::string head;
  int status;
};

class RequestHeadParserRefuses : public testing::TestWithParam<BadHead> {};

TEST_P(RequestHeadParserRefuses, It) {
  EXPECT_EQ(judge(GetParam().head, GetParam().head.size()).status, GetParam().status) << GetParam().head;
  EXPECT_EQ(judge(GetParam().head, 1).status, GetParam().status) << GetParam().head;
}

std::string with(std::string_view headers) {
  return "POST /a HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n";
}

std::string line(std::string_view request_line) {
  return std::string(request_line) + "\r\nHost: x\r\n\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    BodiesInTwoWays, RequestHeadParserRefuses,
    testing::Values(BadHead{"LengthAndChunks", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
                    BadHead{"ChunksAndLength", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
                    BadHead{"TwoLengths", with("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
                    BadHead{"TheSameLengthTwice", with("Content-Length: 5\r\ncontent-length: 5\r\n"), 400},
                    BadHead{"ListOfLengths", with("Content-Length: 5, 5\r\n"), 400},
                    BadHead{"NegativeLength", with("Content-Length: -1\r\n"), 400},
                    BadHead{"SignedLength", with("Content-Length: +5\r\n"), 400},
                    BadHead{"HexadecimalLength", with("Content-Length: 0x5\r\n"), 400},
                    BadHead{"EmptyLength", with("Content-Length: \r\n"), 400},
                    BadHead{"LengthWithASpace", with("Content-Length: 5 5\r\n"), 400},
                    BadHead{"HugeLength", with("Content-Length: 99999999999999999999\r\n"), 400},
                    BadHead{"TwoTransferEncodings",
                            with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
                    BadHead{"OtherTransferEncoding", with("Transfer-Encoding: gzip\r\n"), 400},
                    BadHead{"ListOfTransferEncodings", with("Transfer-Encoding: gzip, chunked\r\n"), 400},
                    BadHead{"ChunkedInTheMiddle", with("Transfer-Encoding: chunked, identity\r\n"), 400},
                    BadHead{"ChunkedWithParameter", with("Transfer-Encoding: chunked;a=b\r\n"), 400},
                    BadHead{"QuotedTransferEncoding", with("Transfer-Encoding: \"chunked\"\r\n"), 400},
                    BadHead{"VerticalTabBeforeChunked",
                            with("Transfer-Encoding: \x0b"
                                 "chunked\r\n"),
                            400},
                    BadHead{"EmptyTransferEncoding", with("Transfer-Encoding:\r\n"), 400},
                    BadHead{"OldVersionWithChunks", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400}),
    [](const auto& row) { return row.param.why; });

INSTANTIATE_TEST_SUITE_P(
    HeadersInTwoWays, RequestHeadParserRefuses,
    testing::Values(
        BadHead{"FoldedHeader", with("A: b\r\n c\r\n"), 400}, BadHead{"TabFoldedHeader", with("A: b\r\n\tc\r\n"), 400},
        BadHead{"SpaceBeforeTheFirstHeader", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
        BadHead{"BareLineFeed", "GET / HTTP/1.1\nHost: x\n\n", 400},
        BadHead{"BareLineFeedBetweenHeaders", with("A: b\nC: d\r\n"), 400},
        BadHead{"BareCarriageReturn", with("A: b\rC: d\r\n"), 400},
        BadHead{"TwoCarriageReturns", with("A: b\r\r\n"), 400},
        BadHead{"BareLineFeedAtTheEnd", "GET / HTTP/1.1\r\nHost: x\r\n\n", 400},
        BadHead{"SpaceBeforeTheColon", with("Content-Length : 5\r\n"), 400},
        BadHead{"TabBeforeTheColon", with("Content-Length\t: 5\r\n"), 400},
        BadHead{"NoColon", with("Content-Length\r\n"), 400}, BadHead{"NoName", with(": 5\r\n"), 400},
        BadHead{"NameWithASpace", with("A B: c\r\n"), 400}, BadHead{"NameWithABraket", with("A(: c\r\n"), 400},
        BadHead{"NameOfOtherLetters", with("\xc3\xa4: c\r\n"), 400},
        BadHead{"NulInAValue", with(std::string_view("A: b\0c\r\n", 8)), 400},
        BadHead{"BellInAValue", with("A: b\ac\r\n"), 400}, BadHead{"DeleteInAValue", with("A: b\x7f\r\n"), 400},
        BadHead{"NoHost", "GET / HTTP/1.1\r\nA: b\r\n\r\n", 400}, BadHead{"TwoHosts", with("Host: x\r\n"), 400},
        BadHead{"ListOfHosts", "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n", 400},
        BadHead{"HostWithAPath", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
        BadHead{"HostWithAUser", "GET / HTTP/1.1\r\nHost: me@x\r\n\r\n", 400},
        BadHead{"OtherExpectation", with("Expect: more\r\n"), 417}),
    [](const auto& row) { return row.param.why; });

INSTANTIATE_TEST_SUITE_P(RequestLines, RequestHeadParserRefuses,
                         testing::Values(BadHead{"Version09", "GET /\r\n", 400}, BadHead{"EmptyLine", "\r\n\r\n", 400},
                                         BadHead{"Version2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
                                         BadHead{"Version12", line("GET / HTTP/1.2"), 505},
                                         BadHead{"Version99", line("GET / HTTP/9.9"), 505},
                                         BadHead{"LongVersion", line("GET / HTTP/1.10"), 400},
                                         BadHead{"LowerCaseVersion", line("GET / http/1.1"), 400},
                                         BadHead{"OtherProtocol", line("GET / HTCP/1.1"), 400},
                                         BadHead{"SpaceBehindTheVersion", line("GET / HTTP/1.1 "), 400},
                                         BadHead{"TwoSpaces", line("GET  / HTTP/1.1"), 400},
                                         BadHead{"TabsForSpaces", line("GET\t/\tHTTP/1.1"), 400},
                                         BadHead{"SpaceInTheTarget", line("GET /a b HTTP/1.1"), 400},
                                         BadHead{"SpaceBeforeTheMethod", line(" GET / HTTP/1.1"), 400},
                                         BadHead{"NoMethod", line("/ HTTP/1.1"), 400},
                                         BadHead{"MethodWithABracket", line("G(T / HTTP/1.1"), 400},
                                         BadHead{"LongMethod", line(std::string(33, 'G') + " / HTTP/1.1"), 400},
                                         BadHead{"NoTarget", line("GET  HTTP/1.1"), 400},
                                         BadHead{"RelativeTarget", line("GET a HTTP/1.1"), 400},
                                         BadHead{"StarForAGet", line("GET * HTTP/1.1"), 400},
                                         BadHead{"TargetOfOtherScheme", line("GET ftp://x/a HTTP/1.1"), 400},
                                         BadHead{"TargetOfAnotherServer", line("GET http://y/a HTTP/1.1"), 400},
                                         BadHead{"Fragment", line("GET /a#b HTTP/1.1"), 400},
                                         BadHead{"TargetOfOtherLetters", line("GET /\xc3\xa4 HTTP/1.1"), 400},
                                         BadHead{"NulInTheTarget", line(std::string_view("GET /\0 HTTP/1.1", 15)), 400},
                                         BadHead{"Connect", line("CONNECT x:443 HTTP/1.1"), 501}),
                         [](const auto& row) { return row.param.why; });

TEST(RequestHeadParserTest, HoldsEachLimit) {
  const RequestLimits limits{.line_max = 40, .head_max = 100, .headers_max = 3};
  const auto status = [&](const std::string& head) { return judge(head, 7, limits).status; };
  EXPECT_EQ(status("GET /" + std::string(25, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"), 0);
  EXPECT_EQ(status("GET /" + std::string(40, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"), 414);
  EXPECT_EQ(status(std::string(42, 'a')), 414);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(37, 'a') + "\r\n"), -1);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(39, 'a') + "\r\n"), 431);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\nC: d\r\n\r\n"), 0);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\nC: d\r\nE: f\r\n\r\n"), 431);
  const std::string wide = "A: " + std::string(37, 'a') + "\r\n";
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\n" + wide + wide + "\r\n"), 431);
}

class ChunkedDecoderTest : public testing::Test {
 protected:
  static std::string decode(const std::string& bytes, std::size_t step, std::size_t room, ChunkedDecoder& decoder) {
    std::string body;
    for (std::size_t at = 0; at < bytes.size() && !decoder.complete() && !decoder.broken();) {
      at += decoder.decode(std::string_view(bytes).substr(at, step), room, body);
    }
    return body;
  }
};

TEST_F(ChunkedDecoderTest, TakesTheFramingOffHoweverItIsCut) {
  const std::string bytes = "5\r\nhello\r\n00A;x=\"y\"\r\n0123\r\n6789\r\n0\r\nA: b\r\nC: d\r\n\r\n";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    ChunkedDecoder decoder;
    EXPECT_EQ(decode(bytes, step, step % 3 + 1, decoder), "hello0123\r\n6789");
    EXPECT_TRUE(decoder.complete());
  }
}

TEST_F(ChunkedDecoderTest, LeavesWhatComesBehindTheBody) {
  ChunkedDecoder decoder;
  std::string body;
  EXPECT_EQ(decoder.decode("1\r\na\r\n0\r\n\r\nGET /", 100, body), 11);
  EXPECT_TRUE(decoder.complete());
}

TEST_F(ChunkedDecoderTest, RefusesWhatIsNotWellChunked) {
  for (const std::string bytes : {"\r\n",
                                  "g\r\n",
                                  "0x5\r\n",
                                  "-1\r\n",
                                  "+1\r\n",
                                  " 5\r\n",
                                  "5 \r\n",
                                  "5 ;a\r\n",
                                  "5\nhello\n",
                                  "5\r\nhello0\r\n",
                                  "5\r\nhello\n0\r\n",
                                  "5\rhello",
                                  "5\r\nhelloX\r\n",
                                  "1000000000000000\r\n",
                                  "ffffffffffffffff\r\n",
                                  "5;\x01\r\n",
                                  "0\r\nA\r\n\r\n",
                                  "0\r\n A: b\r\n\r\n",
                                  "0\r\nA : b\r\n\r\n",
                                  "0\r\n\n"}) {
    ChunkedDecoder decoder;
    decode(bytes, bytes.size(), 100, decoder);
    EXPECT_TRUE(decoder.broken()) << testing::PrintToString(bytes);
  }
}

TEST_F(ChunkedDecoderTest, BoundsExtensionsAndTrailers) {
  ChunkedDecoder extension;
  decode("5;" + std::string(1'100, 'a'), 1'000, 100, extension);
  EXPECT_TRUE(extension.broken());
  ChunkedDecoder trailer;
  std::string many = "0\r\n";
  for (int i = 0; i < 1'000; ++i) many += "A: 1234567890\r\n";
  decode(many, 1'000, 100, trailer);
  EXPECT_TRUE(trailer.broken());
}

}  // namespace
}  // namespace formulary

#include "host/script/script_frame.hpp"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "host/base/error.hpp"

namespace formulary::script_frame {
namespace {

std::string payload(const std::string& frame) {
  return frame.substr(prefix_size);
}

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int count = 0; count < times; ++count) result += text;
  return result;
}

const std::string zero4(4, '\0');

ScriptRequest some_request() {
  ScriptRequest request;
  request.kind = ScriptKind::filter;
  request.name = "is new";
  request.body = std::string("done(1) \0 //", 12);
  request.context = R"({"a":1})";
  request.seed = 0xfedcba9876543210;
  request.now_ms = -1;
  request.time_limit = std::chrono::milliseconds(1'234);
  request.output_max = 99;
  return request;
}

Reply some_reply() {
  Reply reply;
  reply.result.error_code = "script.exception";
  reply.result.error = "boom";
  reply.result.console = {"one", "", "three"};
  reply.result.notify = {"{}"};
  reply.last = true;
  return reply;
}

TEST(ScriptFrame, BringsARequestToTheOtherSideUnchanged) {
  const ScriptRequest request = some_request();
  const ScriptRequest read = parse_request(payload(encode_request(request)));
  EXPECT_EQ(read.kind, request.kind);
  EXPECT_EQ(read.name, request.name);
  EXPECT_EQ(read.body, request.body);
  EXPECT_EQ(read.context, request.context);
  EXPECT_EQ(read.seed, request.seed);
  EXPECT_EQ(read.now_ms, request.now_ms);
  EXPECT_EQ(read.time_limit, request.time_limit);
  EXPECT_EQ(read.output_max, request.output_max);
}

TEST(ScriptFrame, BringsAReplyToTheOtherSideUnchanged) {
  const Reply read = parse_reply(payload(encode_reply(some_reply())));
  EXPECT_FALSE(read.result.ok);
  EXPECT_TRUE(read.last);
  EXPECT_EQ(read.result.error_code, "script.exception");
  EXPECT_EQ(read.result.error, "boom");
  EXPECT_THAT(read.result.console, testing::ElementsAre("one", "", "three"));
  EXPECT_THAT(read.result.notify, testing::ElementsAre("{}"));
}

TEST(ScriptFrame, PutsTheLengthInFront) {
  EXPECT_EQ(encode("abc"), std::string("\3\0\0\0abc", 7));
  EXPECT_EQ(payload_size(std::string("\3\1\0\0", 4), 1'000), 259U);
}

TEST(ScriptFrame, RefusesALengthBeyondTheBoundBeforeAnyMemoryIsTaken) {
  EXPECT_EQ(payload_size(std::string("\x64\0\0\0", 4), 100), 100U);
  EXPECT_THROW((void)payload_size(std::string("\x65\0\0\0", 4), 100), Error);
  EXPECT_THROW((void)payload_size("\xff\xff\xff\xff", request_max), Error);
}

TEST(ScriptFrame, RefusesEveryCutOfARequestAndOfAReply) {
  const std::string request = payload(encode_request(some_request()));
  for (std::size_t length = 0; length < request.size(); ++length) {
    EXPECT_THROW((void)parse_request(request.substr(0, length)), Error) << length;
  }
  const std::string reply = payload(encode_reply(some_reply()));
  for (std::size_t length = 0; length < reply.size(); ++length) {
    EXPECT_THROW((void)parse_reply(reply.substr(0, length)), Error) << length;
  }
}

struct WrongPayload {
  const char* why;
  std::string payload;
  std::string message;
};

class WrongReply : public testing::TestWithParam<WrongPayload> {};

TEST_P(WrongReply, IsRefused) {
  try {
    (void)parse_reply(GetParam().payload);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    ScriptFrame, WrongReply,
    testing::Values(
        WrongPayload{"left_over", payload(encode_reply(some_reply())) + "x", "1 bytes are left over"},
        WrongPayload{"unknown_flag", "\4" + repeated(zero4, 5), "flag"},
        WrongPayload{"ok_with_code", std::string("\1") + zero4 + zero4 + std::string("\1\0\0\0x", 5) + zero4 + zero4,
                     "success and failure"},
        WrongPayload{"failed_without_code", std::string(1, '\0') + repeated(zero4, 5), "success and failure"},
        WrongPayload{"text_longer_than_payload", std::string("\1\xff\0\0\0", 5), "ends 255 bytes before"},
        WrongPayload{"text_beyond_bound", std::string("\1\xff\xff\xff\xff", 5), "4294967295 bytes; at most"},
        WrongPayload{"too_many_lines", std::string("\1") + repeated(zero4, 3) + std::string("\xe9\3\0\0", 4),
                     "1001 texts; at most 1000"},
        WrongPayload{"too_many_mails", std::string("\1") + repeated(zero4, 4) + std::string("\x65\0\0\0", 4),
                     "101 texts; at most 100"},
        WrongPayload{"long_code", std::string("\1") + repeated(zero4, 2) + std::string("\x41\0\0\0", 4),
                     "65 bytes; at most 64"}),
    [](const auto& row) { return std::string(row.param.why); });

class WrongRequest : public testing::TestWithParam<WrongPayload> {};

TEST_P(WrongRequest, IsRefused) {
  try {
    (void)parse_request(GetParam().payload);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(GetParam().message));
  }
}

std::string with_byte(std::size_t index, char byte) {
  std::string bytes = payload(encode_request(some_request()));
  bytes[index] = byte;
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    ScriptFrame, WrongRequest,
    testing::Values(WrongPayload{"unknown_kind", with_byte(0, '\2'), "kind 2 is unknown"},
                    WrongPayload{"negative_time", with_byte(24, '\x80'), "a limit is out of range"},
                    WrongPayload{"output_beyond_bound", with_byte(29, '\x7f'), "a limit is out of range"},
                    WrongPayload{"left_over", payload(encode_request(some_request())) + "xy", "2 bytes are left over"}),
    [](const auto& row) { return std::string(row.param.why); });

TEST(ScriptFrame, BoundsTheLinesOfAReplyTogether) {
  Reply reply = some_reply();
  reply.result.console = {std::string(console_bytes_max - 1, 'a'), "b"};
  EXPECT_NO_THROW((void)parse_reply(payload(encode_reply(reply))));
  reply.result.console.emplace_back("c");
  EXPECT_THROW((void)parse_reply(payload(encode_reply(reply))), Error);
}

}  // namespace
}  // namespace formulary::script_frame

#include "host/script/script_frame.hpp"

#include <memory>
#include <string>
#include <vector>

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

Job some_job() {
  Job job;
  job.steps.resize(2);
  job.steps[0] = {.kind = ScriptKind::filter,
                  .name = "is new",
                  .body = std::string("done(1) \0 //", 12),
                  .returns = true,
                  .seed = 0xfedcba9876543210,
                  .on_success = 1,
                  .on_failure = {}};
  job.steps[1].body = "done(2)";
  job.version = "v-1";
  job.now_ms = -1;
  job.time_limit = std::chrono::milliseconds(1'234);
  job.output_max = 99;
  job.one_by_one = true;
  job.parts = {
      {.text = R"({"a":1})"}, {.text = "{}"}, {.text = "{}"}, {.text = R"({"b":2})"}, {.text = {}, .held = 70'000}};
  job.step_names = {"one", "two"};
  return job;
}

Reply some_reply() {
  Reply reply;
  reply.results.resize(2);
  reply.results[0].result.ok = true;
  reply.results[0].result.value = "7";
  ScriptResult& failed = reply.results[1].result;
  reply.results[1].step = 3;
  failed.error_code = "script.exception";
  failed.error = "boom";
  failed.console = {"one", "", "three"};
  failed.notify = {"{}"};
  reply.last = true;
  return reply;
}

TEST(ScriptFrame, BringsAJobToTheOtherSideUnchanged) {
  const Job job = some_job();
  const Job read = parse_request(payload(encode_request(job)));
  ASSERT_EQ(read.steps.size(), 2U);
  EXPECT_EQ(read.steps[0].kind, ScriptKind::filter);
  EXPECT_EQ(read.steps[0].name, job.steps[0].name);
  EXPECT_EQ(read.steps[0].body, job.steps[0].body);
  EXPECT_TRUE(read.steps[0].returns);
  EXPECT_EQ(read.steps[0].seed, job.steps[0].seed);
  EXPECT_EQ(read.steps[0].on_success, 1U);
  EXPECT_EQ(read.steps[0].on_failure, std::nullopt);
  EXPECT_EQ(read.steps[1].kind, ScriptKind::step);
  EXPECT_FALSE(read.steps[1].returns);
  EXPECT_EQ(read.version, "v-1");
  EXPECT_EQ(read.now_ms, -1);
  EXPECT_EQ(read.time_limit, job.time_limit);
  EXPECT_EQ(read.output_max, 99U);
  EXPECT_TRUE(read.one_by_one);
  ASSERT_EQ(read.parts.size(), 5U);
  EXPECT_EQ(read.parts[3].text, R"({"b":2})");
  EXPECT_EQ(read.parts[4].held, 70'000U);
  EXPECT_THAT(read.step_names, testing::ElementsAre("one", "two"));
}

TEST(ScriptFrame, WritesAChainAsTheJobThatItIs) {
  ScriptChain chain;
  chain.steps = some_job().steps;
  chain.version = "v-1";
  chain.output_max = 99;
  chain.inputs.info = std::make_shared<const std::string>(R"({"formulaName":"hire"})");
  chain.inputs.steps = {{"one", std::make_shared<const std::string>("1")},
                        {"large", std::make_shared<const std::string>(part_inline_max + 1, '1')},
                        {"none", nullptr}};
  const Job read = parse_request(payload(encode_request(chain, false)));
  EXPECT_FALSE(read.one_by_one);
  EXPECT_EQ(read.steps.size(), 2U);
  EXPECT_THAT(read.step_names, testing::ElementsAre("one", "large", "none"));
  ASSERT_EQ(read.parts.size(), 6U);
  EXPECT_EQ(read.parts[part_trigger].text, "{}");
  EXPECT_EQ(read.parts[part_info].text, R"({"formulaName":"hire"})");
  EXPECT_EQ(read.parts[3].text, "1");
  EXPECT_EQ(read.parts[4].text, "");
  EXPECT_EQ(read.parts[4].held, part_inline_max + 1);
  EXPECT_EQ(read.parts[5].text, "{}");
  EXPECT_EQ(payload(encode_request(read)), payload(encode_request(chain, false)));
}

TEST(ScriptFrame, BringsAReplyToTheOtherSideUnchanged) {
  const Reply read = parse_reply(payload(encode_reply(some_reply())));
  EXPECT_TRUE(read.last);
  EXPECT_FALSE(read.more);
  EXPECT_EQ(read.wanted, std::nullopt);
  ASSERT_EQ(read.results.size(), 2U);
  EXPECT_EQ(read.results[0].result.value, "7");
  const ScriptResult& failed = read.results[1].result;
  EXPECT_EQ(read.results[1].step, 3U);
  EXPECT_FALSE(failed.ok);
  EXPECT_EQ(failed.error_code, "script.exception");
  EXPECT_EQ(failed.error, "boom");
  EXPECT_THAT(failed.console, testing::ElementsAre("one", "", "three"));
  EXPECT_THAT(failed.notify, testing::ElementsAre("{}"));
}

TEST(ScriptFrame, BringsAWishToTheOtherSide) {
  Reply reply;
  reply.wanted = 7;
  EXPECT_EQ(parse_reply(payload(encode_reply(reply))).wanted, 7U);
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
  const std::string request = payload(encode_request(some_job()));
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

/// One result, from its flag on.
std::string one_result(const std::string& rest) {
  return std::string("\0\1\0\0\0", 5) + zero4 + rest;
}

INSTANTIATE_TEST_SUITE_P(
    ScriptFrame, WrongReply,
    testing::Values(
        WrongPayload{"left_over", payload(encode_reply(some_reply())) + "x", "1 bytes are left over"},
        WrongPayload{"unknown_flag", "\x8" + repeated(zero4, 5), "flag"},
        WrongPayload{"wants_and_ends", "\x5" + zero4, "flag"},
        WrongPayload{"no_result", std::string(1, '\0') + zero4, "0 entries; 1 to 1000"},
        WrongPayload{"unknown_flag_of_a_result", one_result("\2"), "flag"},
        WrongPayload{"ok_with_code",
                     one_result(std::string("\1") + zero4 + zero4 + std::string("\1\0\0\0x", 5) + zero4 + zero4),
                     "success and failure"},
        WrongPayload{"failed_without_code", one_result(std::string(1, '\0') + repeated(zero4, 5)),
                     "success and failure"},
        WrongPayload{"text_longer_than_payload", one_result(std::string("\1\xff\0\0\0", 5)), "ends 255 bytes before"},
        WrongPayload{"text_beyond_bound", one_result(std::string("\1\xff\xff\xff\xff", 5)),
                     "4294967295 bytes; at most"},
        WrongPayload{"too_many_lines",
                     one_result(std::string("\1") + repeated(zero4, 3) + std::string("\xe9\3\0\0", 4)),
                     "1001 texts; at most 1000"},
        WrongPayload{"too_many_mails",
                     one_result(std::string("\1") + repeated(zero4, 4) + std::string("\x65\0\0\0", 4)),
                     "101 texts; at most 100"},
        WrongPayload{"long_code", one_result(std::string("\1") + repeated(zero4, 2) + std::string("\x41\0\0\0", 4)),
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

template <class Change>
std::string changed_job(Change change) {
  Job job = some_job();
  change(job);
  return payload(encode_request(job));
}

std::string with_byte(std::size_t index, char byte) {
  std::string bytes = payload(encode_request(some_job()));
  bytes[index] = byte;
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    ScriptFrame, WrongRequest,
    testing::Values(
        WrongPayload{"unknown_flag", with_byte(0, '\2'), "a flag is unknown"},
        WrongPayload{"negative_time", with_byte(16, '\x80'), "a limit is out of range"},
        WrongPayload{"output_beyond_bound", with_byte(21, '\x7f'), "a limit is out of range"},
        WrongPayload{"unknown_kind", with_byte(36, '\4'), "kind 4 is unknown"},
        WrongPayload{"no_step", changed_job([](Job& job) { job.steps.clear(); }), "0 entries; 1 to 1000"},
        WrongPayload{"too_many_steps", changed_job([](Job& job) { job.steps.resize(1'001); }), "1001 entries"},
        WrongPayload{"leads_nowhere", changed_job([](Job& job) { job.steps[0].on_failure = 2; }),
                     "one that is not there"},
        WrongPayload{"no_parts", changed_job([](Job& job) { job.parts.clear(); }), "0 entries; 3 to 100000"},
        WrongPayload{"held_and_given", changed_job([](Job& job) { job.parts[0].held = 9; }), "held back and given"},
        WrongPayload{"left_over", payload(encode_request(some_job())) + "xy", "2 bytes are left over"}),
    [](const auto& row) { return std::string(row.param.why); });

TEST(ScriptFrame, BoundsTheLinesOfAReplyTogether) {
  Reply reply = some_reply();
  std::vector<std::string>& console = reply.results[1].result.console;
  console = {std::string(console_bytes_max - 1, 'a'), "b"};
  EXPECT_NO_THROW((void)parse_reply(payload(encode_reply(reply))));
  console.emplace_back("c");
  EXPECT_THROW((void)parse_reply(payload(encode_reply(reply))), Error);
}

}  // namespace
}  // namespace formulary::script_frame

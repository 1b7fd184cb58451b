#include "host/plugin/answer_framing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "host/base/error.hpp"

namespace formulary {
namespace {

using testing::HasSubstr;

TEST(AnswerFraming, SplitsHeadAndBody) {
  const ResourceAnswer answer = parse_answer(
      R"({"status":201,"headers":{"X-Total":"7","Link":"<a>"},"contentType":"text/csv","nextPage":"p2","retryAttempts":2})"
      "\na,b\n1,2\n",
      "crm");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.headers, (std::vector<std::pair<std::string, std::string>>{{"X-Total", "7"}, {"Link", "<a>"}}));
  EXPECT_EQ(answer.content_type, "text/csv");
  EXPECT_EQ(answer.next_page, "p2");
  EXPECT_EQ(answer.retry_attempts, 2);
  EXPECT_EQ(answer.body, "a,b\n1,2\n");
}

TEST(AnswerFraming, NeedsOnlyAStatus) {
  const ResourceAnswer answer = parse_answer("{\"status\":204,\"nextPage\":null}\n", "crm");
  EXPECT_EQ(answer.status, 204);
  EXPECT_TRUE(answer.headers.empty());
  EXPECT_EQ(answer.next_page, "");
  EXPECT_EQ(answer.body, "");
}

TEST(AnswerFraming, PassesBodiesOfAnyBytes) {
  const std::string body("\0\xff\n\x01", 4);
  EXPECT_EQ(parse_answer("{\"status\":200}\n" + body, "crm").body, body);
}

TEST(AnswerFraming, TakesAHeadOfTheLargestSize) {
  const std::string begin = R"({"status":200,"nextPage":")";
  const std::string head = begin + std::string(answer_head_max - begin.size() - 2, 'p') + "\"}";
  ASSERT_EQ(head.size(), answer_head_max);
  EXPECT_EQ(parse_answer(head + "\nbody", "crm").body, "body");
}

struct Broken {
  const char* name;
  std::string framed;
  const char* message;
};

class BrokenFraming : public testing::TestWithParam<Broken> {};

TEST_P(BrokenFraming, IsThePluginsFault) {
  try {
    (void)parse_answer(GetParam().framed, "crm");
    FAIL() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::plugin_failed);
    EXPECT_THAT(error.what(), testing::StartsWith("crm: invoke broke the answer's framing: "));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Faults, BrokenFraming,
    testing::Values(Broken{"Empty", "", "no newline"}, Broken{"NoNewline", "{\"status\":200}", "no newline"},
                    Broken{"HeadTooLong", "{\"status\":200,\"x\":\"" + std::string(answer_head_max, 'x') + "\"}\n",
                           "no newline"},
                    Broken{"NotJson", "HTTP/1.1 200 OK\n{}", "head"}, Broken{"NotAnObject", "[]\n", "head"},
                    Broken{"NotUtf8", "{\"status\":200,\"contentType\":\"\xff\"}\n", "head"},
                    Broken{"NoStatus", "{}\n", "head.status: missing"},
                    Broken{"StatusIsText", "{\"status\":\"200\"}\n", "head.status"},
                    Broken{"StatusTooSmall", "{\"status\":99}\n", "99 is not between"},
                    Broken{"StatusTooLarge", "{\"status\":600}\n", "600 is not between"},
                    Broken{"HeadersAreAList", "{\"status\":200,\"headers\":[]}\n", "head.headers"},
                    Broken{"HeaderIsANumber", "{\"status\":200,\"headers\":{\"A\":1}}\n", "head.headers.A"},
                    Broken{"HeaderNameWithBlank", "{\"status\":200,\"headers\":{\"A B\":\"1\"}}\n", "a header's name"},
                    Broken{"HeaderNameEmpty", "{\"status\":200,\"headers\":{\"\":\"1\"}}\n", "a header's name"},
                    Broken{"HeaderSplitsTheAnswer", "{\"status\":200,\"headers\":{\"A\":\"1\\r\\nSet-Cookie: x\"}}\n",
                           "control characters"},
                    Broken{"ContentTypeSplitsTheAnswer", "{\"status\":200,\"contentType\":\"a\\r\\nb: c\"}\n",
                           "control characters"},
                    Broken{"NextPageIsANumber", "{\"status\":200,\"nextPage\":2}\n", "head.nextPage"},
                    Broken{"RetriesAreNegative", "{\"status\":200,\"retryAttempts\":-1}\n", "retryAttempts"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace formulary

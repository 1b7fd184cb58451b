#include "host/api/platform_calls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "host/base/error.hpp"
#include "tests/support/engine_fakes.hpp"
#include "tests/support/error_matchers.hpp"

namespace formulary::api {
namespace {

using formulary::testing::throws_error;
using ::testing::HasSubstr;

/// Knows one secret, "good", whose user is another one than the formula's owner.
class OneSecret final : public Authorizer {
 public:
  Principal authorize(const ApiRequest& request) override {
    const auto header = request.header("authorization");
    if (!header || *header != "User good, Organization o") {
      throw Error(ErrorCode::unauthenticated, "Authorization: unknown");
    }
    return {.organization = 1, .account = 8, .user = 9};
  }
};

class PlatformCallsTest : public ::testing::Test {
 protected:
  PlatformCallsTest() {
    ApiParts parts;
    parts.authorizer = &authorizer_;
    parts.clock = &clock_;
    parts.element_resource = [](ApiRequest&) -> ApiAnswer { throw Error(ErrorCode::internal, "not asked for"); };
    for (const char* method : {"GET", "POST"}) {
      parts.router.add({.method = method, .pattern = "/echo/{name}", .handler = [](ApiRequest& request) {
                          json::object said{{"account", request.principal.account},
                                            {"name", request.parameter("name")},
                                            {"q", request.query_value("q").value_or("")},
                                            {"many", request.query_values("many").size()},
                                            {"type", request.header("content-type").value_or("")},
                                            {"trace", request.trace_parent},
                                            {"body", request.body_text()}};
                          return answer_json(said);
                        }});
    }
    parts.router.add({.method = "GET", .pattern = "/large", .handler = [](ApiRequest&) {
                        ApiAnswer answer;
                        answer.source = [left = 3](std::span<char> room) mutable -> std::size_t {
                          if (left-- == 0) return 0;
                          std::fill(room.begin(), room.begin() + 1'000, 'x');
                          return 1'000;
                        };
                        return answer;
                      }});
    api_ = std::make_unique<Api>(std::move(parts));
  }

  plan::Answered ask(plan::RequestCall call, std::size_t most = 1'000'000) {
    call.kind = plan::RequestCall::Kind::platform;
    const CallContext context{.trace_parent = "00-trace", .output_max = most};
    return answer_platform_call(*api_, call, context, {.organization = 1, .account = 3, .user = 4});
  }

  OneSecret authorizer_;
  formulary::testing::SetClock clock_;
  std::unique_ptr<Api> api_;
};

TEST_F(PlatformCallsTest, AsksAsTheFormulasOwner) {
  const plan::Answered answer = ask({.method = "POST",
                                     .target = "/echo/a b?q=1",
                                     .query = {{"many", json::array{"x", "y"}}},
                                     .body = R"({"x":1})",
                                     .content_type = "application/json"});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value said = parse_json(answer.body, "answer");
  EXPECT_EQ(said.at("account"), 3);
  EXPECT_EQ(said.at("name"), "a b");
  EXPECT_EQ(said.at("q"), "1");
  EXPECT_EQ(said.at("many"), 2);
  EXPECT_EQ(said.at("type"), "application/json");
  EXPECT_EQ(said.at("trace"), "00-trace");
  EXPECT_EQ(said.at("body"), R"({"x":1})");
}

TEST_F(PlatformCallsTest, TakesTheBaseInThePathOrNot) {
  EXPECT_EQ(ask({.method = "GET", .target = "/elements/api-v2/echo/x"}).status, 200);
  EXPECT_EQ(ask({.method = "GET", .target = "echo/x"}).status, 200);
}

TEST_F(PlatformCallsTest, AsksAsWhoeverTheStepSays) {
  const plan::Answered answer =
      ask({.method = "GET", .target = "/echo/x", .headers = {{"Authorization", "User good, Organization o"}}});
  EXPECT_EQ(parse_json(answer.body, "answer").at("account"), 8);
  EXPECT_EQ(
      ask({.method = "GET", .target = "/echo/x", .headers = {{"authorization", "User bad, Organization o"}}}).status,
      401);
}

TEST_F(PlatformCallsTest, AFailureIsAnAnswer) {
  const plan::Answered answer = ask({.method = "GET", .target = "/nosuchresource"});
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.body, HasSubstr("requestId"));
}

TEST_F(PlatformCallsTest, BoundsALargeAnswer) {
  EXPECT_EQ(ask({.method = "GET", .target = "/large"}).body.size(), 3'000U);
  EXPECT_THAT([&] { (void)ask({.method = "GET", .target = "/large"}, 2'500); },
              throws_error(ErrorCode::limit_reached, "over 2500 bytes"));
}

}  // namespace
}  // namespace formulary::api

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/plugins/smartrecruiters/scripted_vendor.hpp"

namespace smartrecruiters::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr const char* company = R"({"identifier":"acme1","name":"Acme"})";
constexpr const char* user = R"({"id":"u-1","email":"a@acme.example","systemRole":{"id":"ADMIN"}})";

class AuthenticateTest : public ElementTest {
 protected:
  element::testing::outcome authenticate(const element::connection& to = {},
                                         const element::testing::call_options& options = {}) {
    return plugin.authenticate(request_with_key(), to, options);
  }
};

TEST_F(AuthenticateTest, ProvesTheKeyWithTheCompanyDocument) {
  vendor.answers(200, company);
  const auto answer = authenticate();
  EXPECT_EQ(answer.output, company);
  ASSERT_EQ(vendor.targets(), std::vector<std::string>{"GET /configuration/company"});
  EXPECT_EQ(vendor.sent()[0].key, api_key);
  EXPECT_EQ(vendor.connected.base_url, "https://api.smartrecruiters.com");
}

TEST_F(AuthenticateTest, FallsBackToTheUserWhereTheCompanyIsForbiddenOrMissing) {
  for (const int status : {403, 404}) {
    vendor.answers(status, R"({"message":"no"})").answers(200, user);
    EXPECT_EQ(authenticate().output, user);
    EXPECT_EQ(vendor.targets().back(), "GET /user-api/v201804/users/me");
  }
}

TEST_F(AuthenticateTest, UsesTheConnectionsAddressAndAnchorsBeforeTheConfigurations) {
  vendor.answers(200, company);
  EXPECT_TRUE(authenticate({.base_url = "https://api.sandbox.smartrecruiters.com", .ca_file = "/ca.pem"}).ok());
  EXPECT_EQ(vendor.connected.base_url, "https://api.sandbox.smartrecruiters.com");
  EXPECT_EQ(vendor.connected.ca_file, "/ca.pem");
}

TEST_F(AuthenticateTest, FollowsARedirectOnTheSameHostThreeTimesAndNoFurther) {
  for (int count = 0; count < 3; ++count) vendor.answers(302, "", {{"Location", "/moved"}});
  vendor.answers(200, company);
  EXPECT_TRUE(authenticate().ok());
  EXPECT_EQ(vendor.targets().size(), 4U);

  for (int count = 0; count < 4; ++count) vendor.answers(302, "", {{"Location", "/moved"}});
  EXPECT_EQ(authenticate().error->code, "smartrecruiters.redirected");
}

TEST_F(AuthenticateTest, FollowsARedirectAlsoWhereTheAddressEndsWithASlash) {
  for (const char* address : {"https://h.example/", "https://h.example/api/", "https://h.example/api"}) {
    const std::string path = std::string(address).find("api") == std::string::npos ? "" : "/api";
    vendor.answers(302, "", {{"Location", path + "/moved"}}).answers(200, company);
    EXPECT_TRUE(authenticate({.base_url = address}).ok()) << address;
    EXPECT_EQ(vendor.targets().back(), "GET /moved") << address;
  }
  vendor.answers(302, "", {{"Location", "/apiary/moved"}});
  EXPECT_EQ(authenticate({.base_url = "https://h.example/api/"}).error->code, "smartrecruiters.redirected");
}

TEST_F(AuthenticateTest, SendsTheKeyToNoOtherHost) {
  for (const char* location :
       {"https://evil.example/configuration/company", "//evil.example/x", "http://api.smartrecruiters.com/x",
        "https://api.smartrecruiters.com:444/x", "https://api.smartrecruiters.com@evil.example/", "", "x y"}) {
    vendor.answers(302, "", {{"Location", location}});
    const auto refused = authenticate();
    EXPECT_EQ(refused.status, ELEMENT_FAILED_PRECONDITION) << location;
    EXPECT_EQ(refused.error->code, "smartrecruiters.redirected") << location;
    EXPECT_THAT(refused.error->message, HasSubstr("not sent to another address"));
  }
  EXPECT_EQ(vendor.targets().size(), 7U);
}

TEST_F(AuthenticateTest, WaitsAsLongAsTheVendorAsksAndSaysSoWhenThatIsTooLong) {
  vendor.answers(429, "", {{"Retry-After", "7"}}).answers(200, company);
  const auto start = host.now();
  EXPECT_TRUE(authenticate().ok());
  EXPECT_GE(host.now() - start, 7s);
  EXPECT_LE(host.now() - start, 9s);

  vendor.answers(429, R"({"message":"slow down"})", {{"Retry-After", "3600"}});
  const auto refused = authenticate();
  EXPECT_EQ(refused.status, ELEMENT_RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error->code, "smartrecruiters.rate_limited");
  EXPECT_EQ(refused.error->retry_after_ms, 3'600'000);
  EXPECT_EQ(refused.error->retry_class, element::retry::safe);
}

TEST_F(AuthenticateTest, PassesOnWhatTheNetworkSaid) {
  vendor.fails(
      element::error(ELEMENT_UNAVAILABLE, "http.connect_failed", "no connection").with_retry(element::retry::safe));
  const auto refused = authenticate();
  EXPECT_EQ(refused.status, ELEMENT_UNAVAILABLE);
  EXPECT_EQ(refused.error->code, "http.connect_failed");
  EXPECT_EQ(refused.error->retry_class, element::retry::safe);
}

struct Refusal {
  const char* why;
  std::vector<std::pair<int, std::string>> answers;
  element_status status;
  const char* code;
  int http_status;
  element::retry retry;
  const char* has;
};

class RefusalTest : public AuthenticateTest, public ::testing::WithParamInterface<Refusal> {};

TEST_P(RefusalTest, HasItsStatusCodeSentenceAndRetryClass) {
  for (const auto& [status, body] : GetParam().answers) vendor.answers(status, body);
  const auto refused = authenticate();
  EXPECT_EQ(refused.status, GetParam().status);
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, GetParam().code);
  EXPECT_EQ(refused.error->http_status, GetParam().http_status);
  EXPECT_EQ(refused.error->retry_class, GetParam().retry);
  EXPECT_THAT(refused.error->message, HasSubstr(GetParam().has));
  EXPECT_EQ(vendor.targets().size(), GetParam().answers.size());
}

const std::string no_feature = R"({"message":"No access to feature: Customer API"})";
const std::string denied = R"({"errors":[{"code":"PERMISSION_DENIED","message":"not yours"}]})";
const std::vector<std::pair<int, std::string>> six_503(6, {503, "<html>busy</html>"});
const std::vector<std::pair<int, std::string>> six_429(6, {429, ""});

using element::retry;
INSTANTIATE_TEST_SUITE_P(
    Answers, RefusalTest,
    ::testing::Values(
        Refusal{"WrongKey",
                {{401, R"({"message":"No valid API credential provided"})"}},
                ELEMENT_UNAUTHENTICATED,
                "smartrecruiters.invalid_key",
                401,
                retry::no,
                "the API key is wrong or revoked"},
        Refusal{"WrongKeyWithEmptyBody",
                {{401, ""}},
                ELEMENT_UNAUTHENTICATED,
                "smartrecruiters.invalid_key",
                401,
                retry::no,
                "answered 401; the API key"},
        Refusal{"WrongKeyWithPage",
                {{401, "<html>"}},
                ELEMENT_UNAUTHENTICATED,
                "smartrecruiters.invalid_key",
                401,
                retry::no,
                "the API key"},
        Refusal{"PlanWithoutApi",
                {{403, no_feature}, {403, ""}},
                ELEMENT_PERMISSION_DENIED,
                "smartrecruiters.api_not_in_plan",
                403,
                retry::no,
                "plan does not include the API"},
        Refusal{"PlanWithoutApiSaidSecond",
                {{404, ""}, {403, no_feature}},
                ELEMENT_PERMISSION_DENIED,
                "smartrecruiters.api_not_in_plan",
                403,
                retry::no,
                "plan does not include the API"},
        Refusal{"RightMissing",
                {{403, denied}, {403, denied}},
                ELEMENT_PERMISSION_DENIED,
                "smartrecruiters.permission_denied",
                403,
                retry::no,
                "PERMISSION_DENIED \"not yours\""},
        Refusal{"ForbiddenWithEmptyBody",
                {{403, ""}, {403, ""}},
                ELEMENT_PERMISSION_DENIED,
                "smartrecruiters.permission_denied",
                403,
                retry::no,
                "may not do this"},
        Refusal{"NotThere",
                {{404, ""}, {404, "nginx"}},
                ELEMENT_NOT_FOUND,
                "smartrecruiters.not_found",
                404,
                retry::no,
                "check base.url"},
        Refusal{"KeyDiesBetween",
                {{403, ""}, {401, ""}},
                ELEMENT_UNAUTHENTICATED,
                "smartrecruiters.invalid_key",
                401,
                retry::no,
                "the API key"},
        Refusal{"TooManyRequests", six_429, ELEMENT_RESOURCE_EXHAUSTED, "smartrecruiters.rate_limited", 429,
                retry::safe, "rate limit"},
        Refusal{"Busy", six_503, ELEMENT_UNAVAILABLE, "smartrecruiters.unavailable", 503, retry::if_idempotent,
                "try again later"},
        Refusal{"Broken",
                {{500, "oops"}},
                ELEMENT_UNAVAILABLE,
                "smartrecruiters.unavailable",
                500,
                retry::if_idempotent,
                "answered 500"},
        Refusal{"EmptyYes",
                {{200, ""}},
                ELEMENT_DATA_LOSS,
                "smartrecruiters.unexpected_answer",
                200,
                retry::no,
                "check base.url"},
        Refusal{"PageThatSaysYes",
                {{200, "<html>welcome</html>"}},
                ELEMENT_DATA_LOSS,
                "smartrecruiters.unexpected_answer",
                200,
                retry::no,
                "check base.url"},
        Refusal{"OtherJson",
                {{200, R"({"ok":true})"}},
                ELEMENT_DATA_LOSS,
                "smartrecruiters.unexpected_answer",
                200,
                retry::no,
                "not with a company"},
        Refusal{"BadRequest",
                {{400, R"({"message":"odd"})"}},
                ELEMENT_INVALID_ARGUMENT,
                "smartrecruiters.bad_request",
                400,
                retry::no,
                "odd"},
        Refusal{"Teapot", {{418, ""}}, ELEMENT_FAILED_PRECONDITION, "smartrecruiters.refused", 418, retry::no, "418"}),
    [](const auto& one) { return std::string(one.param.why); });

class PlatformTest : public ElementTest {
 protected:
  element::connection platform = {.mode = element::connect_mode::platform,
                                  .base_url = "https://platform.example/elements/api-v2",
                                  .authorization = "User usersecret=, Organization orgsecret"};
};

TEST_F(PlatformTest, PostsTheRequestVerbatimAndPassesTheAnswerOn) {
  vendor.answers(200, R"({ "id": 1, "token": "t" })");
  EXPECT_EQ(plugin.authenticate(request_with_key(), platform).output, R"({ "id": 1, "token": "t" })");
  ASSERT_THAT(vendor.targets(), ElementsAre("POST /instances"));
  const Sent sent = vendor.sent()[0];
  EXPECT_EQ(sent.authorization, platform.authorization);
  EXPECT_EQ(sent.key, "");
  EXPECT_EQ(sent.body, request_with_key());
  EXPECT_EQ(sent.content_type, "application/json");
  EXPECT_EQ(vendor.connected.base_url, platform.base_url);
}

TEST_F(PlatformTest, NeverSendsTwice) {
  vendor.answers(503).answers(200, "{}");
  const auto refused = plugin.authenticate(request_with_key(), platform);
  EXPECT_EQ(refused.error->code, "smartrecruiters.unavailable");
  EXPECT_EQ(vendor.targets().size(), 1U);
}

TEST_F(PlatformTest, TellsWhichSecretsAreInQuestionOn401) {
  vendor.answers(401, R"({"message":"Invalid usersecret= for orgsecret","requestId":"53dbca9430045c016b46566c"})");
  const auto refused = plugin.authenticate(request_with_key(), platform);
  EXPECT_EQ(refused.status, ELEMENT_UNAUTHENTICATED);
  EXPECT_EQ(refused.error->code, "smartrecruiters.platform_unauthenticated");
  EXPECT_THAT(refused.error->details, Not(HasSubstr("usersecret")));
  EXPECT_THAT(refused.error->details, Not(HasSubstr("orgsecret")));
}

TEST_F(PlatformTest, RefusesIncompleteConnectionsAndSuccessWithoutADocument) {
  auto without_url = platform;
  without_url.base_url = {};
  EXPECT_EQ(plugin.authenticate(request_with_key(), without_url).error->code, "smartrecruiters.invalid_connection");
  auto without_rights = platform;
  without_rights.authorization = {};
  EXPECT_EQ(plugin.authenticate(request_with_key(), without_rights).error->code, "smartrecruiters.invalid_connection");
  auto two_lines = platform;
  two_lines.authorization = "User a\r\nHost: b";
  EXPECT_EQ(plugin.authenticate(request_with_key(), two_lines).error->code, "smartrecruiters.invalid_connection");
  EXPECT_TRUE(vendor.targets().empty());

  vendor.answers(200, "created");
  EXPECT_EQ(plugin.authenticate(request_with_key(), platform).error->code, "smartrecruiters.unexpected_answer");
}

}  // namespace
}  // namespace smartrecruiters::testing

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/plugins/smartrecruiters/scripted_vendor.hpp"

namespace smartrecruiters::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr const char* company = R"({"identifier":"acme1","name":"Acme"})";
constexpr const char* candidate = R"({"firstName":"a","lastName":"b","email":"a@b.example"})";

class PatienceTest : public ElementTest {
 protected:
  element::testing::outcome post_candidate() {
    return invoke({.method = "POST",
                   .path = "/candidates",
                   .query = {},
                   .headers = {},
                   .body = candidate,
                   .content_type = "application/json"});
  }
  element::testing::outcome post_posting() {
    return invoke({.method = "POST",
                   .path = "/jobs/1/job-ads/2/postings",
                   .query = {},
                   .headers = {},
                   .body = {},
                   .content_type = {}});
  }
  void always_ok() {
    vendor.always([](const Sent&) { return element::http::response{.status = 200, .body = "{\"content\":[]}"}; });
  }
};

TEST_F(PatienceTest, WaitsLongerEachTimeAndReportsTheRetries) {
  for (int count = 0; count < 5; ++count) vendor.answers(503);
  vendor.answers(200, "{}");
  const auto start = host.now();
  const auto answer = get("/jobs/1");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(retries(answer), 5);
  EXPECT_LE(host.now() - start, 32s);  // at most 1 + 2 + 4 + 8 + 16, and a turn at the limiter
}

TEST_F(PatienceTest, GivesUpAfterTheSixthTry) {
  for (int count = 0; count < 6; ++count) vendor.answers(429, "", {{"Retry-After", "2"}});
  const auto refused = get("/jobs/1");
  EXPECT_EQ(refused.status, ELEMENT_RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error->retry_after_ms, 2000);
  EXPECT_EQ(vendor.sent().size(), 6U);
}

TEST_F(PatienceTest, LetsRetryAfterWin) {
  vendor.answers(503, "", {{"Retry-After", "45"}}).answers(200, "{}");
  const auto start = host.now();
  EXPECT_TRUE(get("/jobs/1").ok());
  EXPECT_GE(host.now() - start, 45s);
  EXPECT_LE(host.now() - start, 50s);
}

TEST_F(PatienceTest, ReadsARetryAfterThatIsADate) {
  vendor.answers(429, "", {{"Retry-After", "Tue, 14 Nov 2023 22:30:10 GMT"}})
      .answers(200, "{}");  // the clock's start + 10 s
  const auto start = host.now();
  EXPECT_TRUE(get("/jobs/1").ok());
  EXPECT_GE(host.now() - start, 8s);
  EXPECT_LE(host.now() - start, 12s);
}

TEST_F(PatienceTest, DoesNotWaitBeyondTheDeadline) {
  vendor.answers(429, "", {{"Retry-After", "30"}});
  const auto start = host.now();
  const auto refused =
      invoke({.method = "GET", .path = "/jobs/1", .query = {}, .headers = {}, .body = {}, .content_type = {}},
             {.time_limit = 20s});
  EXPECT_EQ(refused.error->code, "smartrecruiters.rate_limited");
  EXPECT_EQ(refused.error->retry_after_ms, 30'000);
  EXPECT_EQ(host.now(), start);
}

TEST_F(PatienceTest, EndsAWaitWhenTheCallIsCancelled) {
  vendor.answers(503, "", {{"Retry-After", "30"}});
  const auto ended =
      invoke({.method = "GET", .path = "/jobs/1", .query = {}, .headers = {}, .body = {}, .content_type = {}},
             {.cancel_after = 5s});
  EXPECT_EQ(ended.status, ELEMENT_CANCELLED);
  EXPECT_EQ(vendor.sent().size(), 1U);
}

TEST_F(PatienceTest, NeverSendsAPostAgainOnAGuess) {
  for (const int status : {500, 502, 503, 504}) {
    vendor.answers(status);
    EXPECT_EQ(post_candidate().error->code, "smartrecruiters.unavailable");
  }
  EXPECT_EQ(vendor.sent().size(), 4U);
  vendor.fails(element::error(ELEMENT_UNAVAILABLE, "http.closed", "gone").with_retry(element::retry::if_idempotent));
  EXPECT_EQ(post_candidate().error->code, "http.closed");
  vendor.fails(
      element::error(ELEMENT_DEADLINE_EXCEEDED, "http.timeout", "late").with_retry(element::retry::if_idempotent));
  EXPECT_EQ(post_candidate().error->code, "http.timeout");
  EXPECT_EQ(vendor.sent().size(), 6U);
}

TEST_F(PatienceTest, SendsAPostAgainThatTheVendorDidNotTake) {
  vendor.answers(429).answers(201, "{}");
  EXPECT_TRUE(post_candidate().ok());
  EXPECT_EQ(vendor.sent().size(), 2U);
}

TEST_F(PatienceTest, SendsAJsonPatchOnceAndPlainMembersAgain) {
  vendor.answers(503);
  const auto patch = invoke({.method = "PATCH",
                             .path = "/jobs/1",
                             .query = {},
                             .headers = {},
                             .body = R"({"op":"add","path":"/properties/-","value":1})",
                             .content_type = {}});
  EXPECT_EQ(patch.status, ELEMENT_UNAVAILABLE);
  EXPECT_EQ(vendor.sent().size(), 1U);
  vendor.answers(503).answers(200, "{}");
  EXPECT_TRUE(invoke({.method = "PATCH",
                      .path = "/candidates/1",
                      .query = {},
                      .headers = {},
                      .body = R"({"firstName":"x"})",
                      .content_type = {}})
                  .ok());
}

TEST_F(PatienceTest, LetsEightRequestsASecondThrough) {
  always_ok();
  const auto start = host.now();
  for (int count = 0; count < 8; ++count) EXPECT_TRUE(get("/jobs/1").ok());
  EXPECT_EQ(host.now(), start);
  EXPECT_TRUE(get("/jobs/1").ok());
  EXPECT_GE(host.now() - start, 1s);
}

TEST_F(PatienceTest, LetsTwoPostingsASecondThrough) {
  always_ok();
  const auto start = host.now();
  for (int count = 0; count < 2; ++count) EXPECT_TRUE(post_posting().ok());
  EXPECT_EQ(host.now(), start);
  EXPECT_TRUE(post_posting().ok());
  EXPECT_GE(host.now() - start, 1s);
}

TEST_F(PatienceTest, SharesTheLimitsOfAKeyBetweenInstances) {
  always_ok();
  auto first = plugin.open_instance(request_with_key()).instance;
  auto second = plugin.open_instance(request_with_key()).instance;
  auto other = plugin.open_instance(R"({"configuration":{"api.key":"another"}})").instance;
  const element::request job = {
      .method = "GET", .path = "/jobs/1", .query = {}, .headers = {}, .body = {}, .content_type = {}};
  const auto start = host.now();
  for (int count = 0; count < 4; ++count) {
    EXPECT_TRUE(first->invoke(job).ok());
    EXPECT_TRUE(second->invoke(job).ok());
  }
  EXPECT_TRUE(other->invoke(job).ok());
  EXPECT_EQ(host.now(), start);
  EXPECT_TRUE(second->invoke(job).ok());
  EXPECT_GE(host.now() - start, 1s);
}

TEST_F(PatienceTest, TakesOtherLimitsFromTheConfiguration) {
  always_ok();
  auto opened = plugin.open_instance(R"({"configuration":{"api.key":"k","limit.requests_per_second":"2"}})").instance;
  const element::request job = {
      .method = "GET", .path = "/jobs/1", .query = {}, .headers = {}, .body = {}, .content_type = {}};
  const auto start = host.now();
  for (int count = 0; count < 3; ++count) EXPECT_TRUE(opened->invoke(job).ok());
  EXPECT_GE(host.now() - start, 1s);
}

TEST_F(PatienceTest, AsksWhetherTheKeyLivesBeforeA401IsItsFault) {
  vendor.answers(401, R"({"message":"no"})").answers(200, company);
  const auto refused = get("/candidates/1");
  EXPECT_EQ(refused.status, ELEMENT_PERMISSION_DENIED);
  EXPECT_EQ(refused.error->code, "smartrecruiters.object_access_denied");
  EXPECT_EQ(refused.error->http_status, 401);
  EXPECT_THAT(refused.error->message, HasSubstr("access denied to this object"));
  EXPECT_THAT(vendor.targets(), ElementsAre("GET /candidates/1", "GET /configuration/company"));
}

TEST_F(PatienceTest, CallsAKeyDeadWhenTheCheckSaysSo) {
  vendor.answers(401).answers(401);
  const auto refused = post_candidate();
  EXPECT_EQ(refused.status, ELEMENT_UNAUTHENTICATED);
  EXPECT_EQ(refused.error->code, "smartrecruiters.invalid_key");
  EXPECT_THAT(refused.error->message, HasSubstr("POST /candidates"));
  EXPECT_EQ(vendor.sent().size(), 2U);
}

struct Probed {
  const char* why;
  std::vector<std::pair<int, std::string>> checks;  ///< What the checks after the 401 answer, in their order.
  const char* code;
};
class ProbedTest : public PatienceTest, public ::testing::WithParamInterface<Probed> {};

TEST_P(ProbedTest, SaysOfAKeyOnlyWhatTheChecksProve) {
  vendor.answers(401, R"({"code":"NO","message":"first words"})");
  for (const auto& [status, body] : GetParam().checks) {
    vendor.answers(status, body, {{"Location", "https://login.example/"}});
  }
  const auto refused = get("/jobs/1");
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, GetParam().code);
  EXPECT_EQ(refused.error->http_status, 401);
  EXPECT_THAT(refused.error->details, HasSubstr("first words"));
  EXPECT_EQ(vendor.sent().size(), 1 + GetParam().checks.size());
}

constexpr const char* denied = "smartrecruiters.object_access_denied";
constexpr const char* dead = "smartrecruiters.invalid_key";
constexpr const char* unclear = "smartrecruiters.access_unclear";
constexpr const char* user = R"({"id":"u-1","email":"a@acme.example"})";

INSTANTIATE_TEST_SUITE_P(Checks, ProbedTest,
                         ::testing::Values(Probed{"CompanyIsShown", {{200, company}}, denied},
                                           Probed{"CompanyIsForbidden", {{403, ""}}, denied},
                                           Probed{"UserIsShown", {{404, ""}, {200, user}}, denied},
                                           Probed{"UserIsForbidden", {{404, ""}, {403, ""}}, denied},
                                           Probed{"CompanySaysNo", {{401, ""}}, dead},
                                           Probed{"UserSaysNo", {{404, ""}, {401, ""}}, dead},
                                           Probed{"BothAreMissing", {{404, ""}, {404, ""}}, unclear},
                                           Probed{"BothAreRefused", {{400, ""}, {400, ""}}, unclear},
                                           Probed{"BothLeadToALoginPage", {{302, ""}, {302, ""}}, unclear},
                                           Probed{"BothAreALoginPage", {{200, "<html>"}, {200, "<html>"}}, unclear},
                                           Probed{"CompanyFails", {{500, ""}}, unclear}),
                         [](const auto& one) { return std::string(one.param.why); });

TEST_F(PatienceTest, KeepsThe401WhenTheCheckCannotBeMade) {
  vendor.answers(401, R"({"code":"NO","message":"first words"})")
      .fails(element::error(ELEMENT_UNAVAILABLE, "http.connect_failed", "no connection"));
  const auto refused = get("/jobs/1");
  EXPECT_EQ(refused.status, ELEMENT_UNAVAILABLE);
  EXPECT_EQ(refused.error->code, unclear);
  EXPECT_EQ(refused.error->http_status, 401);
  EXPECT_THAT(refused.error->message, HasSubstr("no connection"));
  EXPECT_THAT(refused.error->details, HasSubstr("first words"));
}

TEST_F(PatienceTest, IsCancelledAlsoWhileItChecks) {
  vendor.answers(401).answers(503, "", {{"Retry-After", "30"}});
  const auto ended =
      invoke({.method = "GET", .path = "/jobs/1", .query = {}, .headers = {}, .body = {}, .content_type = {}},
             {.cancel_after = 5s});
  EXPECT_EQ(ended.status, ELEMENT_CANCELLED);
}

TEST_F(PatienceTest, HoldsOtherCallsBackForAMinuteAtMost) {
  vendor.answers(429, "", {{"Retry-After", "86400"}}).answers(200, "{}");
  const auto start = host.now();
  EXPECT_EQ(get("/jobs/1").error->retry_after_ms, 86'400'000);
  EXPECT_EQ(host.now(), start);
  EXPECT_TRUE(get("/jobs/1").ok());
  EXPECT_LE(host.now() - start, 60s);
}

TEST_F(PatienceTest, SharesTheLimitsHoweverTheAddressIsWritten) {
  always_ok();
  const auto at = [&](const std::string& address) {
    return plugin.open_instance(R"({"configuration":{"api.key":"k","base.url":")" + address + "\"}}").instance;
  };
  auto first = at("https://h.example/api");
  auto second = at("https://H.example:443/api/");
  auto other = at("https://h.example/other");
  const element::request job = {
      .method = "GET", .path = "/jobs/1", .query = {}, .headers = {}, .body = {}, .content_type = {}};
  const auto start = host.now();
  for (int count = 0; count < 4; ++count) {
    EXPECT_TRUE(first->invoke(job).ok());
    EXPECT_TRUE(second->invoke(job).ok());
  }
  EXPECT_TRUE(other->invoke(job).ok());
  EXPECT_EQ(host.now(), start);
  EXPECT_TRUE(first->invoke(job).ok());
  EXPECT_GE(host.now() - start, 1s);
}

TEST_F(PatienceTest, KeepsTheSmallestLimitThatAnInstanceOfTheKeyHas) {
  always_ok();
  auto first = plugin.open_instance(R"({"configuration":{"api.key":"k"}})").instance;
  auto second = plugin.open_instance(R"({"configuration":{"api.key":"k","limit.requests_per_second":2}})").instance;
  auto third = plugin.open_instance(R"({"configuration":{"api.key":"k","limit.requests_per_second":9}})").instance;
  const element::request job = {
      .method = "GET", .path = "/jobs/1", .query = {}, .headers = {}, .body = {}, .content_type = {}};
  const auto start = host.now();
  EXPECT_TRUE(first->invoke(job).ok());
  EXPECT_TRUE(third->invoke(job).ok());
  EXPECT_EQ(host.now(), start);
  EXPECT_TRUE(first->invoke(job).ok());
  EXPECT_GE(host.now() - start, 1s);
}

TEST_F(PatienceTest, WritesEachWaitIntoTheLog) {
  vendor.answers(503).answers(200, "{}");
  get("/jobs/1");
  ASSERT_EQ(host.log().size(), 1U);
  EXPECT_EQ(host.log()[0].level, element::log_level::warn);
  EXPECT_TRUE(host.log()[0].in_call);
}

}  // namespace
}  // namespace smartrecruiters::testing

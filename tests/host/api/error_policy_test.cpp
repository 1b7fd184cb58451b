#include "tests/host/api/formula_api_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;

class ErrorPolicyTest : public FormulaApiTest {
 protected:
  ErrorPolicyTest() {
    answer = [this](const HttpRequest&) { return HttpResponse{.status = status, .body = "{}"}; };
  }
  std::int64_t instance(const std::string& settings = "{}") {
    return made_instance(made_formula(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["send"]}],
        "steps":[{"name":"send","type":"httpRequest","properties":{"method":"GET","url":"https://x.org/a"}}]})"),
                         R"({"name":"i","settings":)" + settings + "}");
  }
  void set_errors(std::int64_t instance, int count, const std::string& first = "2018-04-04T20:44:36Z") {
    const Answer set = put(
        "/formulas/instances/" + std::to_string(instance),
        R"({"numberConsecutiveErrors":)" + std::to_string(count) + R"(,"firstConsecutiveErrorDate":")" + first + "\"}");
    EXPECT_EQ(set.status, 200) << set.text();
  }
  Answer after_one_more(std::int64_t instance) {
    (void)ran(instance);
    (void)notices();
    return get("/formulas/instances/" + std::to_string(instance));
  }
  int status = 500;
};

TEST_F(ErrorPolicyTest, WarnsAtTheFiftyFirstFailureIfTheFirstIsOld) {
  const std::int64_t id = instance();
  set_errors(id, 50);
  const Answer warned = after_one_more(id);
  EXPECT_EQ(warned["numberConsecutiveErrors"], 51);
  EXPECT_EQ(warned["numberConsecutiveErrorWarningNotifications"], 1);
  EXPECT_EQ(warned["active"], true);
  ASSERT_EQ(notices().size(), 2);
  EXPECT_EQ(notices()[0].topic, "threat-level-midnight");
  EXPECT_EQ(notices()[0].account, 7);
  EXPECT_EQ(after_one_more(id)["numberConsecutiveErrorWarningNotifications"], 1);
  EXPECT_EQ(notices().size(), 2);
}

TEST_F(ErrorPolicyTest, DoesNotWarnOfAStorm) {
  const std::int64_t id = instance();
  set_errors(id, 50, iso8601(clock.wall()));
  EXPECT_EQ(after_one_more(id)["numberConsecutiveErrorWarningNotifications"], 0);
}

TEST_F(ErrorPolicyTest, StopsTheInstanceAtTheHundredAndFirst) {
  const std::int64_t id = instance();
  set_errors(id, 100);
  EXPECT_EQ(
      put("/formulas/instances/" + std::to_string(id), R"({"numberConsecutiveErrorWarningNotifications":1})").status,
      200);
  EXPECT_EQ(after_one_more(id)["active"], false);
  EXPECT_EQ(notices().size(), 2);
  EXPECT_EQ(post("/formulas/instances/" + std::to_string(id) + "/executions", "{}").status, 409);
}

TEST_F(ErrorPolicyTest, ASuccessBeginsAnew) {
  const std::int64_t id = instance();
  set_errors(id, 60);
  status = 200;
  const Answer after = after_one_more(id);
  EXPECT_EQ(after["numberConsecutiveErrors"], 0);
  EXPECT_FALSE(after.body.as_object().contains("firstConsecutiveErrorDate"));
}

TEST_F(ErrorPolicyTest, TellsThoseWhomTheSettingsName) {
  const std::int64_t id =
      instance(R"({"notification.email":"a@x.org, b@x.org","notification.webhook.url":"https://y.org"})");
  (void)after_one_more(id);
  ASSERT_EQ(notices().size(), 1);
  EXPECT_EQ(notices()[0].emails, (std::vector<std::string>{"a@x.org", "b@x.org"}));
  EXPECT_EQ(notices()[0].webhooks, std::vector<std::string>{"https://y.org"});
}

TEST_F(ErrorPolicyTest, ShowsErrorsInThreeForms) {
  const std::int64_t id = instance();
  const std::int64_t failed = ran(id);
  status = 200;
  (void)ran(id);
  const Answer steps = get("/formulas/instances/executions/" + std::to_string(failed) + "/errors");
  ASSERT_EQ(steps.body.as_array().size(), 1) << steps.text();
  EXPECT_EQ(steps.body.at(0).at("stepName"), "send");
  EXPECT_EQ(steps.body.at(0).at("stepExecutionValues").as_array().size(), 1);
  EXPECT_EQ(steps.body.at(0).at("stepExecutionValues").at(0).at("key"), "send.error");

  const std::string list = "/formulas/instances/" + std::to_string(id) + "/executions/errors";
  const Answer executions = get(list);
  ASSERT_EQ(executions.body.as_array().size(), 1);
  EXPECT_EQ(executions.body.at(0).at("id"), failed);
  EXPECT_EQ(executions.body.at(0).at("stepExecutions"), steps.body);
  EXPECT_EQ(get(list + "?to=2018-01-01").text(), "[]");
  EXPECT_EQ(get(list + "?from=yesterday").status, 400);

  const std::int64_t formula = get("/formulas/instances/" + std::to_string(id))["formula"].at("id").as_int64();
  const Answer instances = get("/formulas/" + std::to_string(formula) + "/instances/executions/errors");
  ASSERT_EQ(instances.body.as_array().size(), 1);
  EXPECT_EQ(instances.body.at(0).at("id"), id);
  EXPECT_EQ(instances.body.at(0).at("executions"), executions.body);
}

}  // namespace
}  // namespace formulary::testing

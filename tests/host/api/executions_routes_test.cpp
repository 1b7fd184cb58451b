#include "tests/host/api/formula_api_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* two_steps = R"({"name":"f","triggers":[{"type":"manual","onSuccess":["make"]}],
  "steps":[{"name":"make","type":"script","properties":{"body":"done({made:1});"},"onSuccess":["send"]},
           {"name":"send","type":"httpRequest","properties":{"method":"GET","url":"https://x.org/a"}}]})";

class ExecutionsRoutesTest : public FormulaApiTest {
 protected:
  static std::string of(std::int64_t execution, const std::string& rest = {}) {
    return "/formulas/instances/executions/" + std::to_string(execution) + rest;
  }
  static std::string list(std::int64_t instance) {
    return "/formulas/instances/" + std::to_string(instance) + "/executions";
  }
};

TEST_F(ExecutionsRoutesTest, RunsAFormulaAndShowsItsSteps) {
  const std::int64_t instance = made_instance(made_formula(two_steps));
  const std::int64_t id = ran(instance, R"({"foo":"bar"})");
  const Answer shown = get(of(id));
  ASSERT_EQ(shown.status, 200) << shown.text();
  EXPECT_EQ(shown["status"], "success");
  EXPECT_EQ(shown["formulaInstanceId"], instance);
  EXPECT_EQ(shown["createdDate"], "2023-11-14T22:13:20Z");
  ASSERT_EQ(shown["stepExecutions"].as_array().size(), 3);
  const json::object& trigger = shown["stepExecutions"].at(0).as_object();
  EXPECT_EQ(trigger.at("stepName"), "trigger");
  EXPECT_EQ(trigger.at("createdDate"), "2023-11-14 22:13:20.000000");
  EXPECT_FALSE(trigger.contains("stepExecutionValues"));

  const Answer steps = get(of(id, "/steps?includeValues=true"));
  EXPECT_EQ(steps.body.at(0).at("stepExecutionValues"),
            (json::array{json::object{{"id", 1}, {"key", "trigger.args"}, {"value", R"({"foo":"bar"})"}}}));
  const std::string step = std::to_string(steps.body.at(2).at("id").as_int64());
  const Answer values = get("/formulas/instances/executions/steps/" + step + "/values");
  EXPECT_THAT(values.text(), HasSubstr(R"("key":"send.response.code","value":"200")"));
  EXPECT_EQ(get("/formulas/instances/executions/steps/" + step)["stepName"], "send");
}

TEST_F(ExecutionsRoutesTest, PagesStepsAndExecutions) {
  const std::int64_t instance = made_instance(made_formula(two_steps));
  const std::int64_t first = ran(instance);
  const std::int64_t second = ran(instance);
  const Answer page = get(list(instance) + "?pageSize=1");
  EXPECT_EQ(page.body.at(0).at("id"), second);
  EXPECT_EQ(page.headers.at("Elements-Total-Count"), "2");
  const Answer last = get(list(instance) + "?nextPage=" + page.headers.at("Elements-Next-Page-Token"));
  EXPECT_EQ(last.body.at(0).at("id"), first);
  EXPECT_FALSE(last.headers.contains("Elements-Next-Page-Token"));

  const Answer steps = get(of(first, "/steps?pageSize=2"));
  EXPECT_EQ(steps.headers.at("Elements-Total-Count"), "3");
  const Answer rest = get(of(first, "/steps?nextPage=" + steps.headers.at("Elements-Next-Page-Token")));
  ASSERT_EQ(rest.body.as_array().size(), 1);
  EXPECT_EQ(rest.body.at(0).at("stepName"), "send");
  EXPECT_FALSE(rest.headers.contains("Elements-Next-Page-Token"));
}

TEST_F(ExecutionsRoutesTest, ANotificationStartsOneExecutionForEachOfItsEvents) {
  const std::int64_t formula = made_formula(
      R"({"name":"f","triggers":[{"type":"event","properties":{"elementInstanceId":"${crm}"},"onSuccess":["s"]}],
          "configuration":[{"key":"crm","type":"elementInstance","name":"c","required":true}],
          "steps":[{"name":"s","type":"script","properties":{"body":"done({});"}}]})");
  const std::int64_t instance = made_instance(formula, R"({"name":"i","configuration":{"crm":12}})");
  const Answer started = post(list(instance), R"({"message":{"instance_id":12,"eventId":35149,"raw":{},
      "events":[{"objectId":"a"},{"objectId":"b"},{"objectId":"c"}]}})");
  ASSERT_EQ(started.body.as_array().size(), 3) << started.text();
  EXPECT_EQ(get(list(instance) + "?objectId=b").body.as_array().size(), 1);
  EXPECT_EQ(get(list(instance) + "?eventId=35149").body.as_array().size(), 3);
  EXPECT_EQ(get(list(instance) + "?eventId=35149&objectId=b").status, 400);
}

TEST_F(ExecutionsRoutesTest, WhatIsAnotherAccountsIsNotThere) {
  const std::int64_t instance = made_instance(made_formula(two_steps));
  const std::int64_t id = ran(instance);
  const std::string step = std::to_string(get(of(id, "/steps")).body.at(0).at("id").as_int64());
  authorizer.principal.account = 8;
  for (const std::string& target :
       {of(id), of(id, "/steps"), list(instance), "/formulas/instances/executions/steps/" + step,
        "/formulas/instances/executions/steps/" + step + "/values"}) {
    EXPECT_EQ(get(target).status, 404) << target;
  }
  EXPECT_EQ(post(list(instance), "{}").status, 404);
  EXPECT_EQ(put(of(id, "/retries"), "{}").status, 404);
  EXPECT_EQ(patch(of(id), R"({"status":"cancelled"})").status, 404);
  EXPECT_EQ(get(of(-1)).status, 404);
}

TEST_F(ExecutionsRoutesTest, RunsItAgainWithTheSameInput) {
  const std::int64_t instance = made_instance(made_formula(two_steps));
  const std::int64_t id = ran(instance, R"({"n":1})");
  const Answer again = put(of(id, "/retries"), "{}");
  ASSERT_EQ(again.status, 200) << again.text();
  (void)running().wait(again.id(), std::chrono::seconds(20));
  EXPECT_EQ(get(list(instance)).body.as_array().size(), 2);
  EXPECT_EQ(get(of(again.id(), "/steps?includeValues=true")).body.at(0).at("stepExecutionValues").at(0).at("value"),
            R"({"n":1})");
  EXPECT_EQ(remove(of(id, "/retries")).status, 200);
}

TEST_F(ExecutionsRoutesTest, OneThatHasEndedIsNotCancelled) {
  const std::int64_t id = ran(made_instance(made_formula(two_steps)));
  EXPECT_EQ(patch(of(id), R"({"status":"cancelled"})").status, 400);
  EXPECT_EQ(patch(of(id), R"({"status":"success"})").status, 400);
}

TEST_F(ExecutionsRoutesTest, CancelsOneThatWaits) {
  answer = [](const HttpRequest&) { return HttpResponse{.status = 500, .body = "{}"}; };
  const std::int64_t instance = made_instance(made_formula(
      R"({"name":"f","triggers":[{"type":"manual","onSuccess":["send"]}],
          "steps":[{"name":"send","type":"httpRequest","properties":{"method":"GET","url":"https://x.org/a",
                    "retry":"true","retryAttempts":"3","retryDelay":"50000"}}]})"));
  const std::int64_t id = post(list(instance), "{}").body.at(0).at("id").as_int64();
  const Answer cancelled = patch(of(id), R"({"status":"cancelled"})");
  EXPECT_EQ(cancelled.status, 200) << cancelled.text();
  EXPECT_EQ(cancelled["status"], "cancelled");
}

TEST_F(ExecutionsRoutesTest, AnInstanceThatIsNotActiveDoesNotRun) {
  const std::int64_t instance = made_instance(made_formula(two_steps), R"({"name":"i","active":false})");
  const Answer refused = post(list(instance), "{}");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.text(), HasSubstr("not active"));
}

}  // namespace
}  // namespace formulary::testing

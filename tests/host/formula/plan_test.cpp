#include "host/formula/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "host/formula/formula.hpp"

namespace formulary::plan {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const Formula> formula_of(const std::string& steps) {
  return Formula::parse(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[)" + steps + "]}");
}

std::string script(const std::string& name, const std::string& edges = R"("onSuccess":[])") {
  return R"({"name":")" + name + R"j(","type":"script","properties":{"body":"done({})"},)j" + edges + "}";
}

constexpr const char* retried_post =
    R"({"name":"a","type":"httpRequest","properties":{"method":"POST","url":"https://x.org/p",
  "body":"${trigger.args}","retry":"true","retryAttempts":"2","retryDelay":"250","retryStatusCodes":"500-599"}})";

class PlanTest : public testing::Test {
 protected:
  template <class What>
  std::vector<Action> send(What what) {
    return advance(*formula, state, {.at = Clock::WallTime(std::chrono::seconds(++now)), .what = std::move(what)});
  }
  std::vector<Action> start(json::value args = json::object()) {
    return send(Started{.execution_id = "e-1", .args = std::move(args)});
  }

  template <class Kind>
  static std::vector<Kind> all(const std::vector<Action>& actions) {
    std::vector<Kind> found;
    for (const auto& action : actions) {
      if (const auto* kind = std::get_if<Kind>(&action)) found.push_back(*kind);
    }
    return found;
  }
  static ScriptEnded said(const std::string& value) { return {.ok = true, .value = value}; }

  std::shared_ptr<const Formula> formula;
  State state;
  int now = 0;
};

TEST_F(PlanTest, RecordsTheTriggerAndRunsWhatItNames) {
  formula = formula_of(script("a"));
  const auto actions = start(json::object{{"foo", "bar"}});
  ASSERT_EQ(actions.size(), 2U);
  const auto& record = std::get<Record>(actions[0]).step;
  EXPECT_EQ(record.name, "trigger");
  ASSERT_EQ(record.values.size(), 1U);
  EXPECT_EQ(record.values[0], (std::pair<std::string, std::string>("trigger.args", R"({"foo":"bar"})")));
  EXPECT_EQ(std::get<RunStep>(actions[1]).step->name, "a");
}

TEST_F(PlanTest, AStepSeesWhatWasThereWhenItBegan) {
  formula = formula_of(script("a", R"("onSuccess":["b","c"])") + "," + script("b") + "," + script("c"));
  const auto first = all<RunStep>(start()).at(0);
  const auto both = all<RunStep>(send(StepEnded{.run = first.run, .outcome = said(R"({"x":1})")}));
  ASSERT_EQ(both.size(), 2U);
  (void)send(StepEnded{.run = both[0].run, .outcome = said(R"({"y":2})")});
  EXPECT_EQ(script_context(*std::get<ScriptCall>(*both[1].call).scope).find("\"y\""), std::string::npos);
  EXPECT_NE(script_context(*state.frames.at(0).scope).find("\"y\":2"), std::string::npos);
}

TEST_F(PlanTest, AStepThatTwoBranchesReachRunsTwice) {
  formula = formula_of(script("a", R"("onSuccess":["b","c"])") + "," + script("b", R"("onSuccess":["d"])") + "," +
                       script("c", R"("onSuccess":["d"])") + "," + script("d"));
  const auto both = all<RunStep>(send(StepEnded{.run = all<RunStep>(start()).at(0).run, .outcome = said("{}")}));
  const auto once = all<RunStep>(send(StepEnded{.run = both[0].run, .outcome = said("{}")}));
  const auto twice = all<RunStep>(send(StepEnded{.run = both[1].run, .outcome = said("{}")}));
  ASSERT_EQ(once.size() + twice.size(), 2U);
  EXPECT_NE(once[0].run, twice[0].run);
  EXPECT_NE(std::get<ScriptCall>(*once[0].call).seed, std::get<ScriptCall>(*twice[0].call).seed);
  EXPECT_TRUE(all<Finish>(send(StepEnded{.run = once[0].run, .outcome = said("{}")})).empty());
  EXPECT_EQ(all<Finish>(send(StepEnded{.run = twice[0].run, .outcome = said("{}")})).at(0).status,
            ExecutionStatus::success);
}

TEST_F(PlanTest, ARetryWaitsSendsTheSameAgainAndSaysHowOften) {
  formula = formula_of(retried_post);
  const auto first = all<RunStep>(start(json::object{{"n", 1}})).at(0);
  EXPECT_EQ(first.idempotency_key.size(), 32U);
  const auto waits = send(StepEnded{.run = first.run, .outcome = Answered{.status = 503}});
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(std::get<SetTimer>(waits[0]).delay, 250ms);
  EXPECT_TRUE(send(StepEnded{.run = first.run, .outcome = Answered{.status = 200}}).empty())
      << "while it waits, nothing is out";

  const auto second = all<RunStep>(send(TimerFired{.run = first.run})).at(0);
  EXPECT_EQ(second.attempt, 2);
  EXPECT_EQ(second.idempotency_key, first.idempotency_key);
  EXPECT_EQ(second.call, first.call);
  (void)send(StepEnded{.run = first.run, .outcome = Broke{.code = ErrorCode::timed_out, .message = "late"}});
  ASSERT_EQ(all<RunStep>(send(TimerFired{.run = first.run})).at(0).attempt, 3);
  const auto end = send(StepEnded{.run = first.run, .outcome = Answered{.status = 500}});
  const auto record = all<Record>(end).at(0).step;
  EXPECT_EQ(record.attempts, 3);
  EXPECT_EQ(record.error->code, "http.500");
  EXPECT_NE(std::find(record.values.begin(), record.values.end(),
                      std::pair<std::string, std::string>("a.request.retry-attempt", "2")),
            record.values.end());
  EXPECT_EQ(all<Finish>(end).at(0).status, ExecutionStatus::failed);
}

TEST_F(PlanTest, ACodeThatIsNotListedIsNotTriedAgain) {
  formula = formula_of(retried_post);
  const auto run = all<RunStep>(start()).at(0).run;
  EXPECT_EQ(all<Finish>(send(StepEnded{.run = run, .outcome = Answered{.status = 404}})).at(0).status,
            ExecutionStatus::failed);
}

TEST_F(PlanTest, CancellingAbandonsWhatIsOutAndWhatComesLaterChangesNothing) {
  formula = formula_of(script("a", R"("onSuccess":["b","c"])") + "," + script("b") + "," + script("c"));
  const auto both = all<RunStep>(send(StepEnded{.run = all<RunStep>(start()).at(0).run, .outcome = said("{}")}));
  const auto actions = send(CancelRequested{.reason = "enough"});
  EXPECT_EQ(all<Abandon>(actions).at(0).runs, (std::vector<RunId>{both[0].run, both[1].run}));
  ASSERT_EQ(all<Record>(actions).size(), 2U);
  EXPECT_EQ(all<Record>(actions)[0].step.status, StepStatus::cancelled);
  EXPECT_EQ(all<Finish>(actions).at(0).status, ExecutionStatus::cancelled);
  EXPECT_EQ(all<Finish>(actions).at(0).error->message, "enough");
  EXPECT_TRUE(send(StepEnded{.run = both[0].run, .outcome = said("{}")}).empty());
  EXPECT_TRUE(send(CancelRequested{}).empty());
  EXPECT_TRUE(start().empty());
}

TEST_F(PlanTest, CancellingBeforeTheStartEndsItWithoutAnyStep) {
  formula = formula_of(script("a"));
  EXPECT_EQ(all<Finish>(send(CancelRequested{})).at(0).status, ExecutionStatus::cancelled);
  EXPECT_TRUE(start().empty());
}

TEST_F(PlanTest, TheBoundOnStepsEndsACircle) {
  formula = formula_of(script("a", R"("onSuccess":["a"])"));
  state.limits.steps_max = 100;
  auto actions = start();
  std::size_t runs = 0;
  while (all<Finish>(actions).empty()) {
    const auto run = all<RunStep>(actions).at(0).run;
    ++runs;
    actions = send(StepEnded{.run = run, .outcome = said("{}")});
  }
  EXPECT_EQ(runs, 100U);
  EXPECT_EQ(all<Finish>(actions).at(0).error->code, "limit_reached");
}

TEST_F(PlanTest, StepsThatFailBeforeTheyRunGoRoundWithoutRecursion) {
  formula = formula_of(
      R"({"name":"a","type":"httpRequest","properties":{"method":"GET","url":"${trigger.args.no}"},"onFailure":["a"]})");
  state.limits.steps_max = 20'000;  // a recursion would end the program long before
  const auto actions = start();
  EXPECT_EQ(all<Record>(actions).size(), state.limits.steps_max + 1);
  EXPECT_EQ(all<Finish>(actions).at(0).error->code, "limit_reached");
}

TEST_F(PlanTest, OutputsBeyondTheBoundFailTheirStepAndAreNotKept) {
  formula = formula_of(script("a", R"("onSuccess":["b"],"onFailure":["b"])") + "," + script("b"));
  state.limits.scope_bytes_max = 1'000;
  const auto run = all<RunStep>(start()).at(0).run;
  const auto actions = send(StepEnded{.run = run, .outcome = said("{\"x\":\"" + std::string(1'000, 'x') + "\"}")});
  EXPECT_EQ(all<Record>(actions).at(0).step.error->code, "limit_reached");
  EXPECT_LT(script_context(*state.frames.at(0).scope).size(), 500U);
}

TEST_F(PlanTest, AValueBeyondItsBoundIsLeftOutAndTheStepSucceeds) {
  formula = formula_of(script("a"));
  state.limits.value_bytes_max = 10;
  const auto run = all<RunStep>(start()).at(0).run;
  const auto record =
      all<Record>(send(StepEnded{.run = run, .outcome = said(R"({"x":"12345678901","y":"1234567890"})")})).at(0).step;
  EXPECT_EQ(record.status, StepStatus::success);
  ASSERT_EQ(record.values.size(), 1U);
  EXPECT_EQ(record.values[0].first, "a.y");
}

TEST_F(PlanTest, ScriptTimeMovesWithRequestsAndNotWithScripts) {
  formula = formula_of(
      script("a", R"("onSuccess":["b"])") +
      R"(,{"name":"b","type":"httpRequest","properties":{"method":"GET","url":"http://x"},"onSuccess":["c"]},)" +
      script("c"));
  const auto a = all<RunStep>(start()).at(0);
  EXPECT_EQ(std::get<ScriptCall>(*a.call).now, Clock::WallTime(1s));
  const auto b = all<RunStep>(send(StepEnded{.run = a.run, .outcome = said("{}")})).at(0);
  EXPECT_EQ(state.script_time, Clock::WallTime(1s));
  EXPECT_TRUE(b.idempotency_key.empty()) << "a GET needs none";
  const auto c = all<RunStep>(send(StepEnded{.run = b.run, .outcome = Answered{.status = 200}})).at(0);
  EXPECT_EQ(std::get<ScriptCall>(*c.call).now, Clock::WallTime(3s));
}

TEST_F(PlanTest, KeysAndSeedsAreTheSameWhenComputedAgain) {
  formula = formula_of(retried_post);
  const auto key = all<RunStep>(start()).at(0).idempotency_key;
  state = State();
  EXPECT_EQ(all<RunStep>(start()).at(0).idempotency_key, key);
  state = State();
  EXPECT_NE(all<RunStep>(send(Started{.execution_id = "e-2"})).at(0).idempotency_key, key);
}

TEST_F(PlanTest, HeadersWithCredentialsAreMaskedInValuesOnly) {
  formula = formula_of(
      R"({"name":"a","type":"httpRequest","properties":{"method":"GET","url":"http://x","headers":"{\"Authorization\":\"Bearer t\"}"}})");
  const auto run = all<RunStep>(start()).at(0);
  EXPECT_EQ(std::get<RequestCall>(*run.call).headers, (Headers{{"Authorization", "Bearer t"}}));
  const auto record =
      all<Record>(
          send(StepEnded{.run = run.run, .outcome = Answered{.status = 200, .headers = {{"Set-Cookie", "s=1"}}}}))
          .at(0)
          .step;
  for (const auto& [key, value] : record.values) {
    EXPECT_EQ(value.find("Bearer"), std::string::npos) << key;
    EXPECT_EQ(value.find("s=1"), std::string::npos) << key;
  }
}

TEST_F(PlanTest, ABodyThatIsNoTextBecomesThePlatformsFileObject) {
  formula = formula_of(R"({"name":"a","type":"httpRequest","properties":{"method":"GET","url":"http://x"}})");
  const auto run = all<RunStep>(start()).at(0).run;
  (void)send(StepEnded{.run = run,
                       .outcome = Answered{.status = 200,
                                           .headers = {{"Content-Disposition", "attachment; filename=\"a.pdf\""}},
                                           .body = std::string("\xFF\x00\x01", 3)}});
  EXPECT_EQ(to_text(result_of(state).value().at("response").at("body")),
            R"({"filename":"a.pdf","type":"workflow-file-attachment","content":"/wAB"})");
}

TEST_F(PlanTest, ScheduledFormulasStartByHandWithTheirOwnType) {
  formula = Formula::parse(R"({"name":"f","triggers":[{"type":"scheduled","properties":{"cron":"0 0 12 * * ?"}}]})");
  const auto actions = start();
  EXPECT_EQ(all<Record>(actions).at(0).step.values.at(0).second, "scheduled");
  EXPECT_EQ(all<Finish>(actions).at(0).status, ExecutionStatus::success);
}

}  // namespace
}  // namespace formulary::plan

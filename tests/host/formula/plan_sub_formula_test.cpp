#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/host/formula/plan_player.hpp"

namespace formulary::testing {
namespace {

using Route = std::vector<std::string>;

/// A formula whose step "A" runs the sub-formula 7; "after" and "sorry" follow it.
std::string with_sub_formula(const std::string& sub_steps,
                             const std::string& properties = R"("args":"${trigger.args}")") {
  return R"({"id":1,"name":"outer","triggers":[{"type":"manual","onSuccess":["A"]}],"steps":[
    {"name":"A","type":"formula","properties":{"formulaId":"7",)" +
         properties + R"(},"onSuccess":["after"],"onFailure":["sorry"]},
    {"name":"after","type":"script","properties":{"body":"done({}) "}},
    {"name":"sorry","type":"script","properties":{"body":"done({}) "}}],
    "subFormulas":[{"id":7,"name":"inner","triggers":[{"type":"manual","onSuccess":["one"]}],"steps":[)" +
         sub_steps + "]}]}";
}

constexpr const char* two_scripts =
    R"({"name":"one","type":"script","properties":{"body":"done({}) "},"onSuccess":["two"]},
  {"name":"two","type":"script","properties":{"body":"done({}) "}})";

std::string context_of(const plan::RunStep& run) {
  return script_context(*std::get<plan::ScriptCall>(*run.call).scope);
}

TEST(PlanSubFormula, ShowsAsOneStepWithTheValuesOfItsLastOne) {
  PlanPlayer player(with_sub_formula(two_scripts));
  player.answers["one"] = {said(R"({"x":1})")};
  player.answers["two"] = {said(R"({"y":[2],"z":"text"})")};
  player.play(parse_json(R"({"id":"c-1"})", "args"));
  EXPECT_EQ(player.route(), (Route{"trigger success", "A success", "after success"}));
  EXPECT_EQ(player.status(), "success");
  const auto step = player.record("A");
  EXPECT_EQ(step.values, (plan::Values{{"A.y", "[2]"}, {"A.z", "text"}}));
  EXPECT_EQ(player.record("two").parent, step.run);
}

TEST(PlanSubFormula, SeesItsArgsAndNothingOfTheStepsAroundIt) {
  PlanPlayer player(with_sub_formula(two_scripts, R"("args":"{\"who\":\"${trigger.args.id}\",\"n\":1}")"));
  player.start(parse_json(R"({"id":"c-1"})", "args"));
  const std::string context = context_of(player.out.front());
  EXPECT_NE(context.find(R"("trigger":{"args":{"who":"c-1","n":1}},"steps":{})"), std::string::npos) << context;
  EXPECT_NE(context.find(R"("formulaName":"inner")"), std::string::npos) << context;
  EXPECT_NE(context.find(R"("formulaId":"7")"), std::string::npos) << context;
}

TEST(PlanSubFormula, ItsOutputIsThatOfItsStepInTheParent) {
  PlanPlayer player(with_sub_formula(two_scripts));
  player.answers["two"] = {said(R"({"y":[2]})")};
  player.play();
  const auto& after = player.begun.back();
  EXPECT_EQ(after.step->name, "after");
  const std::string context = context_of(after);
  EXPECT_NE(context.find(R"("steps":{"A":{"y":[2]}})"), std::string::npos) << context;
}

TEST(PlanSubFormula, InheritsTheConfigurationDownAndGivesNothingUp) {
  PlanPlayer player(with_sub_formula(two_scripts, R"("subFormulaConfigs":"${trigger.args.configs}")"));
  player.config = {{"crm.instance", "12"}, {"shared", "outer"}};
  player.start(parse_json(R"({"configs":{"shared":"inner","own":true}})", "args"));
  EXPECT_EQ(to_text(std::get<plan::ScriptCall>(*player.out.front().call).scope->config.value()),
            R"({"crm.instance":"12","shared":"inner","own":true})");
  while (player.step()) {
  }
  EXPECT_EQ(to_text(std::get<plan::ScriptCall>(*player.begun.back().call).scope->config.value()),
            R"({"crm.instance":"12","shared":"outer"})");
}

TEST(PlanSubFormula, FailsItsStepAndLeavesWhatWasAnsweredToOnFailure) {
  PlanPlayer player(
      with_sub_formula(R"({"name":"one","type":"httpRequest","properties":{"method":"GET","url":"http://x"}})"));
  player.answers["one"] = {answered(400, R"({"message":"no such object"})")};
  player.play();
  EXPECT_EQ(player.route(), (Route{"trigger success", "A failed", "sorry success"}));
  EXPECT_EQ(player.status(), "failed");
  const auto step = player.record("A");
  EXPECT_EQ(PlanPlayer::value(step, "A.response.code"), "400");
  EXPECT_EQ(step.error->code, "http.400");
  EXPECT_NE(step.error->message.find("sub-formula 'inner'"), std::string::npos) << step.error->message;
  EXPECT_NE(context_of(player.begun.back()).find(R"("code":400)"), std::string::npos) << "a number for scripts";
}

TEST(PlanSubFormula, SucceedsWhenAFilterInItSaysFalse) {
  PlanPlayer player(with_sub_formula(
      R"({"name":"one","type":"filter","properties":{"body":"done(false) "},"onSuccess":["two"]},
         {"name":"two","type":"script","properties":{"body":"done({}) "}})"));
  player.answers["one"] = {said("false")};
  EXPECT_EQ(player.play().route(), (Route{"trigger success", "A success", "after success"}));
  EXPECT_EQ(player.status(), "success");
}

TEST(PlanSubFormula, MayHaveStepsOfTheSameNameAsItsParents) {
  PlanPlayer player(
      with_sub_formula(R"({"name":"one","type":"script","properties":{"body":"done({}) "},"onSuccess":["A"]},
    {"name":"A","type":"script","properties":{"body":"done({}) "},"onSuccess":["after"]},
    {"name":"after","type":"script","properties":{"body":"done({}) "}})"));
  player.answers["A"] = {said(R"({"inner":1})")};
  EXPECT_EQ(player.play().route(), (Route{"trigger success", "A success", "after success"}));
  EXPECT_EQ(player.status(), "success");
  EXPECT_EQ(player.count("after"), 2U);
}

/// An inner formula with a step "deep" that runs formula `id`.
constexpr const char* nested = R"({"name":"outer","triggers":[{"type":"manual","onSuccess":["A","B"]}],"steps":[
    {"name":"A","type":"formula","properties":{"formulaId":7,"args":{"n":1}}},
    {"name":"B","type":"formula","properties":{"formulaId":7,"args":{"n":2}},"onSuccess":["end"]},
    {"name":"end","type":"script","properties":{"body":"done({}) "}}],
  "subFormulas":[
    {"id":7,"name":"middle","triggers":[{"type":"manual","onSuccess":["deep"]}],"steps":[
      {"name":"deep","type":"formula","properties":{"formulaId":8,"args":"${trigger.args}"}}],
     "subFormulas":[{"id":8,"name":"innermost","triggers":[{"type":"manual","onSuccess":["s"]}],"steps":[
      {"name":"s","type":"script","properties":{"body":"done({}) "}}]}]}]})";

TEST(PlanSubFormula, RunsNestedAndBesideOthers) {
  PlanPlayer player{std::string(nested)};
  player.answers["s"] = {said(R"({"r":1})"), said(R"({"r":2})")};
  player.start();
  ASSERT_EQ(player.out.size(), 2U) << "both innermost scripts at once";
  EXPECT_NE(player.out[0].idempotency_key + std::to_string(std::get<plan::ScriptCall>(*player.out[0].call).seed),
            player.out[1].idempotency_key + std::to_string(std::get<plan::ScriptCall>(*player.out[1].call).seed));
  EXPECT_EQ(player.out[0].formula->name(), "innermost");
  while (player.step()) {
  }
  EXPECT_EQ(player.status(), "success");
  EXPECT_EQ(PlanPlayer::value(player.record("A"), "A.r"), "1");
  EXPECT_EQ(PlanPlayer::value(player.record("B"), "B.r"), "2");
  EXPECT_EQ(player.state.frames.size(), 1U);
  EXPECT_TRUE(player.state.active.empty());
}

TEST(PlanSubFormula, IsCancelledWithTheExecution) {
  PlanPlayer player{std::string(nested)};
  player.start();
  player.send(plan::CancelRequested{.reason = "enough"});
  EXPECT_EQ(player.status(), "cancelled");
  EXPECT_EQ(player.count("s"), 2U);
  EXPECT_EQ(player.record("A").status, plan::StepStatus::cancelled);
  EXPECT_EQ(player.record("deep").status, plan::StepStatus::cancelled);
  EXPECT_TRUE(player.out.empty());
}

TEST(PlanSubFormula, ThatCallsItselfEndsAtTheBoundOnDepth) {
  PlanPlayer player(with_sub_formula(R"({"name":"one","type":"formula","properties":{"formulaId":"1"}})"));
  player.play();
  EXPECT_EQ(player.status(), "failed");
  EXPECT_EQ(player.record("A").error->code, "limit_reached");
  EXPECT_LE(player.state.runs_begun, 40U);
}

TEST(PlanSubFormula, CountsTowardsTheBoundOnSteps) {
  PlanPlayer player(
      with_sub_formula(R"({"name":"one","type":"script","properties":{"body":"done({}) "},"onSuccess":["one"]})"));
  player.state.limits.steps_max = 10;
  player.play();
  EXPECT_EQ(player.status(), "failed");
  EXPECT_EQ(player.finishes.at(0).error->code, "limit_reached");
  EXPECT_EQ(player.records.size(), 11U);
}

TEST(PlanSubFormula, ThatIsNotEmbeddedFailsItsStep) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["A"]}],"steps":[
    {"name":"A","type":"formula","properties":{"formulaId":"${config.which}"}}]})"));
  player.config = {{"which", 99}};
  player.play();
  EXPECT_EQ(player.status(), "failed");
  EXPECT_EQ(player.record("A").error->code, "bad_input");
}

TEST(PlanSubFormula, WithoutStepsSucceedsWithNothing) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["A"]}],"steps":[
    {"name":"A","type":"formula","properties":{"formulaId":"7"}}],
    "subFormulas":[{"id":"7","name":"empty","triggers":[{"type":"manual"}],"steps":[]}]})"));
  EXPECT_EQ(player.play().route(), (Route{"trigger success", "A success"}));
  EXPECT_TRUE(player.record("A").values.empty());
}

TEST(PlanSubFormula, LoopsOfTheSameNameDoNotTouchEachOther) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["loop"]}],"steps":[
    {"name":"loop","type":"loop","properties":{"list":[1,2]},"onSuccess":["A"]},
    {"name":"A","type":"formula","properties":{"formulaId":"7"},"onSuccess":["loop"]}],
    "subFormulas":[{"id":7,"name":"inner","triggers":[{"type":"manual","onSuccess":["loop"]}],"steps":[
      {"name":"loop","type":"loop","properties":{"list":[1,2,3]},"onSuccess":["s"]},
      {"name":"s","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]}]}]})"));
  player.play();
  EXPECT_EQ(player.status(), "success");
  EXPECT_EQ(player.count("s"), 6U);
  EXPECT_EQ(player.count("loop"), 3U + 2 * 4U);
  EXPECT_EQ(player.count("A"), 2U);
  EXPECT_TRUE(player.state.loops.empty());
}

TEST(PlanSubFormula, GivesBackTheBytesOfItsOutputs) {
  PlanPlayer player(with_sub_formula(two_scripts));
  player.answers["one"] = {said("{\"big\":\"" + std::string(10'000, 'x') + "\"}")};
  player.answers["two"] = {said("{\"y\":1}")};
  player.play();
  EXPECT_EQ(player.status(), "success");
  EXPECT_LT(player.state.scope_bytes, 100U);
}

}  // namespace
}  // namespace formulary::testing

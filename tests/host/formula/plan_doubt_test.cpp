// Starting over, and requests of which nobody knows whether they were made.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/host/formula/plan_player.hpp"

namespace formulary::testing {
namespace {

using Route = std::vector<std::string>;
using namespace std::chrono_literals;

std::string with_retry(const std::string& attempts) {
  return R"({"name":"f","triggers":[{"type":"manual","onSuccess":["step1"]}],"steps":[
    {"name":"step1","type":"script","properties":{"body":"done({}) "},"onSuccess":["after"],"onFailure":["again"]},
    {"name":"again","type":"retryFormulaExecution","properties":{"retryAttempts":)" +
         attempts + R"(},"onSuccess":["after"]},
    {"name":"after","type":"script","properties":{"body":"done({}) "}}]})";
}

TEST(PlanStartingOver, TakesFiveStepExecutionsForOneAttemptInVain) {
  PlanPlayer player(with_retry("\"1\""));
  player.answers["step1"] = {threw("no")};
  player.play();
  EXPECT_EQ(player.route(),
            (Route{"trigger success", "step1 failed", "again success", "step1 failed", "again failed"}));
  EXPECT_EQ(player.status(), "failed");
  EXPECT_EQ(PlanPlayer::value(player.record("again", 0), "again.attempt"), "1");
  EXPECT_EQ(PlanPlayer::value(player.record("again", 1), "again.attempt"), "1");
  EXPECT_EQ(player.record("again", 1).error->code, "retries_used_up");
}

TEST(PlanStartingOver, SucceedsWhenALaterAttemptDoes) {
  PlanPlayer player(with_retry("3"));
  player.answers["step1"] = {threw("no"), threw("no"), said("{}")};
  player.play(json::object{{"same", "input"}});
  EXPECT_EQ(player.route(), (Route{"trigger success", "step1 failed", "again success", "step1 failed", "again success",
                                   "step1 success", "after success"}));
  EXPECT_EQ(player.status(), "success");
  EXPECT_EQ(PlanPlayer::value(player.record("again", 1), "again.attempt"), "2");
  EXPECT_NE(script_context(*std::get<plan::ScriptCall>(*player.begun.back().call).scope).find(R"({"same":"input"})"),
            std::string::npos);
}

TEST(PlanStartingOver, WaitsLongerEachTime) {
  PlanPlayer player(with_retry("\"9\""));
  player.answers["step1"] = {threw("no")};
  player.play();
  EXPECT_EQ(player.delays, (std::vector<std::chrono::milliseconds>{3s, 7s, 20s, 55s, 148s, 403s, 1'097s}))
      << "e^n seconds, seven times at most";
}

TEST(PlanStartingOver, ForgetsWhatTheStepsBeforeSaid) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[
    {"name":"a","type":"script","properties":{"body":"done({}) "},"onSuccess":["b"]},
    {"name":"b","type":"script","properties":{"body":"done({}) "},"onFailure":["again"]},
    {"name":"again","type":"retryFormulaExecution","properties":{"retryAttempts":"1"}}]})"));
  player.answers["b"] = {threw("no"), said("{}")};
  player.play();
  ASSERT_EQ(player.begun.size(), 4U);
  EXPECT_NE(script_context(*std::get<plan::ScriptCall>(*player.begun[2].call).scope).find(R"("steps":{})"),
            std::string::npos);
  EXPECT_NE(std::get<plan::ScriptCall>(*player.begun[0].call).seed,
            std::get<plan::ScriptCall>(*player.begun[2].call).seed);
}

TEST(PlanStartingOver, WaitsForWhatIsOutAndBeginsNothingElse) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["bad","slow"]}],"steps":[
    {"name":"bad","type":"script","properties":{"body":"done({}) "},"onFailure":["again"]},
    {"name":"slow","type":"httpRequest","properties":{"method":"POST","url":"http://x"},"onSuccess":["never"]},
    {"name":"never","type":"script","properties":{"body":"done({}) "}},
    {"name":"again","type":"retryFormulaExecution","properties":{"retryAttempts":"1"}}]})"));
  player.start();
  const auto bad = player.out[0];
  const auto slow = player.out[1];
  player.out.clear();
  player.send(plan::StepEnded{.run = bad.run, .outcome = threw("no")});
  player.send(plan::TimerFired{.run = player.timers.at(0).run});
  EXPECT_TRUE(player.out.empty()) << "the request is out";
  player.send(plan::StepEnded{.run = slow.run, .outcome = answered(200)});
  ASSERT_EQ(player.out.size(), 2U) << "both branches from the beginning";
  EXPECT_EQ(player.out[0].step->name, "bad");
  EXPECT_NE(player.out[1].idempotency_key, slow.idempotency_key) << "the formula asks for another request";
  EXPECT_EQ(player.count("never"), 0U);
}

TEST(PlanStartingOver, InASubFormulaConcernsThatAlone) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["first"]}],"steps":[
    {"name":"first","type":"script","properties":{"body":"done({}) "},"onSuccess":["A"]},
    {"name":"A","type":"formula","properties":{"formulaId":"7"}}],
    "subFormulas":[{"id":7,"name":"inner","triggers":[{"type":"manual","onSuccess":["s"]}],"steps":[
      {"name":"s","type":"script","properties":{"body":"done({}) "},"onFailure":["again"]},
      {"name":"again","type":"retryFormulaExecution","properties":{"retryAttempts":"2"}}]}]})"));
  player.answers["s"] = {threw("no"), said(R"({"x":1})")};
  player.play();
  EXPECT_EQ(player.route(), (Route{"trigger success", "first success", "A success"}));
  EXPECT_EQ(player.count("s"), 2U);
  EXPECT_EQ(PlanPlayer::value(player.record("A"), "A.x"), "1");
}

std::string post(const std::string& edges) {
  return R"({"name":"f","triggers":[{"type":"manual","onSuccess":["hire"]}],"steps":[
    {"name":"hire","type":"httpRequest","properties":{"method":"POST","url":"http://x"})" +
         edges + R"(},{"name":"after","type":"script","properties":{"body":"done({}) "}},
    {"name":"sorry","type":"script","properties":{"body":"done({}) "}}]})";
}

TEST(PlanDoubt, GoesToOnFailureIfThereIsOne) {
  PlanPlayer player(post(R"(,"onSuccess":["after"],"onFailure":["sorry"])"));
  player.start();
  player.send(plan::Doubted{.run = player.out.front().run});
  player.out.pop_front();
  EXPECT_EQ(player.record("hire").error->code, "in_doubt");
  while (player.step()) {
  }
  EXPECT_EQ(player.route(), (Route{"trigger success", "hire failed", "sorry success"}));
  EXPECT_EQ(player.status(), "failed");
  EXPECT_TRUE(player.parks.empty());
}

TEST(PlanDoubt, WithoutOneParksTheExecutionUntilAPersonDecides) {
  PlanPlayer player(post(R"(,"onSuccess":["after"])"));
  player.start();
  const auto run = player.out.front();
  player.out.clear();
  player.send(plan::Doubted{.run = run.run});
  ASSERT_EQ(player.parks.size(), 1U);
  EXPECT_EQ(player.parks[0].runs, std::vector<plan::RunId>{run.run});
  EXPECT_TRUE(player.state.parked);
  EXPECT_TRUE(player.send(plan::StepEnded{.run = run.run, .outcome = answered(200)}).empty()) << "that is no decision";
  EXPECT_TRUE(plan::outstanding(player.state, player.now).empty());

  PlanPlayer again = player;
  again.send(plan::Resolved{.run = run.run});
  ASSERT_EQ(again.out.size(), 1U);
  EXPECT_EQ(again.out[0].attempt, 2);
  EXPECT_EQ(again.out[0].idempotency_key, run.idempotency_key);
  EXPECT_FALSE(again.state.parked);

  player.send(plan::Resolved{.run = run.run, .outcome = answered(201, R"({"id":5})")});
  while (player.step()) {
  }
  EXPECT_EQ(player.status(), "success");
  EXPECT_EQ(PlanPlayer::value(player.record("hire"), "hire.response.code"), "201");
}

TEST(PlanDoubt, DoesNotParkWhileAnotherBranchMoves) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["hire","s"]}],"steps":[
    {"name":"hire","type":"httpRequest","properties":{"method":"POST","url":"http://x"}},
    {"name":"s","type":"script","properties":{"body":"done({}) "}}]})"));
  player.start();
  player.send(plan::Doubted{.run = player.out.front().run});
  player.out.pop_front();
  EXPECT_TRUE(player.parks.empty());
  player.step();
  EXPECT_EQ(player.parks.size(), 1U);
}

TEST(PlanDoubt, CanBeEndedByCancelling) {
  PlanPlayer player(post(""));
  player.start();
  player.send(plan::Doubted{.run = player.out.front().run});
  player.send(plan::CancelRequested{});
  EXPECT_EQ(player.status(), "cancelled");
  EXPECT_EQ(player.record("hire").status, plan::StepStatus::cancelled);
}

struct SafetyCase {
  const char* why;
  const char* step;
  plan::Safety safety;
  const char* key;  ///< "": none; "*": the plan's own.
};
class Safeties : public ::testing::TestWithParam<SafetyCase> {};

TEST_P(Safeties, FollowFromTheRequest) {
  PlanPlayer player(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[{"name":"a",)" +
                    std::string(GetParam().step) + "}]}");
  player.start();
  ASSERT_EQ(player.out.size(), 1U);
  EXPECT_EQ(plan::name(player.out[0].safety), plan::name(GetParam().safety));
  const std::string key = GetParam().key;
  if (key == "*") {
    EXPECT_EQ(player.out[0].idempotency_key.size(), 32U);
  } else {
    EXPECT_EQ(player.out[0].idempotency_key, key);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Table, Safeties,
    ::testing::Values(
        SafetyCase{"get", R"("type":"httpRequest","properties":{"method":"GET","url":"http://x"})", plan::Safety::safe,
                   ""},
        SafetyCase{"head", R"("type":"httpRequest","properties":{"method":"head","url":"http://x"})",
                   plan::Safety::safe, ""},
        SafetyCase{"options", R"("type":"request","properties":{"method":"OPTIONS","api":"/x"})", plan::Safety::safe,
                   ""},
        SafetyCase{"put", R"("type":"httpRequest","properties":{"method":"PUT","url":"http://x"})",
                   plan::Safety::idempotent, "*"},
        SafetyCase{"delete", R"("type":"request","properties":{"method":"DELETE","api":"/x"})",
                   plan::Safety::idempotent, "*"},
        SafetyCase{"post", R"("type":"httpRequest","properties":{"method":"POST","url":"http://x"})",
                   plan::Safety::unsafe, "*"},
        SafetyCase{"patch", R"("type":"request","properties":{"method":"PATCH","api":"/x"})", plan::Safety::unsafe,
                   "*"},
        SafetyCase{
            "keyed",
            R"("type":"httpRequest","properties":{"method":"POST","url":"http://x","headers":{"idempotency-KEY":"k-1"}})",
            plan::Safety::keyed, "k-1"},
        SafetyCase{"script", R"("type":"script","properties":{"body":"done() "})", plan::Safety::pure, ""},
        SafetyCase{
            "stream",
            R"("type":"elementRequestStream","properties":{"downloadElementInstanceId":1,"downloadMethod":"GET","downloadApi":"/a","uploadElementInstanceId":2,"uploadMethod":"POST","uploadApi":"/b"})",
            plan::Safety::unsafe, "*"},
        SafetyCase{
            "stream_put",
            R"("type":"elementRequestStream","properties":{"downloadElementInstanceId":1,"downloadMethod":"GET","downloadApi":"/a","uploadElementInstanceId":2,"uploadMethod":"PUT","uploadApi":"/b"})",
            plan::Safety::idempotent, "*"},
        SafetyCase{"amqp", R"("type":"amqpRequest","properties":{"url":"amqp://h","queue":"q","body":"x"})",
                   plan::Safety::unsafe, "*"},
        SafetyCase{"notification", R"("type":"notification","properties":{"body":"x"})", plan::Safety::idempotent,
                   "*"}),
    [](const auto& tested) { return std::string(tested.param.why); });

}  // namespace
}  // namespace formulary::testing

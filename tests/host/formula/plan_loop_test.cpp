#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/host/formula/plan_player.hpp"

namespace formulary::testing {
namespace {

using Route = std::vector<std::string>;

constexpr const char* list_and_body = R"({"name":"f","triggers":[{"type":"manual","onSuccess":["list"]}],"steps":[
  {"name":"list","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]},
  {"name":"loop","type":"loop","properties":{"list":"${steps.list.ids}"},"onSuccess":["body"],"onFailure":["after"]},
  {"name":"body","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"],"onFailure":["loop"]},
  {"name":"after","type":"script","properties":{"body":"done({}) "}}]})";

std::string numbers(std::size_t count) {
  json::array list;
  for (std::size_t at = 0; at < count; ++at) list.emplace_back(at);
  return to_text(json::object{{"ids", list}});
}

TEST(PlanLoop, ExecutesItsStepOnceMoreThanThereAreEntries) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["list"]}],"steps":[
    {"name":"list","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]},
    {"name":"loop","type":"loop","properties":{"list":"${steps.list.ids}"},"onSuccess":["body"]},
    {"name":"body","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]}]})"));
  player.answers["list"] = {said(numbers(50))};
  player.play();
  EXPECT_EQ(player.status(), "success");
  EXPECT_EQ(player.records.size(), 103U);
  EXPECT_EQ(player.count("loop"), 51U);
  EXPECT_EQ(player.count("body"), 50U);
}

TEST(PlanLoop, CountsNestedOnesAsThePlatformDoes) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["list"]}],"steps":[
    {"name":"list","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop-1"]},
    {"name":"loop-1","type":"loop","properties":{"list":"${steps.list.ids}"},"onSuccess":["script-1"]},
    {"name":"script-1","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop-2"]},
    {"name":"loop-2","type":"loop","properties":{"list":"${steps.script-1.ids}"},"onSuccess":["script-2"],"onFailure":["loop-1"]},
    {"name":"script-2","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop-2"]}]})"));
  player.answers["list"] = {said(numbers(2))};
  player.answers["script-1"] = {said(numbers(2))};
  player.play();
  EXPECT_EQ(player.status(), "success");
  EXPECT_EQ(player.count("loop-1"), 3U);
  EXPECT_EQ(player.count("script-1"), 2U);
  EXPECT_EQ(player.count("loop-2"), 6U);
  EXPECT_EQ(player.count("script-2"), 4U);
  EXPECT_EQ(player.records.size(), 17U);
  EXPECT_EQ(player.progress,
            (Route{"loop-1 0/2", "loop-2 0/2 inside", "loop-2 1/2 inside", "loop-2 2/2 inside", "loop-1 1/2",
                   "loop-2 0/2 inside", "loop-2 1/2 inside", "loop-2 2/2 inside", "loop-1 2/2"}));
  EXPECT_TRUE(player.state.loops.empty()) << "a passage that nobody is in is forgotten";
}

TEST(PlanLoop, SaysWhichEntryAndThenThatThereIsNoMore) {
  PlanPlayer player{std::string(list_and_body)};
  player.answers["list"] = {said(R"({"ids":[{"a":1},"text"]})")};
  player.play();
  const auto first = player.record("loop", 0);
  EXPECT_EQ(first.status, plan::StepStatus::success);
  EXPECT_EQ(PlanPlayer::value(first, "loop.index"), "0");
  EXPECT_EQ(PlanPlayer::value(first, "loop.entry"), R"({"a":1})");
  EXPECT_EQ(PlanPlayer::value(player.record("loop", 1), "loop.entry"), R"("text")");
  const auto last = player.record("loop", 2);
  EXPECT_EQ(last.status, plan::StepStatus::failed);
  EXPECT_TRUE(last.values.empty());
  EXPECT_FALSE(last.error) << "the end of a list is no error";
  EXPECT_EQ(player.route().back(), "after success");
  EXPECT_EQ(player.status(), "success");
}

TEST(PlanLoop, ShowsItsEntryToScriptsAndReferencesAsAValue) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["loop"]}],"steps":[
    {"name":"loop","type":"loop","properties":{"list":"${trigger.args.ids}"},"onSuccess":["get"]},
    {"name":"get","type":"httpRequest","properties":{"method":"GET","url":"http://x/${steps.loop.entry.id}/${loop.index}"}}]})"));
  player.start(parse_json(R"({"ids":[{"id":"a-1"}]})", "args"));
  ASSERT_EQ(player.out.size(), 1U);
  EXPECT_EQ(std::get<plan::RequestCall>(*player.out.front().call).target, "http://x/a-1/0");
  EXPECT_EQ(*player.state.frames.at(0).scope->steps.find("loop")->output.text(), R"({"index":0,"entry":{"id":"a-1"}})");
}

TEST(PlanLoop, OverNothingIsDoneAtOnce) {
  PlanPlayer player{std::string(list_and_body)};
  player.answers["list"] = {said(R"({"ids":[]})")};
  EXPECT_EQ(player.play().route(), (Route{"trigger success", "list success", "loop failed", "after success"}));
  EXPECT_EQ(player.status(), "success");
}

struct NoList {
  const char* why;
  const char* output;
};
class NoLists : public ::testing::TestWithParam<NoList> {};

TEST_P(NoLists, FailTheLoopAndTheExecution) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["list"]}],"steps":[
    {"name":"list","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]},
    {"name":"loop","type":"loop","properties":{"list":"${steps.list.ids}"},"onSuccess":["body"]},
    {"name":"body","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]}]})"));
  player.answers["list"] = {said(GetParam().output)};
  EXPECT_EQ(player.play().route(), (Route{"trigger success", "list success", "loop failed"}));
  EXPECT_EQ(player.status(), "failed");
  const auto loop = player.record("loop");
  ASSERT_EQ(loop.values.size(), 1U);
  EXPECT_EQ(loop.values[0].first, "loop.error");
  EXPECT_NE(loop.values[0].second.find("no list"), std::string::npos) << loop.values[0].second;
}
INSTANTIATE_TEST_SUITE_P(Table, NoLists,
                         ::testing::Values(NoList{"object", R"({"ids":{"a":1}})"}, NoList{"missing", "{}"},
                                           NoList{"text", R"({"ids":"[1,2]"})"}, NoList{"null", R"({"ids":null})"}),
                         [](const auto& tested) { return std::string(tested.param.why); });

TEST(PlanLoop, ABodyThatLeadsNowhereEndsTheBranch) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["loop"]}],"steps":[
    {"name":"loop","type":"loop","properties":{"list":[1,2,3]},"onSuccess":["body"],"onFailure":["after"]},
    {"name":"body","type":"script","properties":{"body":"done({}) "}},
    {"name":"after","type":"script","properties":{"body":"done({}) "}}]})"));
  EXPECT_EQ(player.play().route(), (Route{"trigger success", "loop success", "body success"}));
  EXPECT_EQ(player.status(), "success");
}

TEST(PlanLoop, WithTwoWaysBackStillTakesEachEntryOnce) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["loop"]}],"steps":[
    {"name":"loop","type":"loop","properties":{"list":[1,2,3]},"onSuccess":["a","b"],"onFailure":["after"]},
    {"name":"a","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]},
    {"name":"b","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]},
    {"name":"after","type":"script","properties":{"body":"done({}) "}}]})"));
  player.play();
  EXPECT_EQ(player.count("loop"), 4U);
  EXPECT_EQ(player.count("a"), 3U);
  EXPECT_EQ(player.count("b"), 3U);
  EXPECT_EQ(player.count("after"), 1U);
  EXPECT_TRUE(player.state.loops.empty());
}

TEST(PlanLoop, StartsAnewWhenItIsEnteredAfterItsEnd) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["page"]}],"steps":[
    {"name":"page","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]},
    {"name":"loop","type":"loop","properties":{"list":"${steps.page.ids}"},"onSuccess":["body"],"onFailure":["more"]},
    {"name":"body","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]},
    {"name":"more","type":"filter","properties":{"body":"done(true) "},"onSuccess":["page"]}]})"));
  player.answers["page"] = {said(numbers(2)), said(numbers(3))};
  player.answers["more"] = {said("true"), said("false")};
  player.play();
  EXPECT_EQ(player.count("loop"), 3U + 4U);
  EXPECT_EQ(player.count("body"), 5U);
  EXPECT_EQ(player.status(), "success");
}

TEST(PlanLoop, GoesOnAfterAFailedBodyAndTheExecutionStaysFailed) {
  PlanPlayer player{std::string(list_and_body)};
  player.answers["list"] = {said(numbers(3))};
  player.answers["body"] = {said("{}"), threw("no"), said("{}")};
  player.play();
  EXPECT_EQ(player.count("body"), 3U);
  EXPECT_EQ(player.route().back(), "after success");
  EXPECT_EQ(player.status(), "failed");
}

TEST(PlanLoop, KeepsTheListThatItBeganWith) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["list"]}],"steps":[
    {"name":"list","type":"script","properties":{"body":"done({}) "},"onSuccess":["loop"]},
    {"name":"loop","type":"loop","properties":{"list":"${steps.list.ids}"},"onSuccess":["body"]},
    {"name":"body","type":"filter","properties":{"body":"done(true) "},"onSuccess":["list"],"onFailure":["loop"]}]})"));
  player.answers["list"] = {said(R"({"ids":["a","b"]})"), said(R"({"ids":["c"]})")};
  player.answers["body"] = {said("true"), said("false")};
  player.play();
  EXPECT_EQ(PlanPlayer::value(player.record("loop", 1), "loop.entry"), R"("b")")
      << "the body came back to its loop through a step outside: the same passage";
  EXPECT_EQ(player.count("loop"), 3U);
}

TEST(PlanLoop, PassesTheBoundOnStepsAsAnyCircleDoes) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["loop"]}],"steps":[
    {"name":"loop","type":"loop","properties":{"list":"${trigger.args}"},"onSuccess":["loop"]}]})"));
  player.state.limits.steps_max = 100;
  player.play(json::array(100));
  EXPECT_EQ(player.status(), "failed");
  EXPECT_EQ(player.finishes.at(0).error->code, "limit_reached");
  EXPECT_EQ(player.records.size(), 101U);
}

TEST(PlanLoop, KeepsNoMoreValuesOfAnExecutionThanTheBoundAllows) {
  PlanPlayer player(std::string(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["loop"]}],"steps":[
    {"name":"loop","type":"loop","properties":{"list":"${trigger.args}"},"onSuccess":["loop"]}]})"));
  player.state.limits.values_bytes_max = 10'000;
  json::array list;
  for (int count = 0; count < 100; ++count) list.emplace_back(std::string(1'000, 'x'));
  player.state.limits.value_bytes_max = 4'000;
  player.play(std::move(list));
  EXPECT_EQ(player.status(), "success");
  std::size_t bytes = 0;
  for (const auto& record : player.records) {
    for (const auto& [key, value] : record.values) bytes += key.size() + value.size();
  }
  EXPECT_LE(bytes, 10'000U);
  EXPECT_GE(bytes, 8'000U);
}

}  // namespace
}  // namespace formulary::testing

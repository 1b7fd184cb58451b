#include "host/formula/trigger_input.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "host/base/error.hpp"
#include "tests/host/formula/plan_player.hpp"

namespace formulary::testing {
namespace {

using plan::Values;

plan::StepRecord trigger_record(const std::string& trigger, json::value args, std::string* context = nullptr) {
  PlanPlayer player(R"({"name":"f","triggers":[{"onSuccess":[],)" + trigger + R"(}],"steps":[]})");
  player.play(std::move(args));
  if (context != nullptr) *context = to_text(player.state.frames.at(0).scope->trigger.value());
  return player.record("trigger");
}

TEST(Triggers, AManualOneShowsItsArgsAlone) {
  EXPECT_EQ(trigger_record(R"("type":"manual")", json::object{{"foo", "bar"}}).values,
            (Values{{"trigger.args", R"({"foo":"bar"})"}}));
}

TEST(Triggers, AScheduledOneShowsItsTypeHoweverItStarts) {
  EXPECT_EQ(
      trigger_record(R"("type":"scheduled","properties":{"cron":"0 0 12 * * ?"})", json::object{{"by", "hand"}}).values,
      (Values{{"trigger.type", "scheduled"}}));
}

TEST(Triggers, AnEventOneShowsOneEvent) {
  const json::value notification = parse_json(
      R"({"message":{"eventId":35149,"instance_id":764,"events":[{"objectId":"1"},{"objectId":"2"}],"raw":{"all":[1,2]}}})",
      "event");
  const auto args = plan::split_event(notification);
  ASSERT_EQ(args.size(), 2U);
  std::string context;
  const auto record =
      trigger_record(R"("type":"event","properties":{"elementInstanceId":"${config.x}"})", args[1], &context);
  EXPECT_EQ(
      record.values,
      (Values{{"trigger.type", "event"},
              {"trigger.event", R"({"objectId":"2"})"},
              {"trigger.eventId", "35149"},
              {"trigger.instanceId", "764"},
              {"trigger.body",
               R"({"message":{"eventId":35149,"instance_id":764,"events":[{"objectId":"2"}],"raw":{"all":[1,2]}}})"}}));
  EXPECT_NE(context.find(R"("event":{"objectId":"2"})"), std::string::npos) << context;
  EXPECT_NE(context.find(R"("type":"event")"), std::string::npos) << context;
}

struct Notification {
  const char* why;
  const char* body;
  std::size_t executions;
};
class Notifications : public ::testing::TestWithParam<Notification> {};
TEST_P(Notifications, GiveAnExecutionForEachEvent) {
  EXPECT_EQ(plan::split_event(parse_json(GetParam().body, "event")).size(), GetParam().executions);
}
INSTANTIATE_TEST_SUITE_P(Table, Notifications,
                         ::testing::Values(Notification{"three", R"({"message":{"events":[{},{},{}]}})", 3},
                                           Notification{"bare", R"({"events":[{},{}]})", 2},
                                           Notification{"none", R"({"message":{"events":[]}})", 1},
                                           Notification{"no_list", R"({"message":{"raw":{}}})", 1},
                                           Notification{"text", R"("hello")", 1},
                                           Notification{"odd_list", R"({"events":{"a":1}})", 1}),
                         [](const auto& tested) { return std::string(tested.param.why); });

TEST(Triggers, MoreEventsThanTheBoundAreRefused) {
  try {
    (void)plan::split_event(json::object{{"events", json::array(plan::split_events_max + 1)}});
    ADD_FAILURE() << "it was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::limit_reached);
  }
}

TEST(Triggers, AnElementRequestShowsBothHalves) {
  const auto args = plan::element_request_args({.method = "POST",
                                                .path = "/hubs/crm/contacts",
                                                .query = {{"a", "1"}},
                                                .headers = {{"Accept", "x"}},
                                                .body = json::object{{"n", 1}},
                                                .status = 200,
                                                .response_headers = {{"B", "y"}},
                                                .response_body = json::object{{"id", 5}}});
  std::string context;
  const auto record = trigger_record(
      R"("type":"elementRequest","properties":{"elementInstanceId":"1","method":"POST","api":"/contacts"})", args,
      &context);
  EXPECT_EQ(record.values, (Values{{"trigger.type", "request"},
                                   {"trigger.request.body", R"({"n":1})"},
                                   {"trigger.request.headers", R"({"Accept":"x"})"},
                                   {"trigger.request.method", "POST"},
                                   {"trigger.request.path", "/hubs/crm/contacts"},
                                   {"trigger.request.query", R"({"a":"1"})"},
                                   {"trigger.response.body", R"({"id":5})"},
                                   {"trigger.response.code", "200"},
                                   {"trigger.response.headers", R"({"B":"y"})"}}));
  EXPECT_NE(context.find(R"("code":200)"), std::string::npos) << "a number for scripts";
}

struct Body {
  const char* why;
  const char* body;
  const char* args;
};
class ResourceArgs : public ::testing::TestWithParam<Body> {};
TEST_P(ResourceArgs, AreTheBodyAndTheRequest) {
  EXPECT_EQ(to_text(plan::resource_args(
                {.method = "GET", .path = "/f", .query = {{"q", "1"}}, .body = parse_json(GetParam().body, "body")})),
            GetParam().args);
}
INSTANTIATE_TEST_SUITE_P(
    Table, ResourceArgs,
    ::testing::Values(
        Body{"object", R"({"a":1})",
             R"({"a":1,"request":{"method":"GET","path":"/f","query":{"q":"1"},"headers":{}}})"},
        Body{"own_request", R"({"request":"mine"})", R"({"request":"mine"})"},
        Body{"nothing", "null", R"({"request":{"method":"GET","path":"/f","query":{"q":"1"},"headers":{}}})"},
        Body{"list", "[1]", R"({"body":[1],"request":{"method":"GET","path":"/f","query":{"q":"1"},"headers":{}}})"}),
    [](const auto& tested) { return std::string(tested.param.why); });

struct Reply {
  const char* why;
  const char* output;
  int status;
  const char* body;
};
class ResourceReplies : public ::testing::TestWithParam<Reply> {};
TEST_P(ResourceReplies, FollowFromTheLastOutput) {
  const auto reply = plan::resource_reply(parse_json(GetParam().output, "output"));
  EXPECT_EQ(reply.status, GetParam().status);
  EXPECT_EQ(to_text(reply.body), GetParam().body);
}
INSTANTIATE_TEST_SUITE_P(Table, ResourceReplies,
                         ::testing::Values(Reply{"both", R"({"statusCode":201,"result":{"a":1}})", 201, R"({"a":1})"},
                                           Reply{"text_code", R"({"statusCode":"404","result":"no"})", 404, R"("no")"},
                                           Reply{"result_alone", R"({"result":[1,2]})", 200, "[1,2]"},
                                           Reply{"other_members", R"({"result":1,"more":2})", 200,
                                                 R"({"result":1,"more":2})"},
                                           Reply{"code_alone", R"({"statusCode":201})", 200, R"({"statusCode":201})"},
                                           Reply{"absurd_code", R"({"statusCode":7,"result":1})", 200, "1"},
                                           Reply{"list", "[1]", 200, "[1]"}),
                         [](const auto& tested) { return std::string(tested.param.why); });

}  // namespace
}  // namespace formulary::testing

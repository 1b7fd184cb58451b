#include "tests/host/api/formula_api_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;

class FormulaInstancesRoutesTest : public FormulaApiTest {
 protected:
  std::int64_t formula() {
    return made_formula(R"({"name":"f","triggers":[{"type":"manual"}],
        "configuration":[{"key":"crm","name":"CRM","type":"elementInstance","required":true},
                         {"key":"who","name":"Who","type":"value"}]})");
  }
  std::int64_t scheduled() {
    return made_formula(R"({"name":"f","triggers":[{"type":"scheduled","properties":{"cron":"${config.cron}"}}],
        "configuration":[{"key":"cron","name":"c","type":"value","required":true}]})");
  }
  static std::string one(std::int64_t instance, const std::string& rest = {}) {
    return "/formulas/instances/" + std::to_string(instance) + rest;
  }
  static std::string of(std::int64_t formula, const std::string& rest = {}) {
    return "/formulas/" + std::to_string(formula) + "/instances" + rest;
  }
};

TEST_F(FormulaInstancesRoutesTest, MakesAnInstanceThatAllItsPathsShow) {
  const std::int64_t id = formula();
  const Answer made = post(of(id), R"({"name":"<b>mine</b>","configuration":{"crm":12,"who":"me"},
      "settings":{"notification.email":"a@x.org","more":1}})");
  ASSERT_EQ(made.status, 200) << made.text();
  EXPECT_EQ(made["name"], "mine");
  EXPECT_EQ(made["active"], true);
  EXPECT_EQ(made["configuration"].at("crm"), 12);
  EXPECT_EQ(made["settings"].at("more"), 1);
  EXPECT_EQ(made["formula"].at("id"), id);
  EXPECT_EQ(made["formula"].at("name"), "f");
  EXPECT_EQ(made["numberConsecutiveErrors"], 0);
  EXPECT_EQ(get(one(made.id())).body, made.body);
  EXPECT_EQ(get(of(id, "/" + std::to_string(made.id()))).body, made.body);
  EXPECT_EQ(get(of(id)).body, json::array{made.body});
  EXPECT_EQ(get("/accounts/7/formulas/" + std::to_string(id) + "/instances").body, json::array{made.body});
  EXPECT_EQ(get("/accounts/8/formulas/" + std::to_string(id) + "/instances").status, 404);
}

TEST_F(FormulaInstancesRoutesTest, RefusesWhatCannotRun) {
  const std::int64_t id = formula();
  const std::pair<const char*, const char*> refused[] = {
      {R"({"configuration":{"crm":"12"}})", "name: missing"},
      {R"({"name":"i"})", "configuration.crm: is required"},
      {R"({"name":"i","configuration":{"crm":"13"}})", "there is no element instance '13'"},
      {R"({"name":"i","configuration":{"crm":"12"},"settings":{"api":"/bingo"}})", "settings.api"},
      {R"({"name":"i","configuration":{"crm":"12"},"settings":{"api":"GET /accounts"}})", "settings.api"},
      {R"({"name":"i","configuration":{"crm":"12"},"settings":{"api":"GET /formulas/instances"}})", "settings.api"},
      {R"({"name":"i","configuration":[]})", "configuration: not an object"},
  };
  for (const auto& [body, sentence] : refused) {
    const Answer one = post(of(id), body);
    EXPECT_EQ(one.status, 400) << body;
    EXPECT_THAT(one.text(), HasSubstr(sentence)) << body;
  }
  const std::int64_t open = made_formula(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["nowhere"]}]})");
  EXPECT_EQ(post(of(open), R"({"name":"i"})").status, 400);
  EXPECT_EQ(post(of(-1), R"({"name":"i"})").status, 404);
}

TEST_F(FormulaInstancesRoutesTest, WhatIsNotGivenStays) {
  const std::int64_t id = made_instance(formula(), R"({"name":"i","configuration":{"crm":"12"}})");
  const Answer changed =
      put(one(id), R"({"firstConsecutiveErrorDate":"2018-04-04T20:44:36Z","numberConsecutiveErrors":50})");
  ASSERT_EQ(changed.status, 200) << changed.text();
  EXPECT_EQ(changed["numberConsecutiveErrors"], 50);
  EXPECT_EQ(changed["firstConsecutiveErrorDate"], "2018-04-04T20:44:36Z");
  EXPECT_EQ(changed["name"], "i");
  EXPECT_EQ(changed["configuration"].at("crm"), "12");
  EXPECT_EQ(put(one(id), R"({"configuration":{}})").status, 400);
}

TEST_F(FormulaInstancesRoutesTest, ListsWhatIsAskedFor) {
  const std::int64_t id = formula();
  element_instances.insert("13");
  const std::int64_t first = made_instance(id, R"({"name":"First one","configuration":{"crm":"12"}})");
  const std::int64_t second = made_instance(id, R"({"name":"second","configuration":{"crm":13},"active":false})");
  EXPECT_EQ(get("/formulas/instances").body.as_array().size(), 1);
  EXPECT_EQ(get("/formulas/instances?includeInactive=true").body.as_array().size(), 2);
  EXPECT_EQ(get("/formulas/instances?elementInstanceId=12").body.at(0).at("id"), first);
  EXPECT_EQ(get("/formulas/instances?elementInstanceId=13&includeInactive=true").body.at(0).at("id"), second);
  EXPECT_EQ(get("/formulas/instances?elementInstanceId=-1").text(), "[]");
  EXPECT_EQ(get("/formulas/instances?searchText=first").body.at(0).at("id"), first);
  EXPECT_EQ(get("/formulas/instances?searchText=third").text(), "[]");
  authorizer.principal.account = 8;
  EXPECT_EQ(get("/formulas/instances?includeInactive=true").text(), "[]");
  for (const char* rest : {"", "/active", "/executions"}) {
    EXPECT_NE(put(one(first, rest), "{}").status, 200) << rest;
  }
  EXPECT_EQ(remove(one(first)).status, 404);
}

TEST_F(FormulaInstancesRoutesTest, IsScheduledWhileItAndItsFormulaAreActive) {
  const std::int64_t id = scheduled();
  EXPECT_EQ(post(of(id), R"({"name":"i","configuration":{"cron":"soon"}})").status, 400);
  const std::int64_t instance = made_instance(id, R"({"name":"i","configuration":{"cron":"0 0/15 * 1/1 * ? *"}})");
  ASSERT_TRUE(schedules.contains(instance));
  EXPECT_EQ(schedules.at(instance).cron.text(), "0 0/15 * 1/1 * ? *");
  EXPECT_EQ(remove(one(instance, "/active")).status, 200);
  EXPECT_FALSE(schedules.contains(instance));
  EXPECT_EQ(put(one(instance, "/active")).status, 200);
  EXPECT_TRUE(schedules.contains(instance));
  EXPECT_EQ(patch("/formulas/" + std::to_string(id), R"({"active":false})").status, 200);
  EXPECT_FALSE(schedules.contains(instance));
  EXPECT_EQ(patch("/formulas/" + std::to_string(id), R"({"active":true})").status, 200);
  EXPECT_TRUE(schedules.contains(instance));
  services().instances->schedule_all();
  EXPECT_EQ(schedules.size(), 1);
  EXPECT_EQ(remove(one(instance)).status, 200);
  EXPECT_TRUE(schedules.empty());
  EXPECT_EQ(put(one(-1, "/active")).status, 404);
}

TEST_F(FormulaInstancesRoutesTest, LivesAsLongAsItsSettingsSay) {
  const std::int64_t id = made_instance(
      formula(), R"({"name":"i","configuration":{"crm":"12"},"settings":{"formula.instance.time.to.live":"3600"}})");
  clock.advance(std::chrono::seconds(3599));
  EXPECT_EQ(services().instances->remove_expired(), 0);
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(services().instances->remove_expired(), 1);
  EXPECT_EQ(get(one(id)).status, 404);
}

TEST_F(FormulaInstancesRoutesTest, AnEventStartsTheInstancesThatWaitForIt) {
  const std::int64_t id = made_formula(
      R"({"name":"f","triggers":[{"type":"event","properties":{"elementInstanceId":"${crm}"}}],
          "configuration":[{"key":"crm","name":"CRM","type":"elementInstance","required":true}]})");
  (void)made_instance(id, R"({"name":"by id","configuration":{"crm":12}})");
  (void)made_instance(id, R"({"name":"by name","configuration":{"crm":"Acme"}})");
  (void)made_instance(id, R"({"name":"rests","configuration":{"crm":"12"},"active":false})");
  const json::value notification = parse_json(R"({"message":{"events":[{"objectId":"a"},{"objectId":"b"}]}})", "test");
  EXPECT_EQ(services().starter->on_event(7, {"12", "Acme"}, notification).executions.size(), 4);
  EXPECT_EQ(services().starter->on_event(7, {"13"}, notification).executions.size(), 0);
  EXPECT_EQ(services().starter->on_event(8, {"12"}, notification).executions.size(), 0);
}

TEST_F(FormulaInstancesRoutesTest, AnEventThatWasStartedInPartStartsOnlyTheRest) {
  const std::int64_t id = made_formula(
      R"({"name":"f","triggers":[{"type":"event","properties":{"elementInstanceId":"${crm}"}}],
          "configuration":[{"key":"crm","name":"CRM","type":"elementInstance","required":true}]})");
  const std::int64_t whole = made_instance(id, R"({"name":"whole","configuration":{"crm":12}})");
  const std::int64_t part = made_instance(id, R"({"name":"part","configuration":{"crm":12}})");
  const json::value notification =
      parse_json(R"({"message":{"eventId":5,"events":[{"objectId":"a"},{"objectId":"b"},{"objectId":"c"}]}})", "test");
  const auto before = [&](std::int64_t instance) -> std::size_t { return instance == whole ? 3 : 2; };
  EXPECT_EQ(services().starter->on_event(7, {"12"}, notification, before).executions.size(), 1);
  const Answer executions = get("/formulas/instances/" + std::to_string(part) + "/executions?objectId=c");
  EXPECT_EQ(executions.body.as_array().size(), 1) << executions.text();
}

TEST_F(FormulaInstancesRoutesTest, ACallThroughTheApiStartsTheInstancesThatWaitForIt) {
  const std::int64_t id = made_formula(
      R"({"name":"f","triggers":[{"type":"elementRequest","properties":{"elementInstanceId":"${crm}","method":"get",
          "api":"/hubs/crm/contacts/{id}"}}],
          "configuration":[{"key":"crm","name":"CRM","type":"elementInstance","required":true}]})");
  (void)made_instance(id, R"({"name":"i","configuration":{"crm":12}})");
  plan::ElementRequestSeen seen{.method = "GET", .path = "/contacts/5"};
  EXPECT_EQ(services().starter->on_element_request(7, {"12"}, seen).size(), 1);
  seen.path = "/contacts";
  EXPECT_EQ(services().starter->on_element_request(7, {"12"}, seen).size(), 0);
  seen = {.method = "POST", .path = "/hubs/crm/contacts/5"};
  EXPECT_EQ(services().starter->on_element_request(7, {"12"}, seen).size(), 0);
}

}  // namespace
}  // namespace formulary::testing

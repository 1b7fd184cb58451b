#include "tests/host/api/formula_api_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* manual = R"({
  "name":"Hire","description":"d","colour":"green",
  "configuration":[{"key":"crm.instance","name":"CRM","type":"elementInstance","required":true},
                   {"key":"who","name":"Who","type":"value"}],
  "triggers":[{"type":"manual","onSuccess":["first"]}],
  "steps":[{"name":"first","type":"script","properties":{"body":"done({a:`${who}`});"},"onSuccess":["second"]},
           {"name":"second","type":"elementRequest","onFailure":["first"],
            "properties":{"elementInstanceId":"${config.crm.instance}","method":"GET","api":"/x","query":"${who}"}}]})";

std::string path(std::int64_t id, const std::string& rest = {}) {
  return "/formulas/" + std::to_string(id) + rest;
}

class FormulasRoutesTest : public FormulaApiTest {};

TEST_F(FormulasRoutesTest, MakesAFormulaWithIdsAndShowsWhatIsNotUnderstoodToo) {
  const Answer made = post("/formulas", manual);
  ASSERT_EQ(made.status, 200) << made.text();
  EXPECT_EQ(made["userId"], 70);
  EXPECT_EQ(made["accountId"], 7);
  EXPECT_EQ(made["active"], true);
  EXPECT_EQ(made["debugLoggingEnabled"], true);
  EXPECT_EQ(made["createdDate"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(made["colour"], "green");
  for (const char* part : {"steps", "triggers", "configuration"}) {
    for (const json::value& entry : made[part].as_array()) EXPECT_TRUE(entry.at("id").is_int64());
  }
  EXPECT_EQ(get(path(made.id())).body, made.body);
  EXPECT_EQ(get(path(made.id(), "/export")).body, made.body);
}

TEST_F(FormulasRoutesTest, WhatIsAnotherAccountsIsNotThere) {
  const std::int64_t id = made_formula(manual);
  authorizer.principal.account = 8;
  EXPECT_EQ(get(path(id)).status, 404);
  EXPECT_EQ(put(path(id), manual).status, 404);
  EXPECT_EQ(patch(path(id), R"({"name":"x"})").status, 404);
  EXPECT_EQ(remove(path(id)).status, 404);
  EXPECT_EQ(get(path(id, "/export")).status, 404);
  EXPECT_EQ(get(path(id, "/steps")).status, 404);
  EXPECT_EQ(post(path(id, "/instances"), R"({"name":"x"})").status, 404);
  EXPECT_EQ(get("/formulas").text(), "[]");
}

TEST_F(FormulasRoutesTest, ListsInPagesAndAbridged) {
  for (int at = 0; at < 3; ++at) made_formula(R"({"name":"f"})");
  const Answer page = get("/formulas?pageSize=2&abridged=true");
  EXPECT_EQ(page.body.as_array().size(), 2);
  EXPECT_THAT(page.text(), Not(HasSubstr("\"steps\"")));
  EXPECT_EQ(page.headers.at("Elements-Total-Count"), "3");
  const Answer last = get("/formulas?nextPage=" + page.headers.at("Elements-Next-Page-Token"));
  EXPECT_EQ(last.body.as_array().size(), 1);
  EXPECT_FALSE(last.headers.contains("Elements-Next-Page-Token"));
}

TEST_F(FormulasRoutesTest, ListsWhatFulfilsACondition) {
  made_formula(R"({"name":"one"})");
  made_formula(R"({"name":"two"})");
  const Answer found = get("/formulas?where=name%3D'two'");
  ASSERT_EQ(found.body.as_array().size(), 1);
  EXPECT_EQ(found.body.at(0).at("name"), "two");
  EXPECT_EQ(get("/formulas?where=name").status, 400);
}

TEST_F(FormulasRoutesTest, ANameAloneIsPutWithoutItsTagsAndKeepsTheRest) {
  const Answer made = post("/formulas", manual);
  const Answer changed = put(path(made.id()), R"({"name":"<a href=\"x\">churros</a> a < b"})");
  EXPECT_EQ(changed["name"], "churros a < b");
  EXPECT_EQ(changed["steps"], made["steps"]);
}

TEST_F(FormulasRoutesTest, AWholeTemplateThatIsPutKeepsTheIdsOfWhatHasItsName) {
  const Answer made = post("/formulas", manual);
  const Answer changed = put(path(made.id()), R"({"name":"Hire","triggers":[{"type":"manual","onSuccess":["second"]}],
      "steps":[{"name":"new","type":"loop"},{"name":"second","type":"loop","properties":{"list":"${trigger.args}"}}]})");
  ASSERT_EQ(changed.status, 200) << changed.text();
  EXPECT_EQ(changed["steps"].at(1).at("id"), made["steps"].at(1).at("id"));
  EXPECT_NE(changed["steps"].at(0).at("id"), made["steps"].at(0).at("id"));
  EXPECT_EQ(changed["triggers"].at(0).at("id"), made["triggers"].at(0).at("id"));
  EXPECT_EQ(changed["configuration"].as_array().size(), 0);
}

TEST_F(FormulasRoutesTest, IsAResourceUntilMethodAndUriAreTakenOut) {
  const std::int64_t id = made_formula(R"({"name":"f","method":"get","uri":"/bingo","triggers":[{"type":"manual"}]})");
  const Answer docs = get(path(id, "/docs"));
  ASSERT_EQ(docs["paths"].as_object().size(), 1);
  EXPECT_EQ(docs["paths"].at("/bingo").as_object().begin()->key(), "get");
  const Answer changed = patch(path(id), R"({"method":null,"uri":null,"active":false})");
  EXPECT_EQ(changed["active"], false);
  for (const char* gone : {"method", "uri", "api"}) EXPECT_FALSE(changed.body.as_object().contains(gone)) << gone;
  EXPECT_EQ(get(path(id, "/docs")).status, 404);
}

struct Refused {
  const char* why;
  const char* body;
  int status;
  const char* sentence;
};

TEST_F(FormulasRoutesTest, RefusesWhatThePlatformRefuses) {
  const Refused all[] = {
      {"no name", R"({"steps":[]})", 400, "name: is missing"},
      {"steps that are none", R"({"name":"f","steps":{}})", 400, "formula.steps: not a list"},
      {"a key twice", R"({"name":"f","configuration":[{"key":"a"},{"key":"a"}]})", 409, "twice"},
      {"a bulk download",
       R"({"name":"f","steps":[{"name":"s","type":"elementRequest",
           "properties":{"method":"GET","api":"/hubs/crm/bulk/1/contacts","elementInstanceId":"1"}}]})",
       400, "bulk"},
      {"every minute", R"({"name":"f","triggers":[{"type":"scheduled","properties":{"cron":"0 0/1 * 1/1 * ? *"}}]})",
       400, "cron"},
      {"six attempts",
       R"({"name":"f","steps":[{"name":"s","type":"elementRequest","properties":{"method":"GET","api":"/x",
           "elementInstanceId":"1","retry":"true","retryAttempts":"6"}}]})",
       400, "retryAttempts"},
      {"a script without done",
       R"({"name":"f","steps":[{"name":"s","type":"script","properties":{"body":"1","scriptEngine":"v2"}}]})", 400,
       "done()"},
      {"an unknown step", R"({"name":"f","engine":"v3","steps":[{"name":"s","type":"java"}]})", 400,
       "Invalid formula for the v3 engine"},
      {"no log on v1", R"({"name":"f","engine":"v1","debugLoggingEnabled":false})", 400,
       "Execution debug logging can be disabled only for formula engine v3"},
      {"a resource that waits for events", R"({"name":"f","method":"GET","uri":"/x","triggers":[{"type":"event"}]})",
       400, "manual trigger"},
  };
  for (const Refused& one : all) {
    const Answer refused = post("/formulas", one.body);
    EXPECT_EQ(refused.status, one.status) << one.why << refused.text();
    EXPECT_THAT(refused.text(), HasSubstr(one.sentence)) << one.why;
  }
  EXPECT_EQ(get("/formulas").text(), "[]");
}

TEST_F(FormulasRoutesTest, AStepThatIsTakenOutIsNamedNoMore) {
  const Answer made = post("/formulas", manual);
  const std::string second = std::to_string(made["steps"].at(1).at("id").as_int64());
  EXPECT_EQ(remove(path(made.id(), "/steps/" + second)).status, 200);
  EXPECT_EQ(get(path(made.id(), "/steps/" + second)).status, 404);
  const Answer after = get(path(made.id()));
  EXPECT_EQ(after["steps"].as_array().size(), 1);
  EXPECT_EQ(after["steps"].at(0).at("onSuccess").as_array().size(), 0);
}

TEST_F(FormulasRoutesTest, AStepThatIsRenamedIsStillReached) {
  const Answer made = post("/formulas", manual);
  const std::string first = std::to_string(made["steps"].at(0).at("id").as_int64());
  const Answer renamed =
      put(path(made.id(), "/steps/" + first), R"({"name":"begin","type":"script","properties":{"body":"done();"}})");
  ASSERT_EQ(renamed.status, 200) << renamed.text();
  EXPECT_EQ(std::to_string(renamed.id()), first);
  const Answer after = get(path(made.id()));
  EXPECT_EQ(after["triggers"].at(0).at("onSuccess").at(0), "begin");
  EXPECT_EQ(after["steps"].at(1).at("onFailure").at(0), "begin");
}

TEST_F(FormulasRoutesTest, AKeyThatIsRenamedIsRenamedInReferencesButNotInScripts) {
  const Answer made = post("/formulas", manual);
  const std::string crm = path(made.id(), "/configuration/");
  const std::string instance = std::to_string(made["configuration"].at(0).at("id").as_int64());
  const std::string who = std::to_string(made["configuration"].at(1).at("id").as_int64());
  EXPECT_EQ(put(crm + instance, R"({"key":"crm","type":"elementInstance"})").status, 200);
  EXPECT_EQ(put(crm + who, R"({"key":"whom","type":"value"})").status, 200);
  EXPECT_EQ(put(crm + who, R"({"key":"crm","type":"value"})").status, 409);
  const Answer after = get(path(made.id()));
  EXPECT_EQ(after["steps"].at(1).at("properties").at("elementInstanceId"), "${config.crm}");
  EXPECT_EQ(after["steps"].at(1).at("properties").at("query"), "${whom}");
  EXPECT_EQ(after["steps"].at(0).at("properties").at("body"), "done({a:`${who}`});");
}

TEST_F(FormulasRoutesTest, AScriptThatIsAddedToScriptsOfTheFirstEngineIsOneOfThem) {
  const std::int64_t old = made_formula(
      R"({"name":"f","steps":[{"name":"s","type":"script","properties":{"body":"return {};","scriptEngine":"v1"}}]})");
  const std::string step = R"({"name":"t","type":"script","properties":{"body":"return {};"}})";
  EXPECT_EQ(post(path(old, "/steps"), step)["properties"].at("scriptEngine"), "v1");
  const std::int64_t fresh = made_formula(R"({"name":"f"})");
  const Answer added = post(path(fresh, "/steps"), R"({"name":"t","type":"script","properties":{"body":"done();"}})");
  EXPECT_FALSE(added["properties"].as_object().contains("scriptEngine"));
}

TEST_F(FormulasRoutesTest, AnUpgradeIsTakenBack) {
  const Answer made = post("/formulas", R"({"name":"f","engine":"v1","triggers":[{"type":"manual"}],
      "steps":[{"name":"ids","type":"script","properties":{"body":"done({ids:[1]});"}},
               {"name":"l","type":"loop","properties":{"list":"ids.ids"}}]})");
  const Answer upgraded = put(path(made.id(), "/upgrade/v3"));
  EXPECT_EQ(upgraded["engine"], "v3");
  EXPECT_EQ(upgraded["steps"].at(1).at("properties").at("list"), "${steps.ids.ids}");
  const Answer restored = remove(path(made.id(), "/upgrade/v3"));
  EXPECT_EQ(restored["engine"], "v1");
  EXPECT_EQ(restored["steps"], made["steps"]);
  EXPECT_EQ(remove(path(made.id(), "/upgrade/v3")).status, 400);
}

TEST_F(FormulasRoutesTest, TemplatesThatStepsCallAreEmbedded) {
  const std::int64_t inner = made_formula(R"({"name":"inner","triggers":[{"type":"manual"}]})");
  const std::int64_t outer = made_formula(
      R"({"name":"outer","triggers":[{"type":"manual","onSuccess":["s"]}],
          "steps":[{"name":"s","type":"formula","properties":{"formulaId":")" +
      std::to_string(inner) + R"("}}]})");
  EXPECT_EQ(get(path(outer))["subFormulas"].at(0).at("name"), "inner");
  const Answer callable = get("/formulas?callableBy=" + std::to_string(inner));
  EXPECT_EQ(callable.text(), "[]");
  EXPECT_EQ(get("/formulas?callableBy=" + std::to_string(outer)).body.as_array().size(), 1);
}

TEST_F(FormulasRoutesTest, OneWithInstancesIsNotDeleted) {
  const std::int64_t id = made_formula(R"({"name":"f","triggers":[{"type":"manual"}]})");
  const std::int64_t instance = made_instance(id);
  EXPECT_EQ(remove(path(id)).status, 409);
  EXPECT_EQ(remove(path(id, "/instances/" + std::to_string(instance))).status, 200);
  EXPECT_EQ(remove(path(id)).status, 200);
  EXPECT_EQ(get(path(id)).status, 404);
}

}  // namespace
}  // namespace formulary::testing

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "host/base/text.hpp"
#include "host/element/instance_document.hpp"
#include "tests/host/api/elements_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* small_element = R"({
  "name": "Churros <b>DB</b> element", "hub": "db",
  "configuration": [{"key": "oauth.api.key", "name": "Key", "type": "TEXTFIELD_128", "defaultValue": "my-app"},
                    {"key": "oauth.api.secret", "name": "Secret", "type": "PASSWORD", "defaultValue": "very-secret"}],
  "parameters": [{"name": "api.key", "vendorName": "X-Token", "type": "configuration", "vendorType": "header"}],
  "hooks": [{"type": "preRequest", "body": "done();"}],
  "resources": [{"path": "/rows/{id}", "method": "GET",
                 "parameters": [{"name": "id", "type": "path"}], "hooks": [{"type": "postRequest", "body": "return {}", "isLegacy": true}],
                 "model": {"name": "row", "swagger": {"row": {"properties": {"id": {"type": "string"}}}}}}]
})";

std::vector<std::string> texts(const json::value& list) {
  std::vector<std::string> all;
  for (const json::value& one : list.as_array()) all.emplace_back(one.as_string().c_str());
  return all;
}

std::string id_of(const json::value& part) {
  return std::to_string(part.at("id").as_int64());
}

class ElementsRoutes : public ElementsApiTest {
 protected:
  json::value create(std::int64_t account = 1) {
    JsonAnswer answer = ask("POST", "/elements", small_element, account);
    EXPECT_EQ(answer.status, 200) << to_text(answer.body);
    return answer.body;
  }
};

TEST_F(ElementsRoutes, ListsTheElementsOfPluginsWithCounts) {
  const JsonAnswer all = ask("GET", "/elements");
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(all.body.at(0).at("key"), "crm");
  EXPECT_EQ(all.body.at(1).at("key"), "desk");
  EXPECT_EQ(all.header("Elements-Returned-Count"), "2");
  EXPECT_EQ(all.header("Elements-Total-Count"), "2");
  EXPECT_EQ(all.header("Elements-Next-Page-Token"), "");
  EXPECT_THAT(texts(ask("GET", "/elements/keys").body), ElementsAre("crm", "desk"));
  EXPECT_THAT(ask("GET", "/elements/metadata").body.as_array(), SizeIs(2));
  EXPECT_FALSE(ask("GET", "/elements?abridged=true").body.at(0).as_object().contains("configuration"));
}

TEST_F(ElementsRoutes, GoesOnWhereTheTokenSays) {
  const JsonAnswer first = ask("GET", "/elements?pageSize=1");
  EXPECT_THAT(first.body.as_array(), SizeIs(1));
  const JsonAnswer second = ask("GET", "/elements?nextPage=" + first.header("Elements-Next-Page-Token"));
  EXPECT_EQ(second.body.at(0).at("key"), "desk");
  EXPECT_EQ(second.header("Elements-Next-Page-Token"), "");
  EXPECT_EQ(ask("GET", "/elements?pageSize=0").status, 400);
  EXPECT_EQ(ask("GET", "/elements?pageSize=1000").status, 200);
}

TEST_F(ElementsRoutes, WhereChooses) {
  create();
  ask("POST", "/elements/desk/resources", R"({"path":"/agents"})");
  const auto chosen = [this](const std::string& where) {
    std::vector<std::string> keys;
    const JsonAnswer answer = ask("GET", "/elements?where=" + percent_encode(where));
    EXPECT_EQ(answer.status, 200) << where << to_text(answer.body);
    EXPECT_EQ(answer.header("Elements-Total-Count"), std::to_string(answer.body.as_array().size()));
    for (const json::value& element : answer.body.as_array()) keys.emplace_back(element.at("key").as_string());
    return keys;
  };
  EXPECT_THAT(chosen("extended='true'"), ElementsAre("desk"));
  EXPECT_THAT(chosen("private='true' AND key in ('churrosdbelement','crm')"), ElementsAre("churrosdbelement"));
  EXPECT_THAT(chosen("private='true' AND abridged='true'"), ElementsAre("churrosdbelement"));
  EXPECT_THAT(chosen("key = 'crm'"), ElementsAre("crm"));
  EXPECT_THAT(chosen("key = 'nothing'"), IsEmpty());
  EXPECT_FALSE(ask("GET", "/elements?where=abridged%3D%27true%27").body.at(0).as_object().contains("configuration"));
  EXPECT_EQ(ask("GET", "/elements?where=key%20of").status, 400);
}

TEST_F(ElementsRoutes, AnElementIsFoundByKeyAndById) {
  const std::string id = std::to_string(element_number("desk"));
  EXPECT_EQ(ask("GET", "/elements/desk").body, ask("GET", "/elements/" + id).body);
  EXPECT_EQ(ask("GET", "/elements/desk/metadata").body.at("events").at("supported"), true);
  EXPECT_EQ(ask("GET", "/elements/-1").status, 404);
  EXPECT_EQ(ask("GET", "/elements/-1/metadata").status, 404);
}

TEST_F(ElementsRoutes, MakesAnElementWithAKeyFromItsName) {
  const json::value element = create();
  EXPECT_EQ(element.at("key"), "churrosdbelement");
  EXPECT_EQ(element.at("name"), "Churros DB element");
  EXPECT_EQ(element.at("private"), true);
  EXPECT_EQ(element.at("resources").at(0).at("path"), "/hubs/db/rows/{id}");
  EXPECT_EQ(element.at("resources").at(0).at("parameters").at(0).at("vendorType"), "path");
  EXPECT_EQ(element.at("configuration").at(1).at("defaultValue"), json::value(secret_mask));
  EXPECT_EQ(ask("GET", "/elements/churrosdbelement").body, element);
  EXPECT_EQ(ask("GET", "/elements/" + id_of(element)).body, element);
  EXPECT_EQ(ask("POST", "/elements", small_element).status, 409);
  EXPECT_EQ(ask("POST", "/elements", R"({"name":"Desk"})").status, 409);
}

TEST_F(ElementsRoutes, AnotherAccountSeesNothingOfIt) {
  const std::string id = id_of(create());
  for (const std::string& name : {std::string("churrosdbelement"), id}) {
    EXPECT_EQ(ask("GET", "/elements/" + name, {}, 2).status, 404);
    EXPECT_EQ(ask("PUT", "/elements/" + name, small_element, 2).status, 404);
    EXPECT_EQ(ask("DELETE", "/elements/" + name, {}, 2).status, 404);
    EXPECT_EQ(ask("GET", "/elements/" + name + "/hooks", {}, 2).status, 404);
    EXPECT_EQ(ask("POST", "/elements/" + name + "/clone", {}, 2).status, 404);
    EXPECT_EQ(ask("GET", "/elements/" + name + "/docs", {}, 2).status, 404);
  }
  EXPECT_THAT(texts(ask("GET", "/elements/keys", {}, 2).body), Not(Contains("churrosdbelement")));
  EXPECT_THAT(texts(ask("GET", "/hubs/keys", {}, 2).body), Not(Contains("db")));
  EXPECT_THAT(texts(ask("GET", "/hubs/keys", {}, 0).body), Not(Contains("db")));
  EXPECT_THAT(texts(ask("GET", "/hubs/keys", {}, 1).body), Contains("db"));
  EXPECT_EQ(create(2).at("key"), "churrosdbelement");
}

TEST_F(ElementsRoutes, AReplacementKeepsIdsAndTheSecretsThatWereMasked) {
  json::value element = create();
  element.as_object()["name"] = "Other";
  const JsonAnswer changed = ask("PUT", "/elements/churrosdbelement", to_text(element));
  EXPECT_EQ(changed.status, 200) << to_text(changed.body);
  EXPECT_EQ(changed.body.at("name"), "Other");
  EXPECT_EQ(changed.body.at("id"), element.at("id"));
  EXPECT_EQ(id_of(changed.body.at("resources").at(0)), id_of(element.at("resources").at(0)));
  EXPECT_EQ(id_of(changed.body.at("hooks").at(0)), id_of(element.at("hooks").at(0)));
  EXPECT_THAT(store.element(1, "churrosdbelement")->document, HasSubstr("very-secret"));
  EXPECT_EQ(ask("PUT", "/elements/churrosdbelement", R"({"name":"x","key":"desk"})").status, 409);
}

TEST_F(ElementsRoutes, WhatCannotBeIsRefusedWithItsPlace) {
  const auto message = [this](const std::string& body) {
    const JsonAnswer answer = ask("POST", "/elements", body);
    EXPECT_EQ(answer.status, 400);
    return std::string(answer.body.at("message").as_string());
  };
  EXPECT_THAT(message("{}"), HasSubstr("body.name: missing"));
  EXPECT_THAT(message(R"({"name":"<b></b>"})"), HasSubstr("body.name: nothing is left"));
  EXPECT_THAT(message(R"({"name":"x","key":"12"})"), HasSubstr("body.key"));
  EXPECT_THAT(message(R"({"name":"x","key":"metadata"})"), HasSubstr("body.key"));
  EXPECT_THAT(message(R"({"name":"x","resources":[{}]})"), HasSubstr("body.resources[0].path: missing"));
  EXPECT_THAT(message(R"({"name":"x","resources":[{"path":"y"}]})"), HasSubstr("body.resources[0].path"));
  EXPECT_THAT(message(R"({"name":"x","hooks":[{"type":"later","body":"1"}]})"), HasSubstr("body.hooks[0].type"));
  EXPECT_THAT(message(R"({"name":"x","hooks":{}})"), HasSubstr("body.hooks: not a list"));
  EXPECT_THAT(message("[]"), HasSubstr("body"));
}

TEST_F(ElementsRoutes, AnElementOfAPluginIsNotChanged) {
  for (const auto& [method, path] :
       std::vector<std::pair<std::string, std::string>>{{"PUT", "/elements/desk"},
                                                        {"DELETE", "/elements/desk"},
                                                        {"DELETE", "/elements/desk/active"},
                                                        {"POST", "/elements/desk/hooks"},
                                                        {"POST", "/elements/desk/parameters"},
                                                        {"PUT", "/elements/desk/configuration/pages"},
                                                        {"PUT", "/elements/desk/configurations"}}) {
    const JsonAnswer answer = ask(method, path, "{}");
    EXPECT_EQ(answer.status, 403) << method << path;
    EXPECT_THAT(std::string(answer.body.at("message").as_string()), HasSubstr("clone it"));
  }
}

TEST_F(ElementsRoutes, AnElementIsDeletedWhenItHasNoInstances) {
  const std::string id = id_of(create());
  instances = 2;
  EXPECT_EQ(ask("DELETE", "/elements/" + id).status, 409);
  instances = 0;
  EXPECT_EQ(ask("DELETE", "/elements/" + id, "null").status, 200);
  EXPECT_EQ(ask("DELETE", "/elements/" + id).status, 404);
  EXPECT_GT(std::stoll(id_of(create())), std::stoll(id));
}

TEST_F(ElementsRoutes, ActiveIsTurnedOffAndOn) {
  create();
  EXPECT_EQ(ask("DELETE", "/elements/churrosdbelement/active").status, 200);
  EXPECT_EQ(ask("GET", "/elements/churrosdbelement").body.at("active"), false);
  EXPECT_EQ(ask("PUT", "/elements/churrosdbelement/active").body.at("active"), true);
}

TEST_F(ElementsRoutes, ACloneIsTheAccountsOwnAndForgetsWhoLogsIn) {
  const json::value element = create();
  const JsonAnswer clone = ask("POST", "/elements/churrosdbelement/clone");
  EXPECT_EQ(clone.status, 200) << to_text(clone.body);
  EXPECT_EQ(clone.body.at("key"), "churrosdbelementclone");
  EXPECT_NE(clone.body.at("id"), element.at("id"));
  EXPECT_NE(id_of(clone.body.at("resources").at(0)), id_of(element.at("resources").at(0)));
  EXPECT_EQ(clone.body.at("configuration").at(0).at("defaultValue"), "");
  EXPECT_FALSE(clone.body.at("configuration").at(1).as_object().contains("defaultValue"));
  EXPECT_EQ(ask("POST", "/elements/churrosdbelement/clone").body.at("key"), "churrosdbelementclone2");
  const JsonAnswer named = ask("POST", "/elements/desk/clone", R"({"name":"Mine","key":"mine"})");
  EXPECT_EQ(named.body.at("name"), "Mine");
  EXPECT_EQ(store.element(1, "mine")->origin, "desk");
  EXPECT_EQ(ask("PUT", "/elements/mine/configuration/pages", R"({"defaultValue":"9"})").body.at("defaultValue"), "9");
}

TEST_F(ElementsRoutes, PartsComeAndGo) {
  create();
  const std::string base = "/elements/churrosdbelement/";
  for (const auto& [list, body] : std::vector<std::pair<std::string, std::string>>{
           {"parameters", R"({"name":"p","type":"value","vendorType":"header"})"},
           {"hooks", R"({"type":"event","body":"done(foo: 'bar');"})"},
           {"objects", R"({"name":"thing","fields":[{"name":"a"}]})"},
           {"models", R"({"name":"thing"})"},
           {"resources", R"({"path":"/things","method":"POST"})"}}) {
    const std::size_t before = ask("GET", base + list).body.as_array().size();
    const JsonAnswer made = ask("POST", base + list, body);
    ASSERT_EQ(made.status, 200) << list << to_text(made.body);
    const std::string part = base + list + "/" + id_of(made.body);
    EXPECT_THAT(ask("GET", base + list).body.as_array(), SizeIs(before + 1));
    EXPECT_EQ(ask("GET", part).body, made.body);
    const JsonAnswer changed = ask("PUT", part, to_text(made.body));
    EXPECT_EQ(changed.status, 200) << to_text(changed.body);
    EXPECT_EQ(changed.body.at("id"), made.body.at("id"));
    EXPECT_EQ(ask("DELETE", part).status, 200);
    EXPECT_EQ(ask("DELETE", part).status, 404);
    EXPECT_EQ(ask("PUT", base + list + "/-1", body).status, 404);
    EXPECT_NE(ask("POST", base + list, body).body.at("id"), made.body.at("id")) << "an id is never given twice";
  }
}

TEST_F(ElementsRoutes, ConfigurationIsNamedByItsKey) {
  create();
  const std::string base = "/elements/churrosdbelement/configuration";
  EXPECT_EQ(ask("POST", base, R"({"key":"base.url","defaultValue":"https://x"})").status, 200);
  EXPECT_EQ(ask("POST", base, R"({"key":"base.url"})").status, 409);
  const JsonAnswer secret = ask("PUT", base + "/oauth.api.secret", R"({"type":"PASSWORD","defaultValue":"********"})");
  EXPECT_EQ(secret.body.at("defaultValue"), json::value(secret_mask));
  EXPECT_THAT(store.element(1, "churrosdbelement")->document, HasSubstr("very-secret"));
  EXPECT_THAT(to_text(ask("GET", base).body), Not(HasSubstr("very-secret")));
  EXPECT_EQ(ask("DELETE", base + "/base.url").status, 200);
  EXPECT_EQ(ask("DELETE", base + "/base.url").status, 404);
  const JsonAnswer whole = ask("PUT", "/elements/churrosdbelement/configurations", R"([{"key":"only"}])");
  EXPECT_THAT(whole.body.at("configuration").as_array(), SizeIs(1));
  for (const char* none : {"1", "\"x\"", "null", "{}", R"({"configuration":{}})"}) {
    EXPECT_EQ(ask("PUT", "/elements/churrosdbelement/configurations", none).status, 400) << none;
  }
  EXPECT_THAT(ask("GET", base).body.as_array(), SizeIs(1)) << "what says nothing takes nothing away";
}

TEST_F(ElementsRoutes, AHookGoesFromLegacyToNewAndNotBack) {
  create();
  const std::string base = "/elements/churrosdbelement/hooks";
  const JsonAnswer made = ask("POST", base, R"({"type":"preRequest","body":"return {}","isLegacy":true})");
  const std::string hook = base + "/" + id_of(made.body);
  EXPECT_EQ(ask("PUT", hook, R"({"type":"preRequest","body":"done();","isLegacy":false})").status, 200);
  EXPECT_EQ(ask("PUT", hook, R"({"type":"preRequest","body":"return {}","isLegacy":true})").status, 400);
  EXPECT_EQ(ask("POST", base, R"({"type":"preRequest","body":"done();"})").body.at("isLegacy"), false);
}

TEST_F(ElementsRoutes, PartsOfAResource) {
  const json::value element = create();
  const std::string resource = "/elements/churrosdbelement/resources/" + id_of(element.at("resources").at(0));
  const JsonAnswer parameter = ask("POST", resource + "/parameters", R"({"name":"q","type":"query"})");
  EXPECT_EQ(parameter.body.at("resourceId"), element.at("resources").at(0).at("id"));
  EXPECT_THAT(ask("GET", resource + "/parameters").body.as_array(), SizeIs(2));
  EXPECT_EQ(ask("DELETE", resource + "/parameters/" + id_of(parameter.body)).status, 200);
  EXPECT_EQ(ask("POST", resource + "/hooks", R"({"type":"preRequest","body":"done();"})").status, 200);
  EXPECT_EQ(ask("GET", resource + "/models").body.at("name"), "row");
  EXPECT_EQ(ask("DELETE", resource + "/models").status, 200);
  EXPECT_EQ(ask("GET", resource + "/models").status, 404);
  EXPECT_EQ(ask("POST", resource + "/models", R"({"name":"m","swagger":{}})").status, 200);
  EXPECT_EQ(ask("POST", "/elements/churrosdbelement/resources", R"({"path":"/rows/{id}"})").status, 409);
}

TEST_F(ElementsRoutes, ModelsArePutByName) {
  create();
  const std::string models = "/elements/churrosdbelement/models";
  const JsonAnswer made = ask("PUT", models, R"({"name":"a","fields":[{"name":"x"}]})");
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(ask("PUT", models, R"({"name":"a"})").body.at("id"), made.body.at("id"));
  EXPECT_THAT(ask("PUT", models, R"([{"name":"b"},{"name":"c"}])").body.as_array(), SizeIs(2));
  EXPECT_THAT(ask("GET", models).body.as_array(), SizeIs(3));
}

TEST_F(ElementsRoutes, AResourceOfTheAccountExtendsAnElementOfAPlugin) {
  const JsonAnswer made = ask("POST", "/elements/desk/resources", R"({"path":"/agents","method":"GET"})");
  ASSERT_EQ(made.status, 200) << to_text(made.body);
  EXPECT_EQ(made.body.at("path"), "/hubs/helpdesk/agents");
  EXPECT_EQ(made.body.at("ownerAccountId"), 1);
  EXPECT_EQ(ask("GET", "/elements/desk").body.at("extended"), true);
  EXPECT_EQ(ask("GET", "/elements/desk", {}, 2).body.at("extended"), false);
  EXPECT_THAT(ask("GET", "/elements/desk/resources").body.as_array(), SizeIs(5));
  EXPECT_THAT(ask("GET", "/elements/desk/resources", {}, 2).body.as_array(), SizeIs(4));
  EXPECT_THAT(ask("GET", "/elements/desk/resources?accountOnly=true").body.as_array(), SizeIs(1));
  const JsonAnswer exported = ask("GET", "/elements/desk/export?extendedOnly=true");
  EXPECT_THAT(exported.body.at("resources").as_array(), SizeIs(1));
  EXPECT_EQ(exported.body.at("actuallyExtended"), true);
  EXPECT_THAT(exported.header("Content-Disposition"), HasSubstr("desk.json"));
  EXPECT_EQ(ask("POST", "/elements/desk/resources", R"({"path":"/tickets","method":"GET"})").status, 409);

  const std::string own = "/elements/desk/resources/" + id_of(made.body);
  EXPECT_EQ(ask("POST", own + "/hooks", R"({"type":"preRequest","body":"done();"})").status, 200);
  const json::value system = ask("GET", "/elements/desk/resources").body.at(0);
  const std::string theirs = "/elements/desk/resources/" + id_of(system);
  EXPECT_EQ(ask("POST", theirs + "/hooks", R"({"type":"preRequest","body":"done();"})").status, 404);
  EXPECT_EQ(ask("PUT", theirs, R"({"path":"/x"})").status, 404);
  EXPECT_EQ(ask("DELETE", theirs).status, 404);
  EXPECT_EQ(ask("DELETE", own, {}, 2).status, 404);
  EXPECT_EQ(ask("DELETE", own).status, 200);
  EXPECT_EQ(ask("GET", "/elements/desk").body.at("extended"), false);
  EXPECT_FALSE(store.extension(1, "desk"));
}

TEST_F(ElementsRoutes, HubsAreOpenToAll) {
  EXPECT_THAT(texts(ask("GET", "/hubs/keys", {}, 0).body), ElementsAre("helpdesk", "sales"));
  EXPECT_EQ(ask("GET", "/hubs?hydrate=true", {}, 0).body.at(0).at("resources").as_array().size(), 4U);
  EXPECT_FALSE(ask("GET", "/hubs", {}, 0).body.at(0).as_object().contains("resources"));
  EXPECT_EQ(ask("GET", "/hubs/sales", {}, 0).body.at("key"), "sales");
  EXPECT_EQ(ask("GET", "/hubs/nowhere", {}, 0).status, 404);
  EXPECT_EQ(ask("GET", "/hubs/helpdesk/elements", {}, 0).body.at(0).at("key"), "desk");
}

TEST_F(ElementsRoutes, AHubOfAnAccountComesAndGoes) {
  EXPECT_EQ(ask("POST", "/hubs", "{}", 0).status, 401);
  const JsonAnswer made = ask("POST", "/hubs", R"({"name":"My <i>Hub</i>","description":"d"})");
  EXPECT_EQ(made.body.at("key"), "myhub");
  EXPECT_EQ(ask("POST", "/hubs", R"({"name":"My Hub"})").status, 409);
  EXPECT_EQ(ask("GET", "/hubs/myhub").body, made.body);
  EXPECT_EQ(ask("GET", "/hubs/myhub", {}, 2).status, 404);
  EXPECT_EQ(ask("GET", "/hubs/myhub", {}, 0).status, 404);
  EXPECT_EQ(ask("DELETE", "/hubs/myhub").status, 200);
  EXPECT_EQ(ask("DELETE", "/hubs/myhub").status, 404);
  EXPECT_EQ(ask("DELETE", "/hubs/sales").status, 403);
}

}  // namespace
}  // namespace formulary::testing

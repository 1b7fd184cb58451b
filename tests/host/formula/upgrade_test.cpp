#include "host/formula/upgrade.hpp"

#include <gtest/gtest.h>

#include <string>

#include "host/formula/formula.hpp"

namespace formulary {
namespace {

/// A template with a loop "looper", a step "get_contacts", a key "trigger_instance" and one with a dot, around a step.
std::string around(const std::string& engine, const std::string& step) {
  return R"({"name":"f",)" + (engine.empty() ? std::string() : R"("engine":")" + engine + R"(",)") +
         R"("configuration":[{"key":"trigger_instance"},{"key":"crm.instance"}],"steps":[)" + step +
         R"(,{"name":"looper","type":"loop"},{"name":"get_contacts","type":"request"},{"name":"a.b","type":"request"}]})";
}
std::string step(const std::string& type, const std::string& properties) {
  return R"({"name":"s","type":")" + type + R"(","properties":)" + properties + "}";
}
std::string properties_of(const json::value& document) {
  return to_text(document.at("steps").at(0).at("properties"));
}
FormulaUpgrade upgrade(const std::string& text) {
  return upgrade_to_v3(parse_json(text, "template"));
}

struct Upgraded {
  const char* why;
  const char* type;
  const char* before;
  const char* after;
};
class Upgrades : public testing::TestWithParam<Upgraded> {};

TEST_P(Upgrades, MeanTheSameInV3) {
  const auto& [why, type, before, after] = GetParam();
  const auto done = upgrade(around("v1", step(type, before)));
  EXPECT_EQ(properties_of(done.document), after) << why;
  EXPECT_EQ(upgrade_to_v3(done.document).document, done.document) << why << ": twice is once";
  EXPECT_TRUE(upgrade_to_v3(done.document).changes.empty()) << why;
  EXPECT_EQ(properties_of(upgrade(around("", step(type, before))).document), after) << why << ": says nothing";
}

INSTANTIATE_TEST_SUITE_P(
    Table, Upgrades,
    testing::Values(
        Upgraded{"a list by its step", "loop", R"({"list":"get_contacts.ids"})",
                 R"({"list":"${steps.get_contacts.ids}"})"},
        Upgraded{"a list by its root", "loop", R"({"list":"steps.get_contacts.response.body"})",
                 R"({"list":"${steps.get_contacts.response.body}"})"},
        Upgraded{"a list of the trigger", "loop", R"({"list":"trigger.args.ids"})",
                 R"({"list":"${trigger.args.ids}"})"},
        Upgraded{"a list in v3 form", "loop", R"({"list":"${ steps.get_contacts.ids }"})",
                 R"({"list":"${ steps.get_contacts.ids }"})"},
        Upgraded{"a list that is computed", "loop", R"j({"list":"${Object.keys(looper.entry)}"})j",
                 R"j({"list":"${Object.keys(looper.entry)}"})j"},
        Upgraded{"a list that is nothing", "loop", R"({"list":"a, b"})", R"({"list":"a, b"})"},
        Upgraded{"a list of an unknown step", "loop", R"({"list":"nope.ids"})", R"({"list":"nope.ids"})"},
        Upgraded{"a list that is a list", "loop", R"({"list":[1,"${looper.entry}"]})",
                 R"({"list":[1,"${steps.looper.entry}"]})"},
        Upgraded{"a configuration key", "elementRequest", R"({"elementInstanceId":"${trigger_instance}"})",
                 R"({"elementInstanceId":"${config.trigger_instance}"})"},
        Upgraded{"a key with a dot", "elementRequest", R"({"elementInstanceId":"${crm.instance}"})",
                 R"({"elementInstanceId":"${config.crm.instance}"})"},
        Upgraded{"in the middle of a text", "request", R"({"api":"/x/${get_contacts.response[0].id}/${config.y}"})",
                 R"({"api":"/x/${steps.get_contacts.response[0].id}/${config.y}"})"},
        Upgraded{"a step with a dot", "request", R"({"api":"/${a.b.c}"})", R"({"api":"/${steps.a.b.c}"})"},
        Upgraded{"what is unknown stays", "request", R"({"api":"/${nope.id}/${not closed"})",
                 R"({"api":"/${nope.id}/${not closed"})"},
        Upgraded{"in objects", "request", R"({"query":{"q":["${looper.entry.id}"]}})",
                 R"({"query":{"q":["${steps.looper.entry.id}"]}})"},
        Upgraded{"a bare query", "request", R"({"query":"steps.get_contacts.query","body":"get_contacts.body"})",
                 R"({"query":"${steps.get_contacts.query}","body":"${steps.get_contacts.body}"})"},
        Upgraded{"a body that is a word", "request", R"({"body":"looper"})", R"({"body":"looper"})"},
        Upgraded{"a variable that path fills", "elementRequest",
                 R"({"api":"/contacts/{entry}","path":"${looper}","x":1})",
                 R"({"api":"/contacts/${steps.looper.entry}","x":1})"},
        Upgraded{"variables that a bare path fills", "elementRequest",
                 R"({"path":"steps.get_contacts","api":"/{common}/${config.x}/{id}/{}"})",
                 R"({"api":"/${steps.get_contacts.common}/${config.x}/${steps.get_contacts.id}/{}"})"},
        Upgraded{"a path that fills nothing", "elementRequest", R"({"api":"/contacts/{open","path":"${looper}"})",
                 R"({"api":"/contacts/{open","path":"${steps.looper}"})"},
        Upgraded{"a path that is text", "elementRequest", R"({"api":"/{a}","path":"{\"a\":\"${looper.entry}\"}"})",
                 R"({"api":"/{a}","path":"{\"a\":\"${steps.looper.entry}\"}"})"},
        Upgraded{"an address", "httpRequest", R"({"url":"http://x/{entry}","path":"${looper}"})",
                 R"({"url":"http://x/${steps.looper.entry}"})"},
        Upgraded{"blanks", "elementRequest", R"({"path":" ","query":"","headers":"","api":"/x"})",
                 R"({"headers":"","api":"/x"})"},
        Upgraded{"JavaScript", "script", R"j({"body":"done(`${looper.entry}`)"})j",
                 R"j({"body":"done(`${looper.entry}`)"})j"},
        Upgraded{"a script with its engine", "script", R"({"body":"return 1","scriptEngine":"v1"})",
                 R"({"body":"return 1","scriptEngine":"v1"})"},
        Upgraded{"properties that are none", "loop", "7", "7"}));

TEST(Upgrade, GivesScriptsThatReturnTheirEngine) {
  const auto done = upgrade(around("v1", step("script", R"({"body":"return 1"})")));
  EXPECT_EQ(properties_of(done.document), R"({"body":"return 1","scriptEngine":"v1"})");
  EXPECT_EQ(properties_of(upgrade(around("", step("script", R"({"body":"return 1"})"))).document),
            R"({"body":"return 1"})");
}

TEST(Upgrade, TakesV1ForScriptsAmongOthersOfV1) {
  const std::string other = R"({"name":"o","type":"filter","properties":{"body":"return true","scriptEngine":"v1"}})";
  const auto document = [&](const std::string& second) {
    return R"({"name":"f","engine":"v3","steps":[)" + step("script", R"({"body":"x"})") + "," + other + second + "]}";
  };
  EXPECT_EQ(properties_of(upgrade(document("")).document), R"({"body":"x","scriptEngine":"v1"})");
  const std::string v2 = R"j(,{"name":"p","type":"script","properties":{"body":"done(1)","scriptEngine":"v2"}})j";
  EXPECT_EQ(properties_of(upgrade(document(v2)).document), R"({"body":"x"})");
}

TEST(Upgrade, LeavesTemplatesOfV3AloneButForWhatCouldMeanNothingElse) {
  const std::string before =
      R"({"list":"get_contacts.ids","api":"/{x}/${trigger_instance}","path":"looper","query":" "})";
  const auto done = upgrade(around("v3", step("loop", before)));
  EXPECT_EQ(
      properties_of(done.document),
      R"({"list":"${steps.get_contacts.ids}","api":"/{x}/${trigger_instance}","path":"${steps.looper}","query":" "})");
}

TEST(Upgrade, ListsEachChangeWithItsPathAlsoInSubFormulas) {
  const std::string inner = around("v1", step("loop", R"({"list":"get_contacts.ids"})"));
  const auto done = upgrade(R"({"engine":"v1","steps":[],"subFormulas":[)" + inner + "]}");
  ASSERT_EQ(done.changes.size(), 3U);
  EXPECT_EQ(done.changes[0].path, "engine");
  EXPECT_EQ(done.changes[1].path, "subFormulas[0].steps[0].properties.list");
  EXPECT_EQ(done.changes[1].sentence, "'get_contacts.ids' became '${steps.get_contacts.ids}'");
  EXPECT_EQ(done.changes[2].path, "subFormulas[0].engine");
  EXPECT_EQ(done.document.at("subFormulas").at(0).at("engine"), "v3");
}

TEST(Upgrade, LeavesAloneWhatIsNoTemplate) {
  for (const char* text : {"7", "[]", "null", R"({"steps":7})", R"({"steps":[7,{"properties":null}]})",
                           R"({"configuration":{},"steps":[{"type":"loop","properties":{"list":7}}]})"}) {
    const auto value = parse_json(text, "t");
    EXPECT_EQ(upgrade_to_v3(value).document, value) << text;
  }
}

TEST(Upgrade, IsDoneOnLoadWhileTheDocumentStays) {
  const std::string text = around("v1", step("loop", R"({"list":"get_contacts.ids"})"));
  const auto formula = Formula::parse(text);
  EXPECT_EQ(formula->document(), parse_json(text, "t"));
  EXPECT_EQ(formula->engine(), "v1");
  EXPECT_FALSE(formula->says_v3());
  EXPECT_EQ(std::get<LoopStep>(formula->steps().front().kind).list.source(), "${steps.get_contacts.ids}");
  ASSERT_FALSE(formula->changes().empty());
  EXPECT_EQ(formula->changes().front().path, "steps[0].properties.list");
}

struct Added {
  const char* why;
  const char* scripts;
  const char* step;
  const char* stored;
};
class AddedSteps : public testing::TestWithParam<Added> {};
TEST_P(AddedSteps, GetV1IfAllScriptsAreV1) {
  const auto& [why, scripts, added, stored] = GetParam();
  const auto document = parse_json(R"({"steps":[)" + std::string(scripts) + "]}", "t");
  EXPECT_EQ(to_text(with_script_engine(document, parse_json(added, "step"))), stored) << why;
}
constexpr const char* v1 = R"({"type":"script","properties":{"scriptEngine":"v1"}})";
constexpr const char* v1_and_v2 =
    R"({"type":"script","properties":{"scriptEngine":"v1"}},{"type":"filter","properties":{"scriptEngine":"v2"}})";
INSTANTIATE_TEST_SUITE_P(
    Table, AddedSteps,
    testing::Values(
        Added{"all are v1", v1, R"({"type":"script","properties":{"body":"x"}})",
              R"({"type":"script","properties":{"body":"x","scriptEngine":"v1"}})"},
        Added{"no properties", v1, R"({"type":"filter"})", R"({"type":"filter","properties":{"scriptEngine":"v1"}})"},
        Added{"it has its own", v1, R"({"type":"script","properties":{"scriptEngine":"v2"}})",
              R"({"type":"script","properties":{"scriptEngine":"v2"}})"},
        Added{"one is v2", v1_and_v2, R"({"type":"script","properties":{}})", R"({"type":"script","properties":{}})"},
        Added{"there are none", "", R"({"type":"script","properties":{}})", R"({"type":"script","properties":{}})"},
        Added{"no script", v1, R"({"type":"loop","properties":{}})", R"({"type":"loop","properties":{}})"},
        Added{"no step", v1, "7", "7"}));

}  // namespace
}  // namespace formulary

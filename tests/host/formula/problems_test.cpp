#include "host/formula/problems.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "host/formula/instance_problems.hpp"

namespace formulary {
namespace {

using Kind = FormulaProblem::Kind;

/// A template around the steps given, with a manual trigger that starts "a".
std::string around(const std::string& steps) {
  return R"({"name":"f","configuration":[{"key":"crm.instance","type":"elementInstance","required":true,"name":"CRM"}],
    "triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[)" +
         steps + "]}";
}

std::string step(const std::string& type, const std::string& properties, const std::string& more = "") {
  return R"({"name":"a","type":")" + type + R"(","properties":{)" + properties + "}" + more + "}";
}
std::string script(const std::string& body) {
  return step("script", R"("body":")" + body + "\"");
}
std::string v2_script(const std::string& body) {
  return step("script", R"("scriptEngine":"v2","body":")" + body + "\"");
}
std::string many_steps(std::size_t count) {
  std::string steps;
  for (std::size_t index = 0; index < count; ++index) steps += (index == 0 ? "{}" : ",{}");
  return R"({"name":"f","steps":[)" + steps + "]}";
}
std::string many_sub_formulas(std::size_t count) {
  std::string entries;
  for (std::size_t index = 0; index < count; ++index) entries += (index == 0 ? "{}" : ",{}");
  return R"({"name":"f","subFormulas":[)" + entries + "]}";
}
std::string nested(std::size_t depth) {
  return depth == 0 ? R"({"name":"f"})" : R"({"name":"f","subFormulas":[)" + nested(depth - 1) + "]}";
}
std::string in_sub_formulas(std::size_t depth) {
  std::string path = "subFormulas";
  for (std::size_t level = 0; level < depth; ++level) path.insert(0, "subFormulas[0].");
  return path;
}
std::string request(const std::string& properties) {
  return step("httpRequest",
              R"("method":"GET","url":"https://example.org")" + (properties.empty() ? "" : "," + properties));
}
std::string done(const std::string& name, const std::string& edges) {
  return R"({"name":")" + name + R"j(","type":"script","properties":{"body":"done(1)"},)j" + edges + "}";
}

struct Fault {
  const char* why;
  std::string text;
  Kind kind;
  std::string path;
  const char* part;  ///< Of the sentence.
};

class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, AreFoundWithPathAndSentence) {
  const auto problems = find_problems(*Formula::parse(GetParam().text));
  const auto found = std::find_if(problems.begin(), problems.end(), [](const FormulaProblem& problem) {
    return problem.kind == GetParam().kind && problem.path == GetParam().path &&
           problem.sentence.find(GetParam().part) != std::string::npos;
  });
  EXPECT_NE(found, problems.end()) << GetParam().why << "; found instead:\n" << to_text(problems);
}

INSTANTIATE_TEST_SUITE_P(
    Template, Faults,
    testing::Values(
        Fault{"no name", R"({"steps":[]})", Kind::invalid, "name", "missing"},
        Fault{"name of another type", R"({"name":{}})", Kind::warning, "name", "not a text"},
        Fault{"steps of another type", R"({"name":"f","steps":{}})", Kind::invalid, "steps", "not an array"},
        Fault{"a step that is no object", around("7"), Kind::invalid, "steps[0]", "not an object"},
        Fault{"no trigger", R"({"name":"f"})", Kind::incomplete, "triggers", "nothing starts"},
        Fault{"two triggers", R"({"name":"f","triggers":[{"type":"manual"},{"type":"manual"}]})", Kind::warning,
              "triggers", "2 entries"},
        Fault{"unknown trigger", R"({"name":"f","triggers":[{"type":"moon"}]})", Kind::invalid, "triggers[0].type",
              "none of"},
        Fault{"event trigger without instance", R"({"name":"f","triggers":[{"type":"event"}]})", Kind::warning,
              "triggers[0].properties.elementInstanceId", "is missing"},
        Fault{"trigger fails into a missing step", R"({"name":"f","triggers":[{"type":"manual","onFailure":["x"]}]})",
              Kind::incomplete, "triggers[0].onFailure[0]", "'x'"},
        Fault{"no Quartz expression",
              R"({"name":"f","triggers":[{"type":"scheduled","properties":{"cron":"0 0 25 * * ?"}}]})", Kind::invalid,
              "triggers[0].properties.cron", "hours: '25'"},
        Fault{"trigger without steps", R"({"name":"f","triggers":[{"type":"manual"}]})", Kind::warning,
              "triggers[0].onSuccess", "no step"},
        Fault{"trigger names a missing step", R"({"name":"f","triggers":[{"type":"manual","onSuccess":["x","y"]}]})",
              Kind::incomplete, "triggers[0].onSuccess[1]", "'y', which does not exist"},
        Fault{"too frequent",
              R"({"name":"f","triggers":[{"type":"scheduled","properties":{"cron":"0/30 * * 1/1 * ? *"}}]})",
              Kind::invalid, "triggers[0].properties.cron", "more often"},
        Fault{"no cron", R"({"name":"f","triggers":[{"type":"scheduled"}]})", Kind::warning,
              "triggers[0].properties.cron", "missing"},
        Fault{"unknown engine", R"({"name":"f","engine":"v9"})", Kind::warning, "engine", "v3"},
        Fault{"logging off in v1", R"({"name":"f","engine":"v1","debugLoggingEnabled":false})", Kind::invalid,
              "debugLoggingEnabled", "Execution debug logging can be disabled only for formula engine v3"},
        Fault{"resource without manual trigger",
              R"({"name":"f","method":"GET","uri":"/x","triggers":[{"type":"event"}]})", Kind::invalid, "uri",
              "manual trigger"},
        Fault{"resource by api alone without manual trigger",
              R"({"name":"f","api":"GET /x","triggers":[{"type":"event"}]})", Kind::invalid, "uri", "manual trigger"},
        Fault{"steps beyond the bound", many_steps(5'001), Kind::invalid, "steps", "more than 5000"},
        Fault{"sub-formulas of another type", R"({"name":"f","subFormulas":{}})", Kind::invalid, "subFormulas",
              "not an array"},
        Fault{"a sub-formula that is no object", R"({"name":"f","subFormulas":[7]})", Kind::invalid, "subFormulas[0]",
              "not an object"},
        Fault{"sub-formulas nested too deep", nested(17), Kind::invalid, in_sub_formulas(16), "nested deeper"},
        Fault{"more sub-formulas than anybody has", many_sub_formulas(1'001), Kind::invalid, "subFormulas",
              "more than 1000"},
        Fault{"a fault in a sub-formula", R"({"name":"f","subFormulas":[{"steps":[{"type":"java","name":"a"}]}]})",
              Kind::invalid, "subFormulas[0].steps[0].type", "Invalid formula for the v3 engine"},
        Fault{"sub-formulas that call each other", R"({"name":"f","id":1,"steps":[
                {"name":"a","type":"formula","properties":{"formulaId":"2"}}],"subFormulas":[{"name":"g","id":2,"steps":[
                {"name":"a","type":"formula","properties":{"formulaId":"1"}}]}]})",
              Kind::incomplete, "subFormulas", "in a circle: 'f', 'g', 'f'"},
        Fault{"a formula that calls itself",
              R"({"name":"f","id":1,"steps":[{"name":"a","type":"formula","properties":{"formulaId":1}}]})",
              Kind::incomplete, "subFormulas", "in a circle: 'f', 'f'"},
        Fault{"properties of another type", around(R"({"name":"a","type":"script","properties":[]})"), Kind::warning,
              "steps[0].properties", "not an object"},
        Fault{"configuration key twice",
              R"({"name":"f","configuration":[{"key":"k","type":"value"},{"key":"k","type":"value"}]})", Kind::conflict,
              "configuration[1].key", "'k' is there twice"},
        Fault{"configuration without key", R"({"name":"f","configuration":[{"type":"value"}]})", Kind::warning,
              "configuration[0].key", "missing"},
        Fault{"configuration of no type", R"({"name":"f","configuration":[{"key":"k","type":"x"}]})", Kind::warning,
              "configuration[0].type", "neither"}));

INSTANTIATE_TEST_SUITE_P(
    Steps, Faults,
    testing::Values(
        Fault{"two of one name", around(script("done(1)") + "," + script("done(2)")), Kind::invalid, "steps[1].name",
              "earlier step"},
        Fault{"no name", around(R"({"type":"script"})"), Kind::invalid, "steps[0].name", "missing"},
        Fault{"a name that a terminal obeys", around(R"({"name":"a\u001b[2J","type":"script"})"), Kind::invalid,
              "steps[0].name", "control"},
        Fault{"success names a missing step", around(done("a", R"("onSuccess":["b"])")), Kind::incomplete,
              "steps[0].onSuccess[0]", "names the step 'b', which does not exist"},
        Fault{"failure names a missing step", around(done("a", R"("onFailure":["a","b"])")), Kind::incomplete,
              "steps[0].onFailure[1]", "'b'"},
        Fault{"targets that are no names", around(done("a", R"("onSuccess":[{}])")), Kind::warning,
              "steps[0].onSuccess[0]", "not the name"},
        Fault{"targets that are no list", around(done("a", R"("onSuccess":7)")), Kind::warning, "steps[0].onSuccess",
              "not an array"},
        Fault{"unknown type", around(step("java", "")), Kind::invalid, "steps[0].type",
              "Invalid formula for the v3 engine"},
        Fault{"notification in v3", R"({"name":"f","engine":"v3","steps":[{"name":"a","type":"notification"}]})",
              Kind::invalid, "steps[0].type", "Invalid formula for the v3 engine"},
        Fault{"no type", around(R"({"name":"a"})"), Kind::invalid, "steps[0].type", "missing"},
        Fault{"loop without list", around(step("loop", "")), Kind::warning, "steps[0].properties.list", "is missing"},
        Fault{"sub-formula that is not embedded", around(step("formula", R"("formulaId":"1")")), Kind::warning,
              "steps[0].properties.formulaId", "not among the subFormulas"},
        Fault{"stream without halves", around(step("elementRequestStream", "")), Kind::warning,
              "steps[0].properties.uploadApi", "is missing"},
        Fault{"message to nowhere", around(step("amqpRequest", "")), Kind::warning, "steps[0].properties.url",
              "is missing"},
        Fault{"too many attempts to run again", around(step("retryFormulaExecution", R"("retryAttempts":"8")")),
              Kind::invalid, "steps[0].properties.retryAttempts", "retryAttempts must"},
        Fault{"v2 script without done", around(v2_script("const x = 1; // done(x)")), Kind::invalid,
              "steps[0].properties.body", "done()"},
        Fault{"v2 script with return", around(v2_script("done(1);\\nreturn 1;")), Kind::invalid,
              "steps[0].properties.body", "line 2"},
        Fault{"v2 filter without done", around(step("filter", R"("body":"true","scriptEngine":"v2")")), Kind::invalid,
              "steps[0].properties.body", "done()"},
        Fault{"script without done", around(script("console.log(1)")), Kind::warning, "steps[0].properties.body",
              "done()"},
        Fault{"script without body", around(script(" ")), Kind::warning, "steps[0].properties.body", "missing"},
        Fault{"unknown script engine", around(step("script", R"j("body":"done(1)","scriptEngine":"v9")j")),
              Kind::warning, "steps[0].properties.scriptEngine", "v2 is taken"},
        Fault{"too many retries", around(request(R"("retryAttempts":"6")")), Kind::invalid,
              "steps[0].properties.retryAttempts", "retryAttempts must be a number from 0 to 5"},
        Fault{"retries that are no number", around(request(R"("retryAttempts":"many")")), Kind::invalid,
              "steps[0].properties.retryAttempts", "number"},
        Fault{"negative delay", around(request(R"("retryDelay":-1)")), Kind::warning, "steps[0].properties.retryDelay",
              "number"},
        Fault{"more than a day of delay", around(request(R"("retryDelay":86400001)")), Kind::warning,
              "steps[0].properties.retryDelay", "that much is taken"},
        Fault{"wrong accepted codes", around(request(R"("acceptableStatusCodes":"2xx")")), Kind::warning,
              "steps[0].properties.acceptableStatusCodes", "must list status codes"},
        Fault{"wrong status codes", around(request(R"("retryStatusCodes":"401-,400")")), Kind::invalid,
              "steps[0].properties.retryStatusCodes", "retryStatusCodes must"},
        Fault{"retry that is no flag", around(request(R"("retry":"maybe")")), Kind::warning,
              "steps[0].properties.retry", "neither"},
        Fault{"unknown method", around(step("httpRequest", R"("method":"FETCH","url":"x")")), Kind::warning,
              "steps[0].properties.method", "none of"},
        Fault{"no method", around(step("httpRequest", R"("url":"x")")), Kind::warning, "steps[0].properties.method",
              "missing"},
        Fault{"no url", around(step("httpRequest", R"("method":"GET")")), Kind::warning, "steps[0].properties.url",
              "missing"},
        Fault{"no instance", around(step("elementRequest", R"("method":"GET","api":"/x")")), Kind::warning,
              "steps[0].properties.elementInstanceId", "missing"},
        Fault{"bulk download",
              around(
                  step("elementRequest",
                       R"("elementInstanceId":"1","method":"GET","api":"/hubs/crm/bulk/${trigger.args.id}/contacts")")),
              Kind::invalid, "steps[0].properties.api", "elementRequestStream"},
        Fault{"reference that is not closed", around(request(R"("body":"${trigger.args")")), Kind::warning,
              "steps[0].properties.body", "not closed"},
        Fault{"reference that is none", around(request(R"("body":"${a b(c)}")")), Kind::warning,
              "steps[0].properties.body", "not a reference"},
        Fault{"reference to a missing step", around(request(R"("body":"${steps.nope.x}")")), Kind::warning,
              "steps[0].properties.body", "does not exist"},
        Fault{"reference to a missing key", around(request(R"("body":"${config.nope}")")), Kind::warning,
              "steps[0].properties.body", "does not have"},
        Fault{"shorthand that is nothing", around(request(R"("body":"${nope}")")), Kind::warning,
              "steps[0].properties.body", "neither"},
        Fault{"never reached", around(done("a", R"("onSuccess":[])") + "," + done("b", R"("onSuccess":["a"])")),
              Kind::warning, "steps[1]", "never reached"},
        Fault{"endless circle", around(done("a", R"("onSuccess":["b"])") + "," + done("b", R"("onSuccess":["a"])")),
              Kind::warning, "steps[0]", "can end only by failing"},
        Fault{"a step that follows itself", around(done("a", R"("onSuccess":["a"])")), Kind::warning, "steps[0]",
              "goes round ('a')"}));

struct Proper {
  const char* why;
  std::string text;
};
class ProperTemplates : public testing::TestWithParam<Proper> {};

TEST_P(ProperTemplates, HaveNoProblemThatPreventsRunning) {
  const auto problems = find_problems(*Formula::parse(GetParam().text));
  EXPECT_FALSE(prevents_running(problems)) << GetParam().why << '\n' << to_text(problems);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ProperTemplates,
    testing::Values(
        Proper{"retry fields as texts",
               around(request(
                   R"("retry":"true","retryAttempts":"5","retryDelay":"100","retryStatusCodes":"401-405,500")"))},
        Proper{"retry fields as values", around(request(R"("retry":true,"retryAttempts":5,"retryDelay":100)"))},
        Proper{"a filter ends the circle",
               around(done("a", R"("onSuccess":["b"])") +
                      R"j(,{"name":"b","type":"filter","properties":{"body":"done(true)"},"onFailure":["a"]})j")},
        Proper{"a request that is repeated until it succeeds",
               around(request("").replace(request("").size() - 1, 1, R"(,"onFailure":["a"]})"))},
        Proper{
            "status of a bulk job",
            around(step("elementRequest", R"("elementInstanceId":"1","method":"get","api":"hubs/crm/bulk/7/status")"))},
        Proper{"shorthand of old templates",
               around(step("elementRequest", R"("elementInstanceId":"${crm.instance}","method":"GET","api":"/x")"))},
        Proper{"a v1 script",
               R"({"name":"f","engine":"v1","triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[)" +
                   script("return {a: 1}") + "]}"},
        Proper{"notification of the older engine",
               R"({"name":"f","engine":"v1","triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[)" +
                   step("notification", R"("body":"hello")") + "]}"},
        Proper{"a single name where names are meant", around(done("a", R"("onSuccess":"a")"))},
        Proper{"retry fields by reference",
               around(request(R"("retry":"${trigger.args.r}","retryAttempts":"${trigger.args.n}")"))},
        Proper{"JavaScript in a reference", around(step("loop", R"j("list":"${ steps.a.b.filter(x => x.c) }")j"))},
        Proper{"a script of v2 that returns in functions",
               around(v2_script("done([1].map(function (x) { return x; }))"))},
        Proper{"a script that returns from its middle", around(script("if (1) { done(1); return; } done(2)"))},
        Proper{"accepted codes that no standard knows", around(request(R"("acceptableStatusCodes":"200,999")"))},
        Proper{"a sub-formula within", R"({"name":"f","triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[
                 {"name":"a","type":"formula","properties":{"formulaId":"2"}}],"subFormulas":[{"name":"g","id":2,
                 "triggers":[{"type":"manual"}],"steps":[{"name":"a","type":"formula","properties":{"formulaId":3}}],
                 "subFormulas":[{"name":"h","id":3,"triggers":[{"type":"manual"}]}]}]})"},
        Proper{"event trigger", R"({"name":"f","triggers":[{"type":"event",
                 "properties":{"elementInstanceId":"${trigger_instance}"}}],"steps":[]})"},
        Proper{"a resource", R"({"name":"f","method":"GET","uri":"/x","triggers":[{"type":"manual"}]})"},
        Proper{"cron from the configuration", R"({"name":"f","configuration":[{"key":"cron","type":"value"}],
          "triggers":[{"type":"scheduled","properties":{"cron":"${config.cron}"}}]})"}));

TEST(ConfigurationProblems, NameWhatIsMissingWrongAndUnknown) {
  const auto formula = Formula::parse(around(script("done(1)")));
  EXPECT_TRUE(find_problems(*formula, json::object{{"crm.instance", 12}}).empty());
  const auto missing = find_problems(*formula, json::object{{"other", "x"}});
  EXPECT_EQ(to_text(missing),
            "configuration.crm.instance: is required; give the id or name of an element instance for 'CRM'\n"
            "configuration.other: is not a key of the formula");
  EXPECT_TRUE(prevents_running(missing));
  EXPECT_TRUE(prevents_running(find_problems(*formula, json::object{{"crm.instance", ""}})));
  EXPECT_TRUE(prevents_running(find_problems(*formula, json::object{{"crm.instance", json::array{1}}})));
}

struct WrongOrder {
  const char* why;
  const char* configuration;
  const char* settings;
  Kind kind;
  const char* problem;  ///< As to_text() has it, its beginning.
};
class InstanceOrders : public testing::TestWithParam<WrongOrder> {};

/// A scheduled formula with an element instance that is needed and a cron that is given.
constexpr const char* scheduled_formula = R"json({"name":"f","configuration":[
    {"key":"crm.instance","type":"elementInstance","required":true,"name":"CRM"},
    {"key":"when","type":"value","required":true,"name":"When"},{"key":"note","type":"value","name":"Note"}],
  "triggers":[{"type":"scheduled","properties":{"cron":"${config.when}"},"onSuccess":["a"]}],
  "steps":[{"name":"a","type":"script","properties":{"body":"done(1)"}}]})json";
constexpr const char* proper_configuration = R"({"crm.instance":7,"when":"0 0/1 * 1/1 * ? *"})";

InstanceOrder order_of(const char* configuration, const char* settings) {
  return {.configuration = parse_json(configuration, "configuration").as_object(),
          .settings = parse_json(settings, "settings").as_object(),
          .has_element_instance = [](std::string_view selector) { return selector == "7" || selector == "crm"; }};
}

TEST_P(InstanceOrders, AreRefusedWithPathAndSentence) {
  const auto formula = Formula::parse(scheduled_formula);
  const auto problems = find_instance_problems(*formula, order_of(GetParam().configuration, GetParam().settings));
  ASSERT_EQ(problems.size(), 1U) << GetParam().why << '\n' << to_text(problems);
  EXPECT_EQ(problems.front().kind, GetParam().kind) << GetParam().why;
  EXPECT_EQ(to_text(problems).rfind(GetParam().problem, 0), 0U) << to_text(problems);
}

INSTANTIATE_TEST_SUITE_P(
    Table, InstanceOrders,
    testing::Values(
        WrongOrder{"no instance", R"({"when":"0 0 0 1 1 ?"})", "{}", Kind::incomplete,
                   "configuration.crm.instance: is required; give the id or name of an element instance for 'CRM'"},
        WrongOrder{"blank instance", R"({"crm.instance":"","when":"0 0 0 1 1 ?"})", "{}", Kind::incomplete,
                   "configuration.crm.instance: is required"},
        WrongOrder{"an instance that is none", R"({"crm.instance":true,"when":"0 0 0 1 1 ?"})", "{}", Kind::incomplete,
                   "configuration.crm.instance: is no id or name"},
        WrongOrder{"an unknown instance", R"({"crm.instance":"8","when":"0 0 0 1 1 ?"})", "{}", Kind::incomplete,
                   "configuration.crm.instance: there is no element instance '8'"},
        WrongOrder{"an object", R"({"crm.instance":7,"when":"0 0 0 1 1 ?","note":{}})", "{}", Kind::incomplete,
                   "configuration.note: is neither a text nor a number"},
        WrongOrder{"a cron that is none", R"({"crm.instance":7,"when":"hourly"})", "{}", Kind::incomplete,
                   "configuration.when: is no Quartz expression: fields: there are 1"},
        WrongOrder{"an unknown key", R"({"crm.instance":"crm","when":"0 0 0 1 1 ?","x":1})", "{}", Kind::warning,
                   "configuration.x: is not a key"},
        WrongOrder{"api without method", proper_configuration, R"({"api":"/bingo"})", Kind::invalid,
                   "settings.api: must be a method and a path"},
        WrongOrder{"api without path", proper_configuration, R"({"api":"GET"})", Kind::invalid, "settings.api: must"},
        WrongOrder{"api without slash", proper_configuration, R"({"api":"GET missing-a-slash"})", Kind::invalid,
                   "settings.api: must"},
        WrongOrder{"api with another method", proper_configuration, R"({"api":"FETCH /x"})", Kind::invalid,
                   "settings.api: must"},
        WrongOrder{"api with a blank", proper_configuration, R"({"api":"GET /x y"})", Kind::invalid,
                   "settings.api: must"},
        WrongOrder{"api that is no text", proper_configuration, R"({"api":7})", Kind::invalid, "settings.api: must"},
        WrongOrder{"api of the platform", proper_configuration, R"({"api":"GET /accounts"})", Kind::invalid,
                   "settings.api: '/accounts' is a resource of the platform"},
        WrongOrder{"api below one of the platform", proper_configuration, R"({"api":"GET /formulas/instances"})",
                   Kind::invalid, "settings.api: '/formulas/instances' is"},
        WrongOrder{"api with the platform's root", proper_configuration, R"({"api":"GET /elements/api-v2/users?x"})",
                   Kind::invalid, "settings.api: must"},
        WrongOrder{"a life that is no time", proper_configuration, R"({"formula.instance.time.to.live":"soon"})",
                   Kind::warning, "settings.formula.instance.time.to.live: is no number of seconds"}));

TEST(InstanceOrders, ThatAreProperHaveNoProblem) {
  const auto formula = Formula::parse(scheduled_formula);
  const auto problems = find_instance_problems(
      *formula,
      order_of(proper_configuration,
               R"({"api":"post /bingo/{id}","formula.instance.time.to.live":"60","notification.email":"a@b.c"})"));
  EXPECT_TRUE(problems.empty()) << to_text(problems);
}

TEST(InstanceOrders, AreRefusedForWhatTheTemplateLeavesOpen) {
  const auto formula = Formula::parse(R"({"name":"f","triggers":[{"type":"manual","onSuccess":["nope"]}]})");
  EXPECT_FALSE(refuses_template(find_problems(*formula)));
  const auto problems = find_instance_problems(*formula, {});
  EXPECT_TRUE(prevents_running(problems));
  EXPECT_EQ(to_text(problems), "triggers[0].onSuccess[0]: names the step 'nope', which does not exist");
}

TEST(Problems, AreReportedAllAtOnceAndAsJson) {
  const auto problems = find_problems(*Formula::parse(R"({"name":"f","triggers":[{"type":"moon"}],
    "configuration":[{"key":"k","type":"value"},{"key":"k","type":"value"}]})"));
  EXPECT_TRUE(refuses_template(problems));
  EXPECT_EQ(
      to_text(json::value(to_json(problems))),
      R"([{"kind":"conflict","path":"configuration[1].key","message":"'k' is there twice"},)"
      R"({"kind":"invalid","path":"triggers[0].type","message":"is none of event, elementRequest, scheduled and manual"},)"
      R"({"kind":"warning","path":"triggers[0].onSuccess","message":"starts no step"}])");
}

TEST(PlatformPaths, AreKnownByTheirFirstSegment) {
  for (const char* path : {"/accounts", "accounts", "/elements/api-v2/users", "/hubs/crm/contacts", "/usage?x=1"}) {
    EXPECT_TRUE(is_platform_path(path)) << path;
  }
  for (const char* path : {"/bingo", "/accounts-of-mine", "/x/accounts", "", "/"}) {
    EXPECT_FALSE(is_platform_path(path)) << path;
  }
}

}  // namespace
}  // namespace formulary

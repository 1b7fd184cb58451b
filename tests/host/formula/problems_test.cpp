#include "host/formula/problems.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

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
  const char* path;
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
        Fault{"name of another type", R"({"name":{}})", Kind::invalid, "name", "not a text"},
        Fault{"steps of another type", R"({"name":"f","steps":{}})", Kind::invalid, "steps", "not an array"},
        Fault{"a step that is no object", around("7"), Kind::invalid, "steps[0]", "not an object"},
        Fault{"no trigger", R"({"name":"f"})", Kind::incomplete, "triggers", "nothing starts"},
        Fault{"two triggers", R"({"name":"f","triggers":[{"type":"manual"},{"type":"manual"}]})", Kind::invalid,
              "triggers", "2 entries"},
        Fault{"unknown trigger", R"({"name":"f","triggers":[{"type":"moon"}]})", Kind::invalid, "triggers[0].type",
              "none of"},
        Fault{"event trigger", R"({"name":"f","triggers":[{"type":"event"}]})", Kind::unsupported, "triggers[0].type",
              "'event' cannot run yet"},
        Fault{"trigger without steps", R"({"name":"f","triggers":[{"type":"manual"}]})", Kind::warning,
              "triggers[0].onSuccess", "no step"},
        Fault{"trigger names a missing step", R"({"name":"f","triggers":[{"type":"manual","onSuccess":["x","y"]}]})",
              Kind::incomplete, "triggers[0].onSuccess[1]", "'y', which does not exist"},
        Fault{"too frequent",
              R"({"name":"f","triggers":[{"type":"scheduled","properties":{"cron":"0/30 * * 1/1 * ? *"}}]})",
              Kind::invalid, "triggers[0].properties.cron", "more often"},
        Fault{"no cron", R"({"name":"f","triggers":[{"type":"scheduled"}]})", Kind::invalid,
              "triggers[0].properties.cron", "missing"},
        Fault{"unknown engine", R"({"name":"f","engine":"v9"})", Kind::invalid, "engine", "v3"},
        Fault{"logging off in v1", R"({"name":"f","engine":"v1","debugLoggingEnabled":false})", Kind::invalid,
              "debugLoggingEnabled", "Execution debug logging can be disabled only for formula engine v3"},
        Fault{"resource without manual trigger",
              R"({"name":"f","method":"GET","uri":"/x","triggers":[{"type":"event"}]})", Kind::invalid, "uri",
              "manual trigger"},
        Fault{"configuration key twice",
              R"({"name":"f","configuration":[{"key":"k","type":"value"},{"key":"k","type":"value"}]})", Kind::conflict,
              "configuration[1].key", "'k' is there twice"},
        Fault{"configuration without key", R"({"name":"f","configuration":[{"type":"value"}]})", Kind::invalid,
              "configuration[0].key", "missing"},
        Fault{"configuration of no type", R"({"name":"f","configuration":[{"key":"k","type":"x"}]})", Kind::invalid,
              "configuration[0].type", "neither"}));

INSTANTIATE_TEST_SUITE_P(
    Steps, Faults,
    testing::Values(
        Fault{"two of one name", around(script("done(1)") + "," + script("done(2)")), Kind::invalid, "steps[1].name",
              "earlier step"},
        Fault{"no name", around(R"({"type":"script"})"), Kind::invalid, "steps[0].name", "missing"},
        Fault{"a name that a terminal obeys", around(R"({"name":"a\u001b[2J","type":"script"})"), Kind::invalid,
              "steps[0].name", "control"},
        Fault{"success names a missing step", around(done("a", R"("onSuccess":["b"])")), Kind::invalid,
              "steps[0].onSuccess[0]", "names the step 'b', which does not exist"},
        Fault{"failure names a missing step", around(done("a", R"("onFailure":["a","b"])")), Kind::invalid,
              "steps[0].onFailure[1]", "'b'"},
        Fault{"targets that are no names", around(done("a", R"("onSuccess":[{}])")), Kind::invalid,
              "steps[0].onSuccess[0]", "not the name"},
        Fault{"targets that are no list", around(done("a", R"("onSuccess":"b")")), Kind::invalid, "steps[0].onSuccess",
              "not an array"},
        Fault{"unknown type", around(step("java", "")), Kind::invalid, "steps[0].type",
              "Invalid formula for the v3 engine"},
        Fault{"notification in v3", around(step("notification", "")), Kind::invalid, "steps[0].type",
              "Invalid formula for the v3 engine"},
        Fault{"no type", around(R"({"name":"a"})"), Kind::invalid, "steps[0].type", "missing"},
        Fault{"loop", around(step("loop", R"("list":"${trigger.args}")")), Kind::unsupported, "steps[0].type",
              "step type 'loop' cannot run yet"},
        Fault{"sub-formula", around(step("formula", R"("formulaId":"1")")), Kind::unsupported, "steps[0].type",
              "cannot run yet"},
        Fault{"platform request", around(step("request", R"("method":"GET","api":"/x")")), Kind::unsupported,
              "steps[0].type", "cannot run yet"},
        Fault{"stream", around(step("elementRequestStream", "")), Kind::unsupported, "steps[0].type", "cannot run yet"},
        Fault{"form", around(request(R"("form":"${trigger.args}")")), Kind::unsupported, "steps[0].properties.form",
              "cannot be sent yet"},
        Fault{"too many attempts to run again", around(step("retryFormulaExecution", R"("retryAttempts":"8")")),
              Kind::invalid, "steps[0].properties.retryAttempts", "retryAttempts must"},
        Fault{"script without done", around(script("const x = 1; // done(x)")), Kind::invalid,
              "steps[0].properties.body", "done()"},
        Fault{"script with return", around(script("done(1);\\nreturn 1;")), Kind::invalid, "steps[0].properties.body",
              "line 2"},
        Fault{"script without body", around(script(" ")), Kind::incomplete, "steps[0].properties.body", "missing"},
        Fault{"filter without done", around(step("filter", R"("body":"true")")), Kind::invalid,
              "steps[0].properties.body", "done()"},
        Fault{"too many retries", around(request(R"("retryAttempts":"6")")), Kind::invalid,
              "steps[0].properties.retryAttempts", "retryAttempts must be a number from 0 to 5"},
        Fault{"retries that are no number", around(request(R"("retryAttempts":"many")")), Kind::invalid,
              "steps[0].properties.retryAttempts", "number"},
        Fault{"negative delay", around(request(R"("retryDelay":-1)")), Kind::invalid, "steps[0].properties.retryDelay",
              "number"},
        Fault{"wrong status codes", around(request(R"("retryStatusCodes":"401-,400")")), Kind::invalid,
              "steps[0].properties.retryStatusCodes", "retryStatusCodes must"},
        Fault{"retry that is no flag", around(request(R"("retry":"maybe")")), Kind::invalid,
              "steps[0].properties.retry", "neither"},
        Fault{"unknown method", around(step("httpRequest", R"("method":"FETCH","url":"x")")), Kind::invalid,
              "steps[0].properties.method", "none of"},
        Fault{"no method", around(step("httpRequest", R"("url":"x")")), Kind::incomplete, "steps[0].properties.method",
              "missing"},
        Fault{"no url", around(step("httpRequest", R"("method":"GET")")), Kind::incomplete, "steps[0].properties.url",
              "missing"},
        Fault{"no instance", around(step("elementRequest", R"("method":"GET","api":"/x")")), Kind::incomplete,
              "steps[0].properties.elementInstanceId", "missing"},
        Fault{"bulk download",
              around(
                  step("elementRequest",
                       R"("elementInstanceId":"1","method":"GET","api":"/hubs/crm/bulk/${trigger.args.id}/contacts")")),
              Kind::invalid, "steps[0].properties.api", "elementRequestStream"},
        Fault{"reference that is not closed", around(request(R"("body":"${trigger.args")")), Kind::invalid,
              "steps[0].properties.body", "not closed"},
        Fault{"reference that is none", around(request(R"("body":"${a b(c)}")")), Kind::invalid,
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
              Kind::invalid, "steps[0]", "can end only by failing"},
        Fault{"a step that follows itself", around(done("a", R"("onSuccess":["a"])")), Kind::invalid, "steps[0]",
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

}  // namespace
}  // namespace formulary

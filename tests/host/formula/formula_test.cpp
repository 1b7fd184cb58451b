#include "host/formula/formula.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/base/error.hpp"
#include "host/formula/problems.hpp"

namespace formulary {
namespace {

constexpr const char* small = R"json({
  "id": 7, "name": "small", "engine": "v3", "vendorExtra": {"kept": [1, 2.5, "x"]},
  "configuration": [{"id": 1, "key": "crm.instance", "name": "CRM", "type": "elementInstance", "required": true}],
  "triggers": [{"id": 1, "name": "trigger", "type": "manual", "async": true, "properties": {}, "onSuccess": ["get-it"]}],
  "steps": [
    {"id": 1, "name": "get-it", "type": "elementRequest", "onSuccess": ["a", "b"], "onFailure": ["a"], "properties": {
      "elementInstanceId": "${config.crm.instance}", "method": "GET", "api": "/hubs/crm/contacts/${trigger.args.id}",
      "retry": "true", "retryAttempts": "3", "retryDelay": 250, "retryStatusCodes": "429,500-599",
      "acceptableStatusCodes": 404}},
    {"name": "a", "type": "script", "properties": {"body": "done({x: `${1}`})", "scriptEngine": "v2"}},
    {"name": "b", "type": "teleport"}
  ]})json";

TEST(FormulaTest, ReadsATemplateIntoTypedSteps) {
  const auto formula = Formula::parse(small);
  EXPECT_EQ(formula->name(), "small");
  ASSERT_EQ(formula->steps().size(), 3U);
  const Step* step = formula->find_step("get-it");
  ASSERT_NE(step, nullptr);
  EXPECT_EQ(step->on_success, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(step->on_failure, (std::vector<std::string>{"a"}));
  const auto& request = std::get<ElementRequestStep>(step->kind).request;
  EXPECT_TRUE(request.policy.retry);
  EXPECT_EQ(request.policy.retry_attempts, 3);
  EXPECT_EQ(request.policy.retry_delay, std::chrono::milliseconds(250));
  EXPECT_TRUE(request.policy.retry_codes.contains(503));
  EXPECT_TRUE(request.policy.acceptable.contains(404));
  EXPECT_EQ(request.target.references().size(), 1U);
  EXPECT_EQ(std::get<ScriptStep>(formula->find_step("a")->kind).body, "done({x: `${1}`})");
  EXPECT_TRUE(std::holds_alternative<UnknownStep>(formula->find_step("b")->kind));
  EXPECT_TRUE(formula->configuration().front().required);
  EXPECT_TRUE(formula->shape_problems().empty()) << to_text(formula->shape_problems());
}

TEST(FormulaTest, ReadsEveryStepTypeAndTrigger) {
  for (const char* type : {"script", "filter", "elementRequest", "elementRequestStream", "request", "httpRequest",
                           "loop", "formula", "retryFormulaExecution", "amqpRequest", "notification"}) {
    json::value document{{"name", "f"}, {"steps", json::array{json::object{{"name", "s"}, {"type", type}}}}};
    const auto formula = Formula::from_json(std::move(document));
    EXPECT_FALSE(std::holds_alternative<UnknownStep>(formula->steps().front().kind)) << type;
  }
  for (const char* type : {"event", "elementRequest", "scheduled", "manual"}) {
    json::value document{{"name", "f"}, {"triggers", json::array{json::object{{"type", type}}}}};
    const auto formula = Formula::from_json(std::move(document));
    EXPECT_FALSE(std::holds_alternative<UnknownTrigger>(formula->triggers().front().kind)) << type;
    EXPECT_EQ(formula->triggers().front().name, "trigger");
  }
}

TEST(FormulaTest, GivesTheTemplateBackWithEveryMember) {
  EXPECT_EQ(Formula::parse(small)->document(), parse_json(small, "small"));
}

TEST(FormulaTest, IsKnownByItsContentNotByTheOrderOfItsMembers) {
  const auto id = Formula::parse(R"({"name":"a","active":true})")->content_id();
  EXPECT_EQ(id.size(), 64U);
  EXPECT_EQ(Formula::parse(R"({"active": true, "name": "a"})")->content_id(), id);
  EXPECT_NE(Formula::parse(R"({"name":"a","active":false})")->content_id(), id);
}

TEST(FormulaTest, RefusesWhatIsNoObject) {
  for (const char* text : {"[]", "1", "", "{", "null"}) {
    try {
      (void)Formula::parse(text, "some.json");
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::bad_input);
      EXPECT_EQ(std::string(error.what()).rfind("some.json", 0), 0U) << error.what();
    }
  }
}

TEST(FormulaTest, KnowsWhatAFormulaSaysAboutItself) {
  const auto formula = Formula::parse(R"({"id":12,"name":"f","description":"d","singleThreaded":true,"method":"post",
    "uri":"/hires","debugLoggingEnabled":false,"debugLoggingExpires":"2030-01-01T00:00:00Z","triggers":[
    {"type":"manual","async":false,"active":false,"onSuccess":["a"],"onFailure":["b"]}]})");
  EXPECT_EQ(formula->id(), "12");
  EXPECT_EQ(formula->description(), "d");
  EXPECT_TRUE(formula->single_threaded());
  EXPECT_FALSE(formula->debug_logging().enabled);
  EXPECT_EQ(formula->debug_logging().expires, "2030-01-01T00:00:00Z");
  ASSERT_TRUE(formula->resource());
  EXPECT_EQ(formula->resource()->method, "POST");
  EXPECT_EQ(formula->resource()->uri, "/hires");
  const Trigger& trigger = formula->triggers().front();
  EXPECT_EQ(trigger.on_failure, (std::vector<std::string>{"b"}));
  EXPECT_FALSE(trigger.async || trigger.active);
}

TEST(FormulaTest, TakesTheDefaultsOfThePlatform) {
  const auto formula = Formula::parse(R"({"name":"f","triggers":[{"type":"manual"}]})");
  EXPECT_EQ(formula->engine(), "v3");
  EXPECT_FALSE(formula->says_v3() || formula->single_threaded() || formula->resource());
  EXPECT_TRUE(formula->debug_logging().enabled);
  EXPECT_TRUE(formula->triggers().front().async && formula->triggers().front().active);
  EXPECT_TRUE(formula->id().empty());
}

TEST(FormulaTest, IsAResourceByMethodAndUriOrByApi) {
  const auto resource = [](const char* text) { return Formula::parse(text)->resource(); };
  EXPECT_EQ(resource(R"({"api":"get /x"})")->method, "GET");
  EXPECT_EQ(resource(R"({"api":"GET /x"})")->uri, "/x");
  EXPECT_FALSE(resource(R"({"method":"GET"})"));
  EXPECT_FALSE(resource(R"({"method":null,"uri":null})"));
  EXPECT_FALSE(resource(R"({"api":"GET"})"));
}

TEST(FormulaTest, FindsSubFormulasNearestFirst) {
  const auto formula = Formula::parse(R"({"id":1,"name":"outer","subFormulas":[
    {"id":2,"name":"inner","subFormulas":[{"id":"3","name":"nearest"},{"id":4,"name":"deep"}]},
    {"id":3,"name":"sibling"}]})");
  ASSERT_EQ(formula->sub_formulas().size(), 2U);
  const Formula* inner = formula->find_sub_formula("2");
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(formula->find_sub_formula("3")->name(), "sibling");
  EXPECT_EQ(inner->find_sub_formula("3")->name(), "nearest");
  EXPECT_EQ(formula->find_sub_formula("4"), nullptr);
  EXPECT_EQ(inner->find_sub_formula("4")->find_sub_formula("3")->name(), "nearest");
  EXPECT_EQ(inner->find_sub_formula("4")->find_sub_formula("2"), inner);
  EXPECT_EQ(inner->find_sub_formula("1"), formula.get());
  EXPECT_EQ(formula->find_sub_formula(""), nullptr);
  EXPECT_EQ(formula->sub_formulas().front()->document().at("subFormulas").as_array().size(), 2U);
}

TEST(FormulaTest, GivesBothHalvesOfAStreamThePolicyOfItsStep) {
  const auto formula = Formula::parse(R"({"steps":[{"name":"s","type":"elementRequestStream","properties":{
    "downloadMethod":"GET","uploadMethod":"POST","uploadBody":"b","retry":"true","retryAttempts":"${config.n}",
    "acceptableStatusCodes":"404","uploadFormData":"{}","uploadFormDataName":"file"}}]})");
  const auto& stream = std::get<ElementStreamStep>(formula->steps().front().kind);
  for (const auto* half : {&stream.download, &stream.upload}) {
    EXPECT_TRUE(half->policy.retry && half->policy.accepts(404));
    EXPECT_FALSE(half->policy_properties.retry_attempts.absent());
  }
  EXPECT_EQ(stream.upload.body.source(), "b");
  EXPECT_EQ(stream.form_data_name.source(), "file");
}

}  // namespace
}  // namespace formulary

#include "host/formula/formula.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
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

// Real templates, published by the platform's vendor and its users. They are no part of the repository.

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The templates of a file: the file itself, or the entries of an export. Other documents lie in the same folders.
std::vector<json::value> templates_in(const std::filesystem::path& path) {
  json::value document;
  try {
    document = parse_json(read_file(path), path.string());
  } catch (const Error&) {
    return {};  // one published file is not JSON
  }
  std::vector<json::value> found;
  const auto take = [&found](const json::value& value) {
    if (value.is_object() && value.as_object().contains("steps")) found.push_back(value);
  };
  if (const auto* entries = document.if_array()) {
    for (const auto& entry : *entries) take(entry);
  } else {
    take(document);
  }
  return found;
}

TEST(RealTemplates, AllParseComeBackEqualAndHaveNoUnexpectedProblem) {
  const std::filesystem::path folder = std::filesystem::path(FORMULARY_SHARED) / "contract/platform/formulas";
  if (!std::filesystem::is_directory(folder)) {
    if (std::getenv("CI") != nullptr) FAIL() << folder << " is absent";
    GTEST_SKIP() << "the published templates are absent: " << folder;
  }
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    for (const auto& document : templates_in(entry.path())) {
      ++count;
      const auto formula = Formula::from_json(document, entry.path().string());
      EXPECT_EQ(formula->document(), document) << entry.path();
      for (const auto& problem : find_problems(*formula)) {
        const std::string line = std::string(name(problem.kind)) + ' ' + problem.path + ": " + problem.sentence;
        std::cout << entry.path().lexically_relative(folder).string() << ": " << line << '\n';
      }
    }
  }
  EXPECT_GE(count, 30U);
}

}  // namespace
}  // namespace formulary

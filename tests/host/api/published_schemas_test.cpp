/// \file
/// Answers about formulas are as the platform's published schemas say.
#include <cstdlib>
#include <filesystem>

#include "tests/host/api/formula_api_fixture.hpp"
#include "tests/host/api/schema_check.hpp"

namespace formulary::testing {
namespace {

class PublishedSchemasTest : public FormulaApiTest {
 protected:
  void SetUp() override {
    if (std::filesystem::exists(schemas_folder())) return;
    if (std::getenv("CI") != nullptr) FAIL() << schemas_folder() << " is not there";
    GTEST_SKIP() << schemas_folder() << " is not there";
  }
};

TEST_F(PublishedSchemasTest, HoldForWhatIsAnswered) {
  const Answer formula = post("/formulas", R"({"name":"f","triggers":[{"type":"manual","onSuccess":["f","g"]}],
      "steps":[{"name":"f","type":"filter","properties":{"body":"done(false);"}},
               {"name":"g","type":"httpRequest","properties":{"method":"GET","url":"https://x.org/a"}}]})");
  answer = [](const HttpRequest&) { return HttpResponse{.status = 404, .body = "{}"}; };
  run_script = [](const ScriptRequest&) { return ScriptResult{.ok = true, .value = "false"}; };
  EXPECT_EQ(schema_fault_of(formula.body, "formula"), "");
  EXPECT_EQ(schema_fault_of(formula["triggers"].at(0), "formula.trigger"), "");
  const std::int64_t instance = made_instance(formula.id());
  EXPECT_EQ(schema_fault_of(get("/formulas/instances/" + std::to_string(instance)).body, "formula.instance"), "");
  const std::string one = "/formulas/instances/executions/" + std::to_string(ran(instance));
  EXPECT_EQ(schema_fault_of(get(one).body, "execution"), "");
  EXPECT_EQ(schema_fault_of(get(one)["stepExecutions"], "step-executions"), "");
  const std::string all = "/formulas/instances/" + std::to_string(instance) + "/executions";
  EXPECT_EQ(schema_fault_of(get(all).body, "executions"), "");
  EXPECT_EQ(schema_fault_of(post(all, "{}").body, "step-executions"), "$[0]: has no status") << "the check is none";
  const Answer steps = get(one + "/steps?includeValues=true");
  ASSERT_EQ(steps.body.as_array().size(), 3) << steps.text();
  EXPECT_EQ(schema_fault_of(steps.body, "step-executions"), "");
  for (const json::value& step : steps.body.as_array()) {
    EXPECT_EQ(schema_fault_of(step.at("stepExecutionValues"), "step-execution-values"), "");
  }
  EXPECT_EQ(schema_fault_of(get(one + "/errors").body, "step-executions"), "");
  EXPECT_EQ(get(one + "/errors").body.as_array().size(), 1) << "a filter that says false is no error";
}

}  // namespace
}  // namespace formulary::testing

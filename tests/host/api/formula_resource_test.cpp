#include "tests/host/api/formula_api_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FormulaResourceTest : public FormulaApiTest {
 protected:
  std::int64_t instance(const std::string& settings = "{}") {
    return made_instance(made_formula(R"({"name":"f","method":"POST","uri":"/hires",
        "triggers":[{"type":"manual","onSuccess":["s"]}],
        "steps":[{"name":"s","type":"script","properties":{"body":"done({});"}}]})"),
                         R"({"name":"i","settings":)" + settings + "}");
  }
  Answer ask(std::int64_t instance, const std::string& method, const std::string& target,
             const std::string& body = {}) {
    return call(method, target, body,
                {{"elements-formula-instance-id", std::to_string(instance)}, {"authorization", "User s3cret"}});
  }
  /// What the formula's one script does.
  void answers(const ScriptResult& result) { scripts_answer = result; }
  FormulaResourceTest() {
    run_script = [this](const ScriptRequest& request) {
      seen = request.inputs.trigger ? *request.inputs.trigger : request.context;
      return scripts_answer;
    };
  }

  std::string seen;
  ScriptResult scripts_answer{.ok = true, .value = R"({"statusCode":201,"result":{"id":1}})"};
};

TEST_F(FormulaResourceTest, AnswersWhatItsLastStepSays) {
  const std::int64_t id = instance();
  const Answer created = ask(id, "POST", "/hires?a=b", R"({"x":1})");
  EXPECT_EQ(created.status, 201) << created.text();
  EXPECT_EQ(created.text(), R"({"id":1})");
  answers({.ok = true, .value = R"({"result":[1,2]})"});
  EXPECT_EQ(ask(id, "POST", "/hires").text(), "[1,2]");
  answers({.ok = true, .value = R"({"a":1})"});
  EXPECT_EQ(ask(id, "POST", "/hires").text(), R"({"a":1})");
}

TEST_F(FormulaResourceTest, TheFormulaSeesTheRequestWithoutItsSecrets) {
  (void)ask(instance(), "POST", "/hires?a=b", R"({"x":1})");
  EXPECT_THAT(seen, HasSubstr(R"("x":1)"));
  EXPECT_THAT(seen, HasSubstr(R"("query":{"a":"b"})"));
  EXPECT_THAT(seen, Not(HasSubstr("s3cret")));
}

TEST_F(FormulaResourceTest, IsOnlyThatMethodAndPathOfThatAccount) {
  const std::int64_t id = instance();
  EXPECT_EQ(ask(id, "GET", "/hires").status, 401);
  EXPECT_EQ(ask(id, "POST", "/hire").status, 401);
  EXPECT_EQ(call("POST", "/hires").status, 401);
  EXPECT_EQ(ask(-1, "POST", "/hires").status, 404);
  authorizer.principal.account = 8;
  EXPECT_EQ(ask(id, "POST", "/hires").status, 404);
}

TEST_F(FormulaResourceTest, AnInstanceMayHaveAPathOfItsOwn) {
  const std::int64_t id = instance(R"({"api":"GET /mine"})");
  EXPECT_EQ(ask(id, "GET", "/mine").status, 201);
  EXPECT_EQ(ask(id, "POST", "/hires").status, 401);
}

TEST_F(FormulaResourceTest, OneThatFailsIsABadGatewayThatSaysWhy) {
  answers({.ok = false, .error = "no such hire", .error_code = "script.thrown"});
  const Answer failed = ask(instance(), "POST", "/hires");
  EXPECT_EQ(failed.status, 502);
  EXPECT_THAT(failed.text(), HasSubstr("no such hire"));
}

}  // namespace
}  // namespace formulary::testing

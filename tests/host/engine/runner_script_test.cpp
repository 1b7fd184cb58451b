/// \file
/// The runner with the real script workers: what scripts of one execution see of each other.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "host/engine/runner.hpp"
#include "host/script/script_workers.hpp"
#include "tests/support/engine_fakes.hpp"

namespace formulary {
namespace {

Execution run(const std::string& text, json::value args) {
  const formulary::testing::SetClock clock;
  formulary::testing::PromptTimers timers;
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 2});
  Runner runner({.scripts = &workers, .timers = &timers, .clock = &clock}, {});
  return runner.run({.formula = Formula::parse(text), .args = std::move(args)});
}

TEST(RunnerWithScriptWorkers, ScriptsAndFiltersSeeWhatCameBefore) {
  const auto execution =
      run(R"json({"name":"f","triggers":[{"type":"manual","onSuccess":["pick"]}],"steps":[
    {"name":"pick","type":"script","onSuccess":["any"],"properties":{"body":
      "const kept = trigger.args.people.filter(p => p.hired); console.log('kept', kept.length); done({kept});"}},
    {"name":"any","type":"filter","onSuccess":["name-them"],"properties":{"body":"done(steps.pick.kept.length > 0);"}},
    {"name":"name-them","type":"script","properties":{"body":
      "done({names: steps['pick'].kept.map(p => p.name).join(), year: new Date().getUTCFullYear(), id: info.formulaExecutionId});"}}
    ]})json",
          parse_json(R"({"people":[{"name":"Ada","hired":true},{"name":"Bob","hired":false}]})", "args"));
  ASSERT_EQ(execution.status, plan::ExecutionStatus::success) << to_text(to_json(execution));
  EXPECT_EQ(execution.result.at("names").as_string(), "Ada");
  EXPECT_EQ(execution.result.at("year").as_int64(), 2023);
  EXPECT_EQ(execution.result.at("id").as_string(), execution.id);
}

TEST(RunnerWithScriptWorkers, AV1ScriptReturnsAndAWrongOneSaysWhy) {
  const auto execution =
      run(R"json({"name":"f","engine":"v1","triggers":[{"type":"manual","onSuccess":["old"]}],"steps":[
    {"name":"old","type":"script","onSuccess":["wrong"],"properties":{"body":"return {twice: trigger.args * 2}; // v1"}},
    {"name":"wrong","type":"script","onFailure":["after"],"properties":{"body":"done(steps.nope.x);"}},
    {"name":"after","type":"script","properties":{"body":"done({told: steps.wrong.error});"}}]})json",
          21);
  EXPECT_EQ(execution.status, plan::ExecutionStatus::failed);
  ASSERT_EQ(execution.steps.size(), 4U) << to_text(to_json(execution));
  EXPECT_EQ(execution.steps[1].values.at(0).second, "42");
  EXPECT_EQ(execution.steps[2].error->code, "script.exception");
  EXPECT_NE(execution.result.at("told").as_string().find("undefined"), std::string::npos);
}

/// The sample's world: two hired candidates, one of them already onboarded; an HR system that is busy once.
class HiredToEmployee : public ::testing::Test {
 protected:
  static ResourceAnswer answer(const std::string& body) {
    return {.status = 200, .content_type = "application/json", .body = body};
  }

  ResourceAnswer call_element(const ResourceRequest& request) {
    asked.push_back(request.method + ' ' + request.path);
    if (request.method == "PUT") {
      status_body = request.body;
      return answer("{}");
    }
    if (request.path == "/candidates") {
      return answer(
          R"([{"id":"c-1","primaryAssignment":{"status":"IN_REVIEW","job":{"id":"j-1"}}},
              {"id":"c-2","primaryAssignment":{"status":"HIRED","job":{"id":"j-2"}}}])");
    }
    if (request.path.ends_with("/onboarding-status")) return answer(R"({"onboardingStatus":")" + onboarding + "\"}");
    if (request.path == "/jobs/j-2") return answer(R"({"id":"j-2","title":"Engineer","department":{"label":"R&D"}})");
    return answer(
        R"({"id":"c-2","firstName":"Ada","lastName":"Byron","email":"ada@example.org","primaryAssignment":{"startsOn":"2024-01-15"}})");
  }

  HttpResponse send(const HttpRequest& request) {
    employees.push_back(request.body);
    for (const auto& [name, value] : request.headers) {
      if (name == "Idempotency-Key") keys.push_back(value);
    }
    return {.status = employees.size() == 1 ? 503 : 201,
            .headers = {{"Content-Type", "application/json"}},
            .body = R"({"id":"e-1"})"};
  }

  Execution run() {
    std::ifstream file(FORMULARY_SAMPLES "/hired-to-employee.json", std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const formulary::testing::SetClock clock;
    formulary::testing::PromptTimers timers;
    formulary::testing::FunctionTransport transport([this](const HttpRequest& request) { return send(request); });
    ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1});
    RunnerPorts ports{.transport = &transport, .scripts = &workers, .timers = &timers, .clock = &clock};
    ports.call_element = [this](std::string_view, const ResourceRequest& request, const CallContext&) {
      return call_element(request);
    };
    Runner runner(ports, {.workers = 1});
    return runner.run({.formula = Formula::parse(text, "hired-to-employee.json"),
                       .configuration = {{"smartrecruiters.instance", "1"}, {"hris.url", "https://hr.example"}},
                       .args = json::object()});
  }

  std::string onboarding = "READY_TO_ONBOARD";
  std::vector<std::string> asked;
  std::vector<std::string> employees;
  std::vector<std::string> keys;
  std::string status_body;
};

TEST_F(HiredToEmployee, MakesOneEmployeeOfTheHiredCandidate) {
  const auto execution = run();
  ASSERT_EQ(execution.status, plan::ExecutionStatus::success) << to_text(to_json(execution));
  EXPECT_EQ(asked, (std::vector<std::string>{"GET /candidates", "GET /candidates/c-2/jobs/j-2/onboarding-status",
                                             "GET /candidates/c-2", "GET /jobs/j-2",
                                             "PUT /candidates/c-2/jobs/j-2/onboarding-status"}));
  ASSERT_EQ(employees.size(), 2U);
  EXPECT_EQ(employees[0], employees[1]);
  const auto employee = parse_json(employees[0], "employee");
  EXPECT_EQ(employee.at("jobTitle").as_string(), "Engineer");
  EXPECT_EQ(employee.at("startsOn").as_string(), "2024-01-15");
  EXPECT_EQ(keys, (std::vector<std::string>{"hire-c-2-j-2", "hire-c-2-j-2"}));
  EXPECT_EQ(status_body, R"({"onboardingStatus":"ONBOARDING_SUCCESSFUL"})");
}

TEST_F(HiredToEmployee, DoesNothingToWhoIsOnboardedAlready) {
  onboarding = "ONBOARDING_SUCCESSFUL";
  EXPECT_EQ(run().status, plan::ExecutionStatus::success);
  EXPECT_TRUE(employees.empty() && status_body.empty());
}

}  // namespace
}  // namespace formulary

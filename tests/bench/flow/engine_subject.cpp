#include "tests/bench/flow/engine_subject.hpp"

#include <filesystem>
#include <stdexcept>
#include <utility>

#include "host/base/clock.hpp"
#include "host/engine/timers.hpp"
#include "host/formula/formula.hpp"
#include "host/http/poco_transport.hpp"
#include "host/script/script_workers.hpp"
#include "host/store/storage.hpp"

namespace flow {

using namespace formulary;

struct EngineSubject::Parts {
  Parts(const std::string& folder, std::size_t script_workers)
      : scripts(options(script_workers)),
        transport(make_poco_transport(clock)),
        storage(Storage::open({.folder = folder, .master_key = {}})),
        engine(ports(), {}) {
    engine.start();
  }

  static ScriptWorkers::Options options(std::size_t script_workers) {
    ScriptWorkers::Options made;
    made.program = SCRIPT_WORKER;
    made.workers = static_cast<unsigned>(script_workers);
    return made;
  }

  EnginePorts ports() {
    EnginePorts made;
    made.steps.transport = transport.get();
    made.steps.scripts = &scripts;
    made.steps.timers = &timers;
    made.steps.clock = &clock;
    made.storage = storage;
    made.redactor = [](const Formula&, const json::object&) { return Redactor(); };
    return made;
  }

  SystemClock clock;
  SystemTimers timers;
  ScriptWorkers scripts;
  std::unique_ptr<Transport> transport;
  std::shared_ptr<const Storage> storage;
  Engine engine;
};

EngineSubject::EngineSubject(const std::string& folder, std::size_t script_workers)
    : parts_(std::make_unique<Parts>(folder, script_workers)) {}

EngineSubject::~EngineSubject() = default;

Engine& EngineSubject::engine() {
  return parts_->engine;
}

std::string EngineSubject::run(const std::shared_ptr<const Formula>& formula, const std::string& body) {
  const Execution execution = parts_->engine.run({.formula = formula, .args = parse_json(body, "body")});
  if (execution.status != plan::ExecutionStatus::success) {
    std::string why = execution.error ? execution.error->message : "a step failed";
    for (const StepExecution& step : execution.steps) {
      if (step.error) why += "; " + step.name + ": " + step.error->message;
    }
    throw std::runtime_error("the execution failed: " + why);
  }
  return to_text(execution.result);
}

namespace {

json::object script(const std::string& name, const std::string& type, const std::string& body, json::array next) {
  return {{"name", name},
          {"type", type},
          {"properties", {{"scriptEngine", "v2"}, {"body", body}}},
          {"onSuccess", std::move(next)}};
}

std::shared_ptr<const Formula> formula_of(json::array steps, const std::string& first) {
  return Formula::from_json(
      json::object{{"name", "bench"},
                   {"triggers", json::array{json::object{{"type", "manual"}, {"onSuccess", json::array{first}}}}},
                   {"steps", std::move(steps)}});
}

}  // namespace

std::shared_ptr<const Formula> hire_formula(std::uint16_t vendor_port) {
  const std::string vendor = "http://127.0.0.1:" + std::to_string(vendor_port);
  json::array steps;
  steps.push_back({{"name", "get-candidate"},
                   {"type", "httpRequest"},
                   {"properties", {{"method", "GET"}, {"url", vendor + "/candidates/${trigger.args.id}"}}},
                   {"onSuccess", json::array{"build-employee"}}});
  steps.push_back(script("build-employee", "script",
                         "const c = steps['get-candidate'].response.body;\n"
                         "done({name: `${c.firstName} ${c.lastName}`, externalId: c.id, salary: c.salary});",
                         {"is-hired"}));
  steps.push_back(
      script("is-hired", "filter", "done(steps['get-candidate'].response.body.status === 'HIRED');", {"create"}));
  steps.push_back(
      {{"name", "create"},
       {"type", "httpRequest"},
       {"properties", {{"method", "POST"}, {"url", vendor + "/employees"}, {"body", "${steps.build-employee}"}}}});
  return formula_of(std::move(steps), "get-candidate");
}

std::shared_ptr<const Formula> scripts_formula(std::size_t scripts) {
  json::array steps;
  for (std::size_t index = 0; index < scripts; ++index) {
    const std::string before = index == 0 ? "0" : "steps.s" + std::to_string(index - 1) + ".n";
    steps.push_back(script("s" + std::to_string(index), "script", "done({n: " + before + " + 1, id: trigger.args.id});",
                           index + 1 == scripts ? json::array{} : json::array{"s" + std::to_string(index + 1)}));
  }
  return formula_of(std::move(steps), "s0");
}

std::shared_ptr<const Formula> waiting_formula(std::uint16_t vendor_port) {
  return formula_of({json::object{{"name", "wait"},
                                  {"type", "httpRequest"},
                                  {"properties",
                                   {{"method", "GET"},
                                    {"url", "http://127.0.0.1:" + std::to_string(vendor_port) + "/candidates/c-1"}}}}},
                    "wait");
}

}  // namespace flow

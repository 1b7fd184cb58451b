#include "host/engine/execution.hpp"

#include <string>

namespace formulary {
namespace {

json::object to_json(const plan::StepError& error) {
  return {{"code", error.code}, {"message", error.message}};
}

json::array values_json(const StepExecution& step) {
  json::array values;
  std::int64_t id = 0;
  for (const auto& [key, value] : step.values) values.push_back({{"id", ++id}, {"key", key}, {"value", value}});
  return values;
}

}  // namespace

std::chrono::milliseconds StepExecution::duration() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(ended - started);
}

json::object to_json(const StepExecution& step) {
  json::object object{{"id", step.id},
                      {"stepName", step.name},
                      {"type", step.type},
                      {"status", plan::name(step.status)},
                      {"createdDate", iso8601(step.started)},
                      {"updatedDate", iso8601(step.ended)},
                      {"attempts", step.attempts},
                      {"durationMs", step.duration().count()},
                      {"stepExecutionValues", values_json(step)}};
  if (step.error) object["error"] = to_json(*step.error);
  return object;
}

json::object to_json(const Execution& execution) {
  json::array steps;
  for (const auto& step : execution.steps) steps.push_back(to_json(step));
  json::object object{{"id", execution.id},
                      {"formulaName", execution.formula_name},
                      {"status", plan::name(execution.status)},
                      {"createdDate", iso8601(execution.started)},
                      {"updatedDate", iso8601(execution.ended)},
                      {"stepExecutions", std::move(steps)},
                      {"result", execution.result}};
  if (execution.error) object["error"] = to_json(*execution.error);
  return object;
}

}  // namespace formulary

/// \file
/// What an execution did: its record, redacted, in the platform's shape.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/json.hpp"
#include "host/formula/plan.hpp"

namespace formulary {

struct StepExecution {
  std::int64_t id = 0;  ///< step_id()
  std::string name;
  std::string type;  ///< "trigger" for the first.
  plan::StepStatus status = plan::StepStatus::success;
  int attempts = 1;
  Clock::WallTime started;
  Clock::WallTime ended;
  std::vector<std::pair<std::string, std::string>> values;  ///< By key; redacted.
  std::optional<plan::StepError> error;                     ///< Redacted.

  [[nodiscard]] std::chrono::milliseconds duration() const;
};

/// Of the n-th step of an execution, from 1: unique over all executions of a data folder. Executions that are not kept
/// have the id 0.
[[nodiscard]] constexpr std::int64_t step_id(std::int64_t execution, std::int64_t step) noexcept {
  constexpr std::int64_t steps_per_execution = std::int64_t{1} << 20U;
  return execution * steps_per_execution + step;
}

[[nodiscard]] constexpr std::int64_t execution_of(std::int64_t step) noexcept {
  return step >> 20U;
}

struct Execution {
  std::string id;
  std::string formula_name;
  plan::ExecutionStatus status = plan::ExecutionStatus::pending;
  Clock::WallTime started;
  Clock::WallTime ended;
  std::vector<StepExecution> steps;      ///< In the order in which they ended, the trigger first.
  json::value result;                    ///< Output of the step that ended last; redacted.
  std::optional<plan::StepError> error;  ///< Why it ended, if not by its steps.
};

/// {"id":1,"stepName":"get-job","status":"success","createdDate":"…","updatedDate":"…","stepExecutionValues":[{"id":1,"key":
/// "get-job.response.code","value":"200"}]}, and besides the platform's members: type, attempts, durationMs, error.
[[nodiscard]] json::object to_json(const StepExecution& step);
/// {"id":"…","status":"success","createdDate":"…","updatedDate":"…","stepExecutions":[…],"result":…,"error":…}
[[nodiscard]] json::object to_json(const Execution& execution);

}  // namespace formulary

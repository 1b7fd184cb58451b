#include "host/formula/plan.hpp"

#include <algorithm>

#include "host/formula/advance.hpp"

namespace formulary::plan {

std::string_view name(StepStatus status) noexcept {
  switch (status) {
    case StepStatus::success:
      return "success";
    case StepStatus::failed:
      return "failed";
    case StepStatus::cancelled:
      return "cancelled";
  }
  return "failed";
}

std::string_view name(ExecutionStatus status) noexcept {
  switch (status) {
    case ExecutionStatus::pending:
      return "pending";
    case ExecutionStatus::success:
      return "success";
    case ExecutionStatus::failed:
      return "failed";
    case ExecutionStatus::cancelled:
      return "cancelled";
  }
  return "pending";
}

std::vector<Action> advance(const Formula& formula, State& state, Event event) {
  return Advance(formula, state, event.at).take(event.what);
}

RunStep run_step_of(const State& state, RunId id, const ActiveRun& run) {
  const Formula* formula = state.frames.at(run.frame).formula;
  return {.run = id,
          .formula = formula,
          .step = &formula->steps()[run.step],
          .attempt = run.attempt,
          .safety = run.safety,
          .idempotency_key = run.idempotency_key,
          .call = run.call};
}

std::vector<Action> outstanding(const State& state, Clock::WallTime now) {
  std::vector<Action> actions;
  for (const auto& [id, run] : state.active) {
    if (run.waits == ActiveRun::Waits::call) {
      actions.emplace_back(run_step_of(state, id, run));
    } else if (run.waits == ActiveRun::Waits::timer) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(run.due - now);
      actions.emplace_back(SetTimer{.run = id,
                                    .delay = std::max(left, std::chrono::milliseconds(0)),
                                    .next_attempt = run.attempt + 1,
                                    .due = run.due});
    }
  }
  return actions;
}

SharedJson result_of(const State& state) {
  const auto root = state.frames.find(0);
  if (root == state.frames.end() || !root->second.last_step) return {};
  const Frame& frame = root->second;
  const auto* entry = frame.scope->steps.find(frame.formula->steps()[*frame.last_step].name);
  return entry == nullptr ? SharedJson() : entry->output;
}

}  // namespace formulary::plan

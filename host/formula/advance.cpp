#include "host/formula/advance.hpp"

#include <algorithm>
#include <utility>

#include "host/formula/trigger_input.hpp"

namespace formulary::plan {

std::vector<Action> Advance::take(Happening& what) {
  if (state_.finished()) return {};
  std::visit([this](auto& event) { on(event); }, what);
  if (ignored_) return {};
  begin_due_steps();
  if (!state_.finished()) park_if_all_doubted();
  return std::move(actions_);
}

void Advance::on(Started& event) {
  if (state_.started) {
    ignored_ = true;
    return;
  }
  state_.started = true;
  state_.execution_id = std::move(event.execution_id);
  state_.began = at_;
  state_.script_time = at_;
  if (formula_.triggers().empty()) {
    return end_now(ExecutionStatus::failed, {.code = "formula_invalid", .message = "the formula has no trigger"});
  }
  TriggerInput input = make_trigger_input(formula_.triggers().front(), std::move(event.args), state_.limits);
  auto scope = std::make_shared<Scope>();
  scope->trigger = SharedJson(std::move(input.context));
  scope->config = SharedJson(json::value(std::move(event.config)));
  json::object info = std::move(event.info);
  info["formulaExecutionId"] = state_.execution_id;
  info["formulaStartTime"] = std::chrono::duration_cast<std::chrono::milliseconds>(at_.time_since_epoch()).count();
  open_frame(0, {.formula = &formula_, .identity = state_.execution_id, .scope = std::move(scope)}, std::move(info));
  keep_values(input.values);
  actions_.emplace_back(Record{StepRecord{
      .name = "trigger", .type = "trigger", .started = at_, .ended = at_, .values = std::move(input.values)}});
  start(state_.frames.at(0), 0);
}

void Advance::on(StepEnded& event) {
  ignored_ = find(event.run, ActiveRun::Waits::call) == nullptr;
  if (!ignored_) settle(event.run, event.outcome);
}

void Advance::on(const TimerFired& event) {
  ActiveRun* run = find(event.run, ActiveRun::Waits::timer);
  ignored_ = run == nullptr;
  if (run == nullptr) return;
  moved_to(at_);
  if (run->call != nullptr) {
    ++run->attempt;
    return run_step(event.run, *run);
  }
  frame_of(*run).starts_over = true;  // from now on nothing new begins in it
  Begun begun{.id = event.run, .step = step_of(*run), .run = std::move(*run)};
  state_.active.erase(event.run);
  const std::string attempt = std::to_string(begun.run.attempt);
  Output output{.value = SharedJson(json::object{{"attempt", begun.run.attempt}}),
                .values = {{begun.step.name + ".attempt", attempt}},
                .bytes = attempt.size()};
  close(std::move(begun), std::move(output), {});
}

void Advance::on(const CancelRequested& event) {
  end_now(ExecutionStatus::cancelled, {.code = code_of(ErrorCode::cancelled),
                                       .message = event.reason.empty() ? "the execution was cancelled" : event.reason});
}

void Advance::on(const Doubted& event) {
  ActiveRun* run = find(event.run, ActiveRun::Waits::call);
  ignored_ = run == nullptr;
  if (run == nullptr) return;
  moved_to(at_);
  const Step& step = step_of(*run);
  if (step.on_failure.empty()) {
    run->waits = ActiveRun::Waits::person;
    return;
  }
  Begun begun{.id = event.run, .step = step, .run = std::move(*run)};
  state_.active.erase(event.run);
  fail(std::move(begun),
       {.code = "in_doubt",
        .message = "the host ended while this request was out, and nobody knows whether it was done; look at the other "
                   "side before it is sent again"});
}

void Advance::on(Resolved& event) {
  ActiveRun* run = find(event.run, ActiveRun::Waits::person);
  ignored_ = run == nullptr;
  if (run == nullptr) return;
  state_.parked = false;
  run->waits = ActiveRun::Waits::call;
  if (event.outcome) return settle(event.run, *event.outcome);
  moved_to(at_);
  ++run->attempt;
  run_step(event.run, *run);
}

ActiveRun* Advance::find(RunId id, ActiveRun::Waits waits) {
  const auto found = state_.active.find(id);
  return found == state_.active.end() || found->second.waits != waits ? nullptr : &found->second;
}

RunView Advance::view_of(const Step& step, const ActiveRun& run) const {
  return {.step = step,
          .policy = run.policy,
          .call = run.call.get(),
          .retries_made = run.attempt - 1,
          .limits = state_.limits};
}

/// The scripts' clock never goes back, whatever the machine's does.
void Advance::moved_to(Clock::WallTime time) {
  state_.script_time = std::max(state_.script_time, time);
}

}  // namespace formulary::plan

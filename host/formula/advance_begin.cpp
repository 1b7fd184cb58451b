/// \file
/// How frames and runs begin: what is due, and the call that a step makes.
#include <algorithm>
#include <utility>

#include "host/formula/advance.hpp"

namespace formulary::plan {
namespace {

StepError error_from(const Error& error) {
  return {.code = std::string(name(error.code())), .message = error.what()};
}

struct PolicyOf {
  const Scope& scope;

  RequestPolicy operator()(const ElementRequestStep& step) const { return resolved(step.request); }
  RequestPolicy operator()(const PlatformRequestStep& step) const { return resolved(step.request); }
  RequestPolicy operator()(const HttpRequestStep& step) const { return resolved(step.request); }
  RequestPolicy operator()(const ElementStreamStep& step) const { return resolved(step.upload); }
  template <class Other>
  RequestPolicy operator()(const Other& /*step*/) const {
    return {};
  }

  [[nodiscard]] RequestPolicy resolved(const RequestProperties& request) const {
    return resolve_policy(request.policy, request.policy_properties, scope);
  }
};

}  // namespace

void Advance::open_frame(RunId id, Frame frame, json::object info) {
  info["formulaName"] = frame.formula->name();
  frame.info = std::make_shared<const json::object>(std::move(info));
  frame.iterations.resize(frame.formula->steps().size());
  refresh_info(frame);
  frame.first_scope = frame.scope;
  state_.frames.insert_or_assign(id, std::move(frame));
}

void Advance::start(Frame& frame, RunId id) {
  const auto& triggers = frame.formula->triggers();
  if (!triggers.empty()) add_due(id, 0, triggers.front().on_success);
  if (frame.active == 0) frame_is_idle(id);
}

/// The scripts' time is part of what they know; it is written again only when it moved.
void Advance::refresh_info(Frame& frame) {
  if (frame.scope->info && frame.info_at == state_.script_time) return;
  json::object info = *frame.info;
  info["stepEndTime"] =
      std::chrono::duration_cast<std::chrono::milliseconds>(state_.script_time.time_since_epoch()).count();
  auto scope = std::make_shared<Scope>(*frame.scope);
  scope->info = SharedJson(json::value(std::move(info)));
  frame.scope = std::move(scope);
  frame.info_at = state_.script_time;
}

void Advance::add_due(RunId frame, RunId loop, const std::vector<std::string>& names) {
  Frame& in = state_.frames.at(frame);
  if (in.starts_over) return;
  for (const auto& step : names) {
    ++in.active;
    hold(loop);
    due_.push_back({.frame = frame, .loop = loop, .step = step});
  }
}

/// A loop and not a recursion: steps that end at once lead to others, as often as the bound allows.
void Advance::begin_due_steps() {
  while (!due_.empty() && !state_.finished()) {
    const Due due = std::move(due_.front());
    due_.pop_front();
    begin(due);
  }
}

void Advance::begin(const Due& due) {
  Frame& frame = state_.frames.at(due.frame);
  const Step* step = frame.formula->find_step(due.step);
  if (step == nullptr) {
    return end_now(ExecutionStatus::failed,
                   {.code = "formula_invalid", .message = "the step '" + due.step + "' does not exist"});
  }
  // A second branch of a body comes to a loop that another one has brought to its end.
  if (std::holds_alternative<LoopStep>(step->kind)) {
    const auto index = static_cast<std::size_t>(step - frame.formula->steps().data());
    const RunId passage = passage_through(due.frame, index, due.loop);
    if (passage != 0 && state_.loops.at(passage).list == nullptr) return leave(due.frame, due.loop);
  }
  if (state_.runs_begun >= state_.limits.steps_max) {
    return end_now(ExecutionStatus::failed,
                   {.code = code_of(ErrorCode::limit_reached),
                    .message = "more than " + std::to_string(state_.limits.steps_max) +
                               " steps were executed; look for steps that go round, or raise formula.steps_max"});
  }
  begin_run(due, *step);
}

void Advance::begin_run(const Due& due, const Step& step) {
  Frame& frame = state_.frames.at(due.frame);
  const auto index = static_cast<std::size_t>(&step - frame.formula->steps().data());
  Begun begun{.id = ++state_.runs_begun,
              .step = step,
              .run = {.frame = due.frame, .step = index, .loop = due.loop, .started = at_}};
  begun.run.digest =
      digest_of({.execution_id = frame.identity, .step = step.name, .iteration = ++frame.iterations[index]});
  refresh_info(frame);
  if (std::holds_alternative<LoopStep>(step.kind)) {
    const RunId continued = passage_through(due.frame, index, due.loop);
    return enter_loop(std::move(begun), continued);
  }
  if (std::holds_alternative<SubFormulaStep>(step.kind)) return enter_formula(std::move(begun));
  if (std::holds_alternative<RetryExecutionStep>(step.kind)) return enter_retry(std::move(begun));
  make_call_of(std::move(begun));
}

void Advance::make_call_of(Begun begun) {
  Frame& frame = frame_of(begun.run);
  ActiveRun& run = begun.run;
  try {
    const CallInputs inputs{.scope = frame.scope,
                            .digest = run.digest,
                            .script_time = state_.script_time,
                            .property_bytes_max = state_.limits.property_bytes_max};
    run.policy = std::visit(PolicyOf{.scope = *frame.scope}, begun.step.kind);
    run.call = std::make_shared<const Call>(make_call(*frame.formula, begun.step, inputs));
  } catch (const Error& error) {
    return fail(std::move(begun), error_from(error));
  }
  run.safety = safety_of(*run.call);
  if (run.safety == Safety::keyed) {
    run.idempotency_key = given_key(*run.call);
  } else if (run.safety != Safety::pure && run.safety != Safety::safe) {
    run.idempotency_key = run.digest.substr(0, 32);
  }
  run_step(begun.id, state_.active.emplace(begun.id, std::move(run)).first->second);
}

void Advance::run_step(RunId id, const ActiveRun& run) {
  state_.active.at(id).waits = ActiveRun::Waits::call;
  actions_.emplace_back(run_step_of(state_, id, run));
}

void Advance::wait(RunId id, ActiveRun& run, std::chrono::milliseconds delay, std::string reason) {
  run.waits = ActiveRun::Waits::timer;
  run.due = at_ + delay;
  actions_.emplace_back(SetTimer{
      .run = id, .delay = delay, .next_attempt = run.attempt + 1, .reason = std::move(reason), .due = run.due});
}

void Advance::fail(Begun begun, StepError error) {
  Output output = make_output(view_of(begun.step, begun.run), error);
  close(std::move(begun), std::move(output), {.route = Verdict::Route::failure, .error = std::move(error)});
}

}  // namespace formulary::plan

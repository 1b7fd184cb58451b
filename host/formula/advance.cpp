#include "host/formula/advance.hpp"

#include <algorithm>
#include <utility>

#include "host/formula/trigger_input.hpp"

namespace formulary::plan {
namespace {

StepError error_from(const Error& error) {
  return {.code = std::string(name(error.code())), .message = error.what()};
}

std::string code_of(ErrorCode code) {
  return std::string(name(code));
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

std::size_t bytes_of(const StepOutputs& outputs) {
  std::size_t bytes = 0;
  outputs.for_each([&bytes](const StepOutputs::Entry& entry) { bytes += entry.bytes; });
  return bytes;
}

/// What keeps a value in a map or a list costs something too, which bounds how many empty ones there can be.
constexpr std::size_t value_overhead = 64;

}  // namespace

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
                               " steps were executed; look for steps that go round, or raise the bound"});
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

void Advance::settle(RunId id, const Outcome& outcome) {
  ActiveRun& run = state_.active.at(id);
  const Step& step = step_of(run);
  if (!std::holds_alternative<ScriptEnded>(outcome)) moved_to(at_);
  const RunView view = view_of(step, run);
  const Verdict verdict = judge(view, outcome);
  if (verdict.error && try_again(id, run, step, verdict)) return;
  Output output = make_output(view, outcome, verdict);
  Begun begun{.id = id, .step = step, .run = std::move(run)};
  state_.active.erase(id);
  close(std::move(begun), std::move(output), verdict);
}

bool Advance::try_again(RunId id, ActiveRun& run, const Step& /*step*/, const Verdict& verdict) {
  if (verdict.retry_code == 0 || !run.policy.tries_again(verdict.retry_code, run.attempt - 1)) return false;
  wait(id, run, run.policy.retry_delay, verdict.error->message);
  return true;
}

void Advance::close(Begun begun, Output output, const Verdict& verdict) {
  const RunId loop = begun.run.loop;
  close(std::move(begun), std::move(output), verdict, loop);
}

void Advance::close(Begun begun, Output output, const Verdict& verdict, RunId loop) {
  Frame& frame = frame_of(begun.run);
  const Step& step = begun.step;
  std::optional<StepError> error = verdict.error;
  bool succeeded = verdict.route == Verdict::Route::success;
  if (!keep(frame, step, output)) {
    error = scope_full();
    succeeded = false;
    Output small = make_output(view_of(step, begun.run), *error);
    small.value = SharedJson(json::object{{"error", error->message}});
    small.values = std::move(output.values);  // what was asked and answered stays on record
    output = std::move(small);
    put(frame, step, output);
  }
  if (error) {
    frame.any_step_failed = true;
    frame.last_error = StepError{.code = error->code, .message = "step '" + step.name + "': " + error->message};
  }
  frame.last_step = begun.run.step;
  if (begun.run.frame != 0) frame.last_values = output.values;
  record(begun.id, begun.run, succeeded ? StepStatus::success : StepStatus::failed, std::move(output.values),
         std::move(error));
  add_due(begun.run.frame, loop, succeeded ? step.on_success : step.on_failure);
  leave(begun.run.frame, begun.run.loop);
}

/// One run or due step less in the frame.
void Advance::leave(RunId frame, RunId loop) {
  release(loop);
  if (--state_.frames.at(frame).active == 0) frame_is_idle(frame);
}

void Advance::frame_is_idle(RunId id) {
  Frame& frame = state_.frames.at(id);
  if (frame.starts_over) return start_over(frame, id);
  if (id == 0) return finish_normally();
  end_formula(id);
}

/// False if the output would pass the bound on all outputs together.
bool Advance::keep(Frame& frame, const Step& step, const Output& output) {
  const auto* present = frame.scope->steps.find(step.name);
  const std::size_t replaced = present == nullptr ? 0 : present->bytes;
  if (state_.scope_bytes - replaced + output.bytes > state_.limits.scope_bytes_max) return false;
  put(frame, step, output);
  return true;
}

void Advance::put(Frame& frame, const Step& step, const Output& output) {
  const auto* present = frame.scope->steps.find(step.name);
  state_.scope_bytes = state_.scope_bytes - (present == nullptr ? 0 : present->bytes) + output.bytes;
  auto scope = std::make_shared<Scope>(*frame.scope);
  scope->steps.put({.name = step.name, .output = output.value, .bytes = output.bytes});
  frame.scope = std::move(scope);
}

StepError Advance::scope_full() const {
  return {.code = code_of(ErrorCode::limit_reached),
          .message = "the outputs of all steps together pass " + std::to_string(state_.limits.scope_bytes_max) +
                     " bytes; ask for less, or return less from scripts"};
}

void Advance::record(RunId id, const ActiveRun& run, StepStatus status, Values values, std::optional<StepError> error) {
  const Step& step = step_of(run);
  keep_values(values);
  actions_.emplace_back(Record{StepRecord{.run = id,
                                          .parent = run.frame,
                                          .name = step.name,
                                          .type = step.type,
                                          .status = status,
                                          .attempts = run.attempt,
                                          .started = run.started,
                                          .ended = at_,
                                          .values = std::move(values),
                                          .error = std::move(error)}});
}

void Advance::keep_values(Values& values) {
  std::erase_if(values, [this](const auto& value) {
    const std::size_t bytes = value.first.size() + value.second.size() + value_overhead;
    if (bytes > state_.limits.values_bytes_max - std::min(state_.values_bytes, state_.limits.values_bytes_max)) {
      return true;
    }
    state_.values_bytes += bytes;
    return false;
  });
}

/// Whatever is still out is abandoned and recorded as cancelled.
void Advance::end_now(ExecutionStatus status, const StepError& error) {
  due_.clear();
  Abandon abandon;
  for (const auto& [id, run] : state_.active) {
    if (run.waits == ActiveRun::Waits::call || run.waits == ActiveRun::Waits::timer) abandon.runs.push_back(id);
  }
  if (!abandon.runs.empty()) actions_.emplace_back(std::move(abandon));
  const StepError reason{.code = code_of(ErrorCode::cancelled), .message = error.message};
  for (const auto& [id, run] : state_.active) {
    record(id, run, StepStatus::cancelled, make_output(view_of(step_of(run), run), reason).values, reason);
  }
  state_.active.clear();
  state_.loops.clear();
  state_.parked = false;
  state_.status = status;
  state_.started = true;
  actions_.emplace_back(Finish{.status = status, .error = error});
}

void Advance::finish_normally() {
  state_.status = state_.frames.at(0).any_step_failed ? ExecutionStatus::failed : ExecutionStatus::success;
  actions_.emplace_back(Finish{.status = state_.status});
}

void Advance::park_if_all_doubted() {
  Park park;
  state_.parked = false;
  for (const auto& [id, run] : state_.active) {
    if (run.waits == ActiveRun::Waits::call || run.waits == ActiveRun::Waits::timer) return;
    if (run.waits == ActiveRun::Waits::person) park.runs.push_back(id);
  }
  if (park.runs.empty()) return;
  state_.parked = true;
  actions_.emplace_back(std::move(park));
}

void Advance::start_over(Frame& frame, RunId id) {
  state_.scope_bytes -= bytes_of(frame.scope->steps);
  frame.scope = frame.first_scope;
  frame.info_at = {};
  frame.starts_over = false;
  frame.any_step_failed = false;
  frame.last_error.reset();
  frame.last_step.reset();
  frame.last_values.clear();
  start(frame, id);
}

void Advance::end_formula(RunId id) {
  const Frame frame = std::move(state_.frames.at(id));
  state_.frames.erase(id);
  ActiveRun run = std::move(state_.active.at(id));
  state_.active.erase(id);
  const Step& step = step_of(run);
  Begun begun{.id = id, .step = step, .run = std::move(run)};
  state_.scope_bytes -= bytes_of(frame.scope->steps);
  Output output{.value = SharedJson(json::object())};
  if (frame.last_step) {
    const std::string& last = frame.formula->steps()[*frame.last_step].name;
    const auto* entry = frame.scope->steps.find(last);
    output.value = entry->output;
    output.bytes = entry->bytes;
    for (const auto& [key, value] : frame.last_values) {
      output.values.emplace_back(begun.step.name + key.substr(last.size()), value);
    }
  }
  Verdict verdict;
  if (frame.any_step_failed) {
    verdict.route = Verdict::Route::failure;
    verdict.error = frame.last_error;
    verdict.error->message = "sub-formula '" + frame.formula->name() + "' failed: " + verdict.error->message;
  }
  close(std::move(begun), std::move(output), verdict);
}

}  // namespace formulary::plan

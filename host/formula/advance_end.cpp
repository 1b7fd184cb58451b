/// \file
/// How runs end: what is judged, kept and recorded of them, and how frames and the execution end.
#include <algorithm>
#include <utility>

#include "host/formula/advance.hpp"

namespace formulary::plan {
namespace {

std::size_t bytes_of(const StepOutputs& outputs) {
  std::size_t bytes = 0;
  outputs.for_each([&bytes](const StepOutputs::Entry& entry) { bytes += entry.bytes; });
  return bytes;
}

/// What keeps a value in a map or a list costs something too, which bounds how many empty ones there can be.
constexpr std::size_t value_overhead = 64;

}  // namespace

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
                                          .error = std::move(error)},
                               run.rounds, is_in_loop(run)});
}

bool Advance::is_in_loop(const ActiveRun& run) const {
  RunId loop = run.loop;
  if (run.rounds) {  // a loop step that begins a further round comes from within
    const RunId own = passage_through(run.frame, run.step, loop);
    if (own != 0) loop = state_.loops.at(own).outer;
  }
  return loop != 0 || (run.frame != 0 && is_in_loop(state_.active.at(run.frame)));
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

#include "host/formula/plan.hpp"

#include <algorithm>
#include <deque>

#include "host/formula/step_call.hpp"
#include "host/formula/step_output.hpp"

namespace formulary::plan {
namespace {

StepError error_from(const Error& error) {
  return {.code = std::string(name(error.code())), .message = error.what()};
}

/// Takes one event into the state. Lives as long as that.
class Advance {
 public:
  Advance(const Formula& formula, State& state, Clock::WallTime at) : formula_(formula), state_(state), at_(at) {}

  std::vector<Action> take(std::variant<Started, StepEnded, TimerFired, CancelRequested>& what) {
    if (state_.finished()) return {};
    std::visit([this](auto& event) { on(event); }, what);
    begin_due_steps();
    if (state_.started && !state_.finished() && state_.active.empty()) finish_normally();
    return std::move(actions_);
  }

 private:
  void on(Started& event) {
    if (state_.started) return;
    state_.started = true;
    state_.execution_id = std::move(event.execution_id);
    state_.script_time = at_;
    auto scope = std::make_shared<Scope>();
    scope->config = std::make_shared<json::value>(std::move(event.config));
    scope->info = std::make_shared<json::value>(info(std::move(event.info)));
    StepRecord record{.name = "trigger", .type = "trigger", .started = at_, .ended = at_};
    if (formula_.triggers().empty()) return end_now(ExecutionStatus::failed, no_trigger());
    const Trigger& trigger = formula_.triggers().front();
    if (std::holds_alternative<ScheduledTrigger>(trigger.kind)) {
      scope->trigger = std::make_shared<json::value>(json::object{{"type", "scheduled"}});
      record.values.emplace_back("trigger.type", "scheduled");
    } else {
      std::string args = to_text(event.args);
      if (args.size() <= state_.limits.value_bytes_max) record.values.emplace_back("trigger.args", std::move(args));
      json::object value;
      value["args"] = std::move(event.args);
      scope->trigger = std::make_shared<json::value>(std::move(value));
    }
    state_.scope = std::move(scope);
    actions_.emplace_back(Record{std::move(record)});
    add_due(trigger.on_success);
  }

  [[nodiscard]] json::object info(json::object given) const {
    given["formulaName"] = formula_.name();
    given["formulaExecutionId"] = state_.execution_id;
    given["formulaStartTime"] = std::chrono::duration_cast<std::chrono::milliseconds>(at_.time_since_epoch()).count();
    return given;
  }

  static StepError no_trigger() { return {.code = "formula_invalid", .message = "the formula has no trigger"}; }

  void on(StepEnded& event) {
    const auto found = state_.active.find(event.run);
    if (found == state_.active.end() || found->second.waits_for_timer) return;
    ActiveRun& run = found->second;
    const Step& step = formula_.steps()[run.step];
    if (!std::holds_alternative<ScriptEnded>(event.outcome)) state_.script_time = std::max(state_.script_time, at_);
    const Verdict verdict = judge(step, *run.call, event.outcome);
    if (verdict.error && try_again(event.run, run, step, verdict)) return;
    Output output = make_output(step, *run.call, event.outcome, verdict, run.attempt - 1, state_.limits);
    const ActiveRun ended = std::move(run);
    state_.active.erase(found);
    close(event.run, ended, std::move(output), verdict);
  }

  bool try_again(RunId id, ActiveRun& run, const Step& step, const Verdict& verdict) {
    const RequestPolicy* policy = policy_of(step);
    if (policy == nullptr || verdict.retry_code == 0) return false;
    if (!policy->tries_again(verdict.retry_code, run.attempt - 1)) return false;
    run.waits_for_timer = true;
    actions_.emplace_back(SetTimer{
        .run = id, .delay = policy->retry_delay, .next_attempt = run.attempt + 1, .reason = verdict.error->message});
    return true;
  }

  void on(const TimerFired& event) {
    const auto found = state_.active.find(event.run);
    if (found == state_.active.end() || !found->second.waits_for_timer) return;
    state_.script_time = std::max(state_.script_time, at_);
    found->second.waits_for_timer = false;
    ++found->second.attempt;
    run_step(event.run, found->second);
  }

  void on(const CancelRequested& event) {
    end_now(ExecutionStatus::cancelled,
            {.code = std::string(name(ErrorCode::cancelled)),
             .message = event.reason.empty() ? "the execution was cancelled" : event.reason});
  }

  void add_due(const std::vector<std::string>& names) { due_.insert(due_.end(), names.begin(), names.end()); }

  /// A loop and not a recursion: steps that fail before they run lead to others at once, as often as the bound allows.
  void begin_due_steps() {
    while (!due_.empty() && !state_.finished()) {
      const std::string step = std::move(due_.front());
      due_.pop_front();
      begin(step);
    }
  }

  void begin(const std::string& step_name) {
    const Step* step = formula_.find_step(step_name);
    if (step == nullptr) {
      return end_now(ExecutionStatus::failed,
                     {.code = "formula_invalid", .message = "the step '" + step_name + "' does not exist"});
    }
    if (state_.runs_begun >= state_.limits.steps_max) {
      return end_now(ExecutionStatus::failed,
                     {.code = std::string(name(ErrorCode::limit_reached)),
                      .message = "more than " + std::to_string(state_.limits.steps_max) +
                                 " steps were executed; look for steps that go round, or raise the bound"});
    }
    const RunId id = ++state_.runs_begun;
    ActiveRun run{.step = static_cast<std::size_t>(step - formula_.steps().data()), .started = at_};
    const std::string digest = digest_of(
        {.execution_id = state_.execution_id, .step = step->name, .iteration = ++state_.iterations[step->name]});
    try {
      const CallInputs inputs{.scope = state_.scope,
                              .digest = digest,
                              .script_time = state_.script_time,
                              .property_bytes_max = state_.limits.property_bytes_max};
      run.call = std::make_shared<const Call>(make_call(formula_, *step, inputs));
    } catch (const Error& error) {
      const Verdict verdict{.route = Verdict::Route::failure, .error = error_from(error)};
      return close(id, run, make_output(*step, nullptr, *verdict.error, state_.limits), verdict);
    }
    const auto* request = std::get_if<RequestCall>(run.call.get());
    if (request != nullptr && !is_safe_method(request->method)) run.idempotency_key = digest.substr(0, 32);
    run_step(id, state_.active.emplace(id, std::move(run)).first->second);
  }

  void run_step(RunId id, const ActiveRun& run) {
    actions_.emplace_back(RunStep{.run = id,
                                  .step = &formula_.steps()[run.step],
                                  .attempt = run.attempt,
                                  .idempotency_key = run.idempotency_key,
                                  .call = run.call});
  }

  void close(RunId id, const ActiveRun& run, Output output, Verdict verdict) {
    const Step& step = formula_.steps()[run.step];
    if (!keep(step, output)) {
      verdict = {.route = Verdict::Route::failure, .error = scope_full()};
      Values values = std::move(output.values);
      output = make_output(step, run.call.get(), *verdict.error, state_.limits);
      output.value = json::object{{"error", verdict.error->message}};
      output.values = std::move(values);  // what was asked and answered stays on record
      output.bytes = verdict.error->message.size();
      put(step, output);
    }
    const bool succeeded = verdict.route == Verdict::Route::success;
    if (verdict.error) state_.any_step_failed = true;
    state_.last_step = step.name;
    record(id, run, succeeded ? StepStatus::success : StepStatus::failed, std::move(output.values), verdict.error);
    add_due(succeeded ? step.on_success : step.on_failure);
  }

  [[nodiscard]] StepError scope_full() const {
    return {.code = std::string(name(ErrorCode::limit_reached)),
            .message = "the outputs of all steps together pass " + std::to_string(state_.limits.scope_bytes_max) +
                       " bytes; ask for less, or return less from scripts"};
  }

  /// False if the output would pass the bound on all outputs together.
  [[nodiscard]] bool keep(const Step& step, Output& output) {
    const auto present = state_.output_bytes.find(step.name);
    const std::size_t replaced = present == state_.output_bytes.end() ? 0 : present->second;
    if (state_.scope_bytes - replaced + output.bytes > state_.limits.scope_bytes_max) return false;
    put(step, output);
    return true;
  }

  void put(const Step& step, Output& output) {
    auto scope = std::make_shared<Scope>(*state_.scope);
    scope->steps[step.name] = std::make_shared<json::value>(std::move(output.value));
    state_.scope = std::move(scope);
    std::size_t& bytes = state_.output_bytes[step.name];
    state_.scope_bytes = state_.scope_bytes - bytes + output.bytes;
    bytes = output.bytes;
  }

  void record(RunId id, const ActiveRun& run, StepStatus status, Values values, std::optional<StepError> error) {
    const Step& step = formula_.steps()[run.step];
    actions_.emplace_back(Record{StepRecord{.run = id,
                                            .name = step.name,
                                            .type = step.type,
                                            .status = status,
                                            .attempts = run.attempt,
                                            .started = run.started,
                                            .ended = at_,
                                            .values = std::move(values),
                                            .error = std::move(error)}});
  }

  /// Whatever is still out is abandoned and recorded as cancelled.
  void end_now(ExecutionStatus status, const StepError& error) {
    due_.clear();
    Abandon abandon;
    for (const auto& active : state_.active) abandon.runs.push_back(active.first);
    if (!abandon.runs.empty()) actions_.emplace_back(std::move(abandon));
    const StepError reason{.code = std::string(name(ErrorCode::cancelled)), .message = error.message};
    for (const auto& [id, run] : state_.active) {
      const Step& step = formula_.steps()[run.step];
      record(id, run, StepStatus::cancelled, make_output(step, run.call.get(), reason, state_.limits).values, reason);
    }
    state_.active.clear();
    state_.status = status;
    state_.started = true;
    actions_.emplace_back(Finish{.status = status, .error = error});
  }

  void finish_normally() {
    state_.status = state_.any_step_failed ? ExecutionStatus::failed : ExecutionStatus::success;
    actions_.emplace_back(Finish{.status = state_.status});
  }

  const Formula& formula_;
  State& state_;
  Clock::WallTime at_;
  std::deque<std::string> due_;
  std::vector<Action> actions_;
};

}  // namespace

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

}  // namespace formulary::plan

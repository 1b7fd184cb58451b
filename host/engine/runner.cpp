#include "host/engine/runner.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "host/base/ids.hpp"
#include "host/engine/step_performer.hpp"
#include "host/engine/worker_pool.hpp"
#include "host/formula/problems.hpp"

namespace formulary {
namespace {

/// After a call's own time limit: how long until nobody waits for it any more.
constexpr std::chrono::milliseconds overdue_grace{5'000};

/// The time has come to look for calls that are overdue.
struct LookForOverdue {};
struct CallEnded {
  plan::RunId run = 0;
  int attempt = 1;
  plan::Outcome outcome;
};
using Message = std::variant<plan::Started, plan::TimerFired, plan::CancelRequested, CallEnded, LookForOverdue>;

/// Where workers, timers and cancellation leave word for the thread that conducts the execution. Outlives it in their
/// hands: what arrives after the end is never read.
class Mailbox {
 public:
  void post(Message message) {
    {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
    }
    arrived_.notify_one();
  }

  [[nodiscard]] Message take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !messages_.empty(); });
    Message message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Message> messages_;
};

json::value redacted(const json::value& value, const Redactor& redactor) {
  if (const auto* object = value.if_object()) {
    json::object result;
    for (const auto& member : *object) result[redactor.redact(member.key())] = redacted(member.value(), redactor);
    return result;
  }
  if (const auto* array = value.if_array()) {
    json::array result;
    for (const auto& entry : *array) result.push_back(redacted(entry, redactor));
    return result;
  }
  if (const auto* string = value.if_string()) return json::value(redactor.redact(*string));
  const std::string text = to_text(value);
  return redactor.finds_secret(text) ? json::value(redactor.redact(text)) : value;
}

std::optional<plan::StepError> redacted(const std::optional<plan::StepError>& error, const Redactor& redactor) {
  if (!error) return std::nullopt;
  return plan::StepError{.code = error->code, .message = redactor.redact(error->message)};
}

void refuse_what_cannot_run(const FormulaRun& order) {
  std::vector<FormulaProblem> problems = find_problems(*order.formula);
  auto more = find_problems(*order.formula, order.configuration);
  std::move(more.begin(), more.end(), std::back_inserter(problems));
  if (!prevents_running(problems)) return;
  std::erase_if(problems, [](const auto& problem) { return problem.kind == FormulaProblem::Kind::warning; });
  const bool only_unsupported = std::all_of(problems.begin(), problems.end(), [](const auto& problem) {
    return problem.kind == FormulaProblem::Kind::unsupported;
  });
  throw Error(only_unsupported ? ErrorCode::unsupported : ErrorCode::formula_invalid,
              "formula '" + order.formula->name() + "' cannot run:\n" + to_text(problems));
}

}  // namespace

struct Runner::Parts {
  Parts(const RunnerPorts& given_ports, const RunnerSettings& given_settings)
      : ports(given_ports),
        settings(given_settings),
        performer(given_ports, given_settings),
        pool(given_settings.workers) {}

  RunnerPorts ports;
  RunnerSettings settings;
  StepPerformer performer;
  WorkerPool pool;  ///< Last: its jobs use what is above.
};

namespace {

/// Takes one execution from its start to its end, in one thread.
class Conductor {
 public:
  struct Tools {
    const RunnerPorts& ports;
    const RunnerSettings& settings;
    const StepPerformer& performer;
    WorkerPool& pool;
  };

  Conductor(const Tools& tools, const FormulaRun& order)
      : tools_(tools), order_(order), redactor_(std::make_shared<const Redactor>(order.redactor)) {
    state_.limits = tools.settings.limits;
  }
  Conductor(const Conductor&) = delete;
  Conductor& operator=(const Conductor&) = delete;
  ~Conductor() {
    for (auto& call : calls_) call.second.stop.request_stop();
  }

  Execution run() {
    execution_.started = tools_.ports.clock->wall();
    execution_.id = uuid_v7(execution_.started);
    execution_.formula_name = order_.formula->name();
    const std::stop_callback cancel(order_.stop, [mailbox = mailbox_] {
      mailbox->post(plan::CancelRequested{.reason = "the execution was cancelled"});
    });
    mailbox_->post(plan::Started{
        .execution_id = execution_.id, .args = order_.args, .config = order_.configuration, .info = info()});
    while (!state_.finished()) std::visit([this](auto message) { handle(std::move(message)); }, mailbox_->take());
    return std::move(execution_);
  }

 private:
  struct CallOut {
    int attempt = 1;
    Clock::MonotonicTime overdue;
    std::stop_source stop;
  };

  [[nodiscard]] json::object info() const {
    const auto* document = order_.formula->document().if_object();
    const json::value* id = document == nullptr ? nullptr : document->if_contains("id");
    return {{"formulaId", id != nullptr ? *id : json::value(order_.formula->content_id())},
            {"formulaInstanceName", order_.instance_name.empty() ? order_.formula->name() : order_.instance_name}};
  }

  template <class PlanEvent>
  void handle(PlanEvent event) {
    advance(std::move(event));
  }

  /// An answer to an attempt that was given up as overdue comes too late.
  void handle(CallEnded ended) {
    const auto found = calls_.find(ended.run);
    if (found == calls_.end() || found->second.attempt != ended.attempt) return;
    calls_.erase(found);
    advance(plan::StepEnded{.run = ended.run, .outcome = std::move(ended.outcome)});
  }

  void handle(LookForOverdue /*message*/) {
    watching_ = false;
    const auto now = tools_.ports.clock->monotonic();
    std::vector<plan::RunId> overdue;
    for (auto& [run, call] : calls_) {
      if (call.overdue <= now) overdue.push_back(run);
    }
    for (const plan::RunId run : overdue) {
      const auto found = calls_.find(run);
      if (found == calls_.end()) continue;  // the end of another one ended the execution
      found->second.stop.request_stop();
      calls_.erase(found);
      advance(plan::StepEnded{
          .run = run,
          .outcome =
              plan::Broke{.code = ErrorCode::timed_out,
                          .message = "the call did not end at its time limit and was given up; the other side may "
                                     "still have done what it was asked"}});
    }
    watch();
  }

  template <class PlanEvent>
  void advance(PlanEvent event) {
    auto actions = plan::advance(*order_.formula, state_, {.at = tools_.ports.clock->wall(), .what = std::move(event)});
    for (auto& action : actions) std::visit([this](auto& what) { this->perform(what); }, action);
    watch();
  }

  void perform(plan::RunStep& action) {
    CallOut out{.attempt = action.attempt};
    out.overdue = tools_.ports.clock->monotonic() + tools_.performer.time_limit(*action.call) + overdue_grace;
    CallOrder call{.step_name = action.step->name,
                   .call = action.call,
                   .attempt = action.attempt,
                   .idempotency_key = action.idempotency_key,
                   .stop = out.stop.get_token(),
                   .redactor = redactor_};
    calls_.insert_or_assign(action.run, std::move(out));
    observe({.kind = StepLine::Kind::started,
             .name = action.step->name,
             .type = action.step->type,
             .attempt = action.attempt});
    tools_.pool.run([performer = &tools_.performer, mailbox = mailbox_, run = action.run, call = std::move(call)] {
      if (call.stop.stop_requested()) return;  // abandoned before its turn came
      mailbox->post(CallEnded{.run = run, .attempt = call.attempt, .outcome = performer->perform(call)});
    });
  }

  void perform(plan::SetTimer& action) {
    tools_.ports.timers->after(action.delay,
                               [mailbox = mailbox_, run = action.run] { mailbox->post(plan::TimerFired{.run = run}); });
    const plan::ActiveRun& waiting = state_.active.at(action.run);
    const Step& step = state_.frames.at(waiting.frame).formula->steps()[waiting.step];
    observe({.kind = StepLine::Kind::waits,
             .name = step.name,
             .type = step.type,
             .attempt = action.next_attempt - 1,
             .duration = action.delay,
             .error = redactor_->redact(action.reason)});
  }

  void perform(plan::Record& action) {
    plan::StepRecord& record = action.step;
    if (record.parent != 0) return;  // of a sub-formula, which shows as one step
    StepExecution step{.id = static_cast<std::int64_t>(execution_.steps.size()) + 1,
                       .name = std::move(record.name),
                       .type = std::move(record.type),
                       .status = record.status,
                       .attempts = record.attempts,
                       .started = record.started,
                       .ended = record.ended,
                       .error = redacted(record.error, *redactor_)};
    for (const auto& [key, value] : record.values) {
      step.values.emplace_back(redactor_->redact(key), redactor_->redact(value));
    }
    execution_.steps.push_back(std::move(step));
    const StepExecution& kept = execution_.steps.back();
    observe({.kind = StepLine::Kind::ended,
             .name = kept.name,
             .type = kept.type,
             .status = kept.status,
             .attempt = kept.attempts,
             .duration = kept.duration(),
             .error = kept.error ? kept.error->message : ""});
  }

  void perform(const plan::Abandon& action) {
    for (const plan::RunId run : action.runs) {
      const auto found = calls_.find(run);
      if (found == calls_.end()) continue;
      found->second.stop.request_stop();
      calls_.erase(found);
    }
  }

  void perform(const plan::Finish& action) {
    execution_.status = action.status;
    execution_.error = redacted(action.error, *redactor_);
    execution_.ended = tools_.ports.clock->wall();
    execution_.result = redacted(plan::result_of(state_).value(), *redactor_);
  }

  /// Nothing is in doubt while the process lives.
  void perform(const plan::Park& /*action*/) {}

  /// One timer at a time looks after all calls, so that a thousand quick steps do not leave a thousand timers.
  void watch() {
    if (watching_ || calls_.empty()) return;
    const auto next = std::min_element(
        calls_.begin(), calls_.end(), [](const auto& a, const auto& b) { return a.second.overdue < b.second.overdue; });
    watching_ = true;
    const auto wait =
        std::max(next->second.overdue - tools_.ports.clock->monotonic(), Clock::MonotonicTime::duration::zero());
    tools_.ports.timers->after(std::chrono::ceil<std::chrono::milliseconds>(wait),
                               [mailbox = mailbox_] { mailbox->post(LookForOverdue{}); });
  }

  void observe(const StepLine& line) const {
    if (order_.observe) order_.observe(line);
  }

  Tools tools_;
  const FormulaRun& order_;
  std::shared_ptr<const Redactor> redactor_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  plan::State state_;
  Execution execution_;
  std::map<plan::RunId, CallOut> calls_;
  bool watching_ = false;
};

}  // namespace

Runner::Runner(const RunnerPorts& ports, const RunnerSettings& settings)
    : parts_(std::make_unique<Parts>(ports, settings)) {}

Runner::~Runner() = default;

Execution Runner::run(const FormulaRun& order) {
  refuse_what_cannot_run(order);
  Conductor conductor(
      {.ports = parts_->ports, .settings = parts_->settings, .performer = parts_->performer, .pool = parts_->pool},
      order);
  return conductor.run();
}

}  // namespace formulary

#include "host/engine/conductor.hpp"

#include <algorithm>

#include "host/base/digest.hpp"
#include "host/base/ids.hpp"
#include "host/base/text.hpp"
#include "host/engine/redaction.hpp"

namespace formulary {
namespace {

constexpr std::size_t key_digits = 32;
constexpr std::size_t trace_digits = 32;

template <class T>
std::optional<T> take_front(std::deque<T>& queue) {
  if (queue.empty()) return std::nullopt;
  std::optional<T> front(std::move(queue.front()));
  queue.pop_front();
  return front;
}

/// The same for all calls of an execution, also of the process that takes it over. Executions that are kept nowhere
/// have no installation to derive it from.
std::string trace_id_of(const Workshop& shop, const std::string& execution_id) {
  if (shop.key_salt.empty()) return new_trace_id();
  return to_hex(sha256(shop.key_salt + "|trace|" + execution_id)).substr(0, trace_digits);
}

void make_next_timer_due(std::vector<plan::Action>& actions) {
  plan::SetTimer* next = nullptr;
  for (plan::Action& action : actions) {
    auto* timer = std::get_if<plan::SetTimer>(&action);
    if (timer != nullptr && (next == nullptr || timer->delay < next->delay)) next = timer;
  }
  if (next != nullptr) next->delay = std::chrono::milliseconds::zero();
}

}  // namespace

Conductor::Conductor(std::shared_ptr<Workshop> workshop, Order order)
    : shop_(std::move(workshop)), order_(std::move(order)), last_write_(now()) {
  state_.limits = shop_->settings.limits;
  execution_.formula_name = order_.formula->name();
  start_on_the_way_ = order_.log != nullptr && order_.log->has_start();
}

Conductor::~Conductor() {
  stop_calls();
}

void Conductor::start(plan::Started started, Where where) {
  if (where == Where::here) {
    post_here(Begin{std::move(started)});
  } else {
    post(Begin{std::move(started)});
  }
}

void Conductor::take_over(Inherited inherited, std::vector<Word> words) {
  {
    const std::lock_guard lock(mutex_);
    messages_.emplace_back(std::move(inherited));
    for (Word& word : words) {
      std::visit([this](auto& what) { messages_.emplace_back(std::move(what)); }, word);
    }
    busy_ = true;
  }
  shop_->conducting.run([self = shared_from_this()] { self->drive(Calls::handed_on); });
}

bool Conductor::cancel(const std::string& reason) {
  return post(Cancel{reason});
}

bool Conductor::resolve(std::optional<plan::Outcome> outcome) {
  return post(Resolve{std::move(outcome)});
}

bool Conductor::observe(std::function<void(const StepLine&)> observer) {
  return post(Observe{std::move(observer)});
}

bool Conductor::park() {
  return post(ParkHere{});
}

bool Conductor::post(Message message) {
  const std::optional<bool> mine = take_in(std::move(message));
  if (mine.value_or(false)) shop_->conducting.run([self = shared_from_this()] { self->drive(Calls::handed_on); });
  return mine.has_value();
}

bool Conductor::post_here(Message message) {
  const std::optional<bool> mine = take_in(std::move(message));
  if (mine.value_or(false)) drive(Calls::one_is_mine);
  return mine.has_value();
}

std::optional<bool> Conductor::take_in(Message message) {
  const std::lock_guard lock(mutex_);
  if (closed_) return std::nullopt;
  messages_.push_back(std::move(message));
  return !std::exchange(busy_, true);
}

std::optional<Conductor::Message> Conductor::next_message() {
  const std::lock_guard lock(mutex_);
  return take_front(messages_);
}

bool Conductor::hand_over() {
  const std::lock_guard lock(mutex_);
  if (!messages_.empty()) return false;
  busy_ = false;
  return true;
}

/// One call is made by the thread that conducts, so that a chain of steps stays on it; but as somebody who no longer
/// conducts, so that nobody waits for that call.
void Conductor::drive(Calls calls) {
  const auto self = shared_from_this();
  while (true) {
    handle_messages();
    std::vector<Job> jobs = std::exchange(ready_jobs_, {});
    if (!hand_over()) {
      ready_jobs_ = std::move(jobs);
      continue;
    }
    const std::optional<Job> mine = distribute(std::move(jobs), calls);
    if (!mine) return;
    std::optional<CallEnded> ended = make_call(*mine);
    if (!ended || !take_in(std::move(*ended)).value_or(false)) return;
  }
}

void Conductor::handle_messages() {
  try {
    while (auto message = next_message()) {
      if (over_) continue;
      std::visit([this](auto& what) { handle(what); }, *message);
    }
    if (!over_) settle();
  } catch (const std::exception& error) {
    give_up(error.what());
  }
}

void Conductor::handle(Begin& message) {
  execution_.id = message.started.execution_id;
  trace_id_ = trace_id_of(*shop_, execution_.id);
  execution_.started = shop_->ports.clock->wall();
  write_now_ = order_.start_at_once;
  advance(std::move(message.started));
}

void Conductor::handle(Inherited& message) {
  state_ = std::move(message.state);
  state_.limits = shop_->settings.limits;
  steps_ = message.steps;
  execution_.id = state_.execution_id;
  trace_id_ = trace_id_of(*shop_, execution_.id);
  execution_.started = state_.began;
  write_now_ = true;
  hold_calls_ = true;
  if (state_.finished()) {
    execution_.status = state_.status;
    execution_.ended = shop_->ports.clock->wall();
  }
  std::vector<plan::Action> outstanding = plan::outstanding(state_, shop_->ports.clock->wall());
  if (message.woken) make_next_timer_due(outstanding);
  std::vector<plan::RunId> doubted;
  for (plan::Action& action : outstanding) {
    if (auto* timer = std::get_if<plan::SetTimer>(&action)) perform(*timer);
    auto* call = std::get_if<plan::RunStep>(&action);
    if (call == nullptr) continue;
    const bool sent = message.intents.count({call->run, call->attempt}) > 0;
    if (sent && safety_of(*call) == plan::Safety::unsafe) {
      doubted.push_back(call->run);
    } else {
      perform(*call);
    }
  }
  for (const plan::RunId run : doubted) advance(plan::Doubted{run});
}

void Conductor::handle(plan::TimerFired& message) {
  timers_.erase(message.run);
  advance(message);
}

void Conductor::handle(Cancel& message) {
  if (lets_go_ || state_.finished()) return;
  advance(plan::CancelRequested{message.reason.empty() ? "the execution was cancelled" : message.reason});
}

void Conductor::handle(Resolve& message) {
  if (lets_go_) return;
  std::vector<plan::RunId> runs;
  for (const auto& [run, active] : state_.active) {
    if (active.waits == plan::ActiveRun::Waits::person) runs.push_back(run);
  }
  for (const plan::RunId run : runs) advance(plan::Resolved{.run = run, .outcome = message.outcome});
}

/// An answer to an attempt that was given up as overdue comes too late.
void Conductor::handle(CallEnded& message) {
  const auto found = calls_.find(message.run);
  if (found == calls_.end() || found->second.attempt != message.attempt) return;
  calls_.erase(found);
  advance(plan::StepEnded{.run = message.run, .outcome = std::move(message.outcome)});
}

void Conductor::handle(LookForOverdue& /*message*/) {
  watching_ = false;
  std::vector<plan::RunId> overdue;
  for (auto& [run, call] : calls_) {
    if (call.overdue <= now()) overdue.push_back(run);
  }
  for (const plan::RunId run : overdue) {
    const auto found = calls_.find(run);
    if (found == calls_.end()) continue;  // the end of another one ended the execution
    found->second.stop.request_stop();
    calls_.erase(found);
    advance(plan::StepEnded{
        .run = run,
        .outcome = plan::Broke{.code = ErrorCode::timed_out,
                               .message = "the call did not end at its time limit and was given up; the other side may "
                                          "still have done what it was asked"}});
  }
}

void Conductor::handle(ParkHere& /*message*/) {
  if (state_.finished()) return;
  stop_calls();
  waiting_jobs_.clear();
  ready_jobs_.clear();
  lets_go_ = true;
  write_now_ = true;
}

void Conductor::handle(Observe& message) {
  order_.observe = std::move(message.observer);
}

void Conductor::advance(plan::Happening what) {
  if (lets_go_) return;
  plan::Event event{.at = shop_->ports.clock->wall(), .what = std::move(what)};
  if (order_.log != nullptr) order_.log->add(event);
  for (plan::Action& action : plan::advance(*order_.formula, state_, std::move(event))) {
    std::visit([this](auto& one) { perform(one); }, action);
  }
}

void Conductor::perform(plan::RunStep& action) {
  queue_call(action, safety_of(action));
  tell({.kind = StepLine::Kind::started,
        .name = action.step->name,
        .type = action.step->type,
        .attempt = action.attempt});
}

void Conductor::perform(plan::SetTimer& action) {
  timers_[action.run] = now() + action.delay;
  shop_->ports.timers->after(action.delay, [weak = weak_from_this(), run = action.run] {
    if (const auto self = weak.lock()) self->post(plan::TimerFired{run});
  });
  const Step& step = step_of(action.run);
  tell({.kind = StepLine::Kind::waits,
        .name = step.name,
        .type = step.type,
        .attempt = action.next_attempt - 1,
        .duration = action.delay,
        .error = order_.redactor->redact(action.reason)});
}

void Conductor::perform(plan::Record& action) {
  plan::StepRecord record = redacted(std::move(action.step), *order_.redactor);
  ++steps_;
  StepExecution step{.id = step_id(order_.id, steps_),
                     .name = record.name,
                     .type = record.type,
                     .status = record.status,
                     .attempts = record.attempts,
                     .started = record.started,
                     .ended = record.ended,
                     .error = record.error};
  tell({.kind = StepLine::Kind::ended,
        .name = step.name,
        .type = step.type,
        .status = step.status,
        .attempt = step.attempts,
        .duration = step.duration(),
        .error = step.error ? step.error->message : "",
        .rounds = action.rounds,
        .in_loop = action.in_loop});
  if (order_.keep_steps && record.parent == 0) {
    step.values = record.values;
    execution_.steps.push_back(std::move(step));
  }
  if (order_.log != nullptr) order_.log->add(std::move(record));
}

void Conductor::perform(const plan::Abandon& action) {
  for (const plan::RunId run : action.runs) {
    timers_.erase(run);
    const auto found = calls_.find(run);
    if (found == calls_.end()) continue;
    found->second.stop.request_stop();
    calls_.erase(found);
  }
}

void Conductor::perform(const plan::Park& /*action*/) {
  // What is in doubt shows in the state, and from there in the row.
}

void Conductor::perform(const plan::Finish& action) {
  execution_.status = action.status;
  execution_.error = redacted(action.error, *order_.redactor);
  execution_.ended = shop_->ports.clock->wall();
  if (const SharedJson result = plan::result_of(state_)) execution_.result = redacted(result.value(), *order_.redactor);
}

const Step& Conductor::step_of(plan::RunId run) const {
  const plan::ActiveRun& active = state_.active.at(run);
  return state_.frames.at(active.frame).formula->steps()[active.step];
}

plan::Safety Conductor::safety_of(const plan::RunStep& action) const {
  const auto* request = std::get_if<plan::RequestCall>(action.call.get());
  if (action.safety != plan::Safety::unsafe || request == nullptr || !shop_->safety) return action.safety;
  return shop_->safety(*request);
}

CallOrder Conductor::call_order(const plan::RunStep& action) const {
  CallOrder order{.formula_instance = order_.formula_instance,
                  .step_name = action.step->name,
                  .version = action.formula->content_id(),
                  .call = action.call,
                  .attempt = action.attempt,
                  .idempotency_key = action.idempotency_key,
                  .trace_id = trace_id_,
                  .redactor = order_.redactor};
  const bool own_key = action.safety == plan::Safety::keyed;
  if (!order.idempotency_key.empty() && !own_key && !shop_->key_salt.empty()) {
    order.idempotency_key = to_hex(sha256(shop_->key_salt + '|' + order.idempotency_key)).substr(0, key_digits);
  }
  return order;
}

/// What acts on the world waits until the disk knows that it will be tried, and all that it follows from.
void Conductor::queue_call(const plan::RunStep& action, plan::Safety safety) {
  Job job{.run = action.run, .call = call_order(action)};
  CallOut out{.attempt = action.attempt};
  job.call.stop = out.stop.get_token();
  calls_.insert_or_assign(action.run, std::move(out));
  if (const auto* request = std::get_if<plan::RequestCall>(action.call.get())) job.gate = request->instance;
  if (order_.log == nullptr) return waiting_jobs_.push_back(std::move(job));
  const bool acts = safety != plan::Safety::pure && safety != plan::Safety::safe;
  if (acts) {
    order_.log->add(Intent{
        .run = action.run, .attempt = action.attempt, .idempotency_key = job.call.idempotency_key, .safety = safety});
    write_now_ = true;
  }
  if (acts || hold_calls_) job.ticket = ticket_ + 1;
  waiting_jobs_.push_back(std::move(job));
}

std::optional<Conductor::Job> Conductor::distribute(std::vector<Job> jobs, Calls calls) {
  std::optional<Job> mine;
  for (Job& job : jobs) {
    if (!enters_gate(job)) continue;
    // Who stays on its thread while others wait for one would keep them waiting as long as it goes on.
    if (mine || calls == Calls::handed_on || shop_->calls.is_full()) {
      make_call_in_pool(std::move(job));
    } else {
      mine.emplace(std::move(job));
    }
  }
  return mine;
}

bool Conductor::enters_gate(const Job& job) {
  if (job.gate.empty() || !shop_->calls_max) return true;
  return shop_->gate.enter(job.gate, shop_->calls_max(job.gate),
                           [self = shared_from_this(), job] { self->make_call_in_pool(job); });
}

/// Only of a job that entered the gate.
std::optional<Conductor::CallEnded> Conductor::make_call(const Job& job) {
  std::optional<CallEnded> ended;
  if (!job.call.stop.stop_requested()) {  // else it was abandoned before its turn came
    ended = CallEnded{.run = job.run, .attempt = job.call.attempt, .outcome = shop_->performer.perform(job.call)};
  }
  if (!job.gate.empty() && shop_->calls_max) shop_->gate.leave(job.gate);
  return ended;
}

void Conductor::make_call_in_pool(Job job) {
  shop_->calls.run([self = shared_from_this(), job = std::move(job)] {
    if (std::optional<CallEnded> ended = self->make_call(job)) self->post_here(std::move(*ended));
  });
}

/// One timer at a time looks after all calls, so that a thousand quick steps do not leave a thousand timers.
void Conductor::watch() {
  if (watching_ || calls_.empty()) return;
  const auto next = std::min_element(calls_.begin(), calls_.end(),
                                     [](const auto& a, const auto& b) { return a.second.overdue < b.second.overdue; });
  if (next->second.overdue == Clock::MonotonicTime::max()) return;  // all wait for the disk
  watching_ = true;
  const auto wait = std::max(next->second.overdue - now(), Clock::MonotonicTime::duration::zero());
  shop_->ports.timers->after(std::chrono::ceil<std::chrono::milliseconds>(wait), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->post(LookForOverdue{});
  });
}

void Conductor::stop_calls() {
  for (auto& call : calls_) call.second.stop.request_stop();
  calls_.clear();
}

void Conductor::tell(const StepLine& line) const {
  if (order_.observe) order_.observe(line);
}

}  // namespace formulary

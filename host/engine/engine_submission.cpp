/// \file
/// The engine's front: what it lets in, and how one waits for it.
#include <utility>

#include "host/base/error.hpp"
#include "host/engine/engine_parts.hpp"
#include "host/engine/formula_check.hpp"
#include "host/engine/redaction.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

/// Read formulas that are kept for the next execution of that version.
constexpr std::size_t formulas_kept_max = 256;

std::int64_t milliseconds(Clock::WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

plan::Started started(const ExecutionOrder& order, std::int64_t id) {
  const auto* document = order.formula->document().if_object();
  const json::value* formula_id = document == nullptr ? nullptr : document->if_contains("id");
  plan::Started what{
      .execution_id = std::to_string(id),
      .args = order.args,
      .config = order.configuration,
      .info = {{"formulaId", formula_id != nullptr ? *formula_id : json::value(order.formula->content_id())},
               {"formulaInstanceName", order.instance_name.empty() ? order.formula->name() : order.instance_name}}};
  if (order.formula_instance != 0) what.info["formulaInstanceId"] = order.formula_instance;
  return what;
}

std::string text_or_number(const json::value* value) {
  if (value == nullptr || value->is_null()) return {};
  const auto* text = value->if_string();
  return text != nullptr ? std::string(*text) : to_text(*value);
}

const json::value* member(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

std::string object_id(const json::value& args) {
  const json::value* event = member(args, "event");
  return event == nullptr ? std::string() : text_or_number(member(*event, "objectId"));
}

[[noreturn]] void no_such(std::int64_t id) {
  throw Error(ErrorCode::not_found, "execution " + std::to_string(id) + ": there is none; list those that there are");
}

}  // namespace

std::int64_t EngineParts::submit(const ExecutionOrder& order) {
  const auto started = std::make_shared<Handover<std::int64_t>>();
  begin({.order = order}, started);
  return started->take();
}

Execution EngineParts::run(const ExecutionOrder& order, const std::stop_token& stop) {
  const auto ended = std::make_shared<Handover<Execution>>();
  const std::int64_t id =
      begin({.order = order, .start_at_once = false, .where = Conductor::Where::here, .waiting = ended}, nullptr);
  const std::stop_callback cancel(stop, [this, id] {
    try {
      tell(id, OpenExecution::Cancel{});
    } catch (const Error&) {
      // It has ended meanwhile.
    }
  });
  return ended->take();
}

std::int64_t EngineParts::begin(const Submission& submission,
                                const std::shared_ptr<Handover<std::int64_t>>& started_word) {
  const ExecutionOrder& order = submission.order;
  refuse_what_cannot_run(*order.formula, order.configuration);
  refuse_more_than_bound();
  std::int64_t id = 0;
  std::unique_ptr<ExecutionLog> log;
  const auto redactor = redactor_for(*order.formula, order.configuration);
  try {
    id = journal_.next_id();
    log = new_log(order, id, redactor, ExecutionState::leased);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::store_failed) throw;
    throw Error(ErrorCode::unavailable,
                std::string("engine: the disk takes nothing now, try again later: ") + error.what());
  }
  OpenExecution open{.group = order.formula_instance,
                     .group_max = order.single_threaded ? 1 : settings_.instance_running_max,
                     .keep_steps = order.keep_steps,
                     .observe = order.observe,
                     .started = started_word};
  if (submission.waiting) open.waiting.push_back(submission.waiting);
  // One without an instance has a group of its own.
  if (open.group == 0) open.group = -id;
  std::shared_ptr<Conductor> conductor;
  ExecutionLog* const waiting = log.get();  // stays here, unless a conductor takes it
  {
    const Lock lock(mutex_);
    if (stopping_) throw Error(ErrorCode::unavailable, "engine: it is stopping; try again when it has started anew");
    open.has_turn = turns_.enter(open.group, open.group_max, id);
    if (open.has_turn) {
      Conductor::Order work{
          .id = id,
          .formula_instance = order.formula_instance,
          .formula = order.formula,
          .redactor = redactor,
          .log = std::move(log),
          .keep_steps = order.keep_steps,
          .start_at_once = submission.start_at_once,
          .observe = order.observe,
          .on_started = [this, id] { on_started(id); },
          .on_ending = [this, id](Ending ending, Execution execution,
                                  const Wake& wake) { on_ending(id, ending, std::move(execution), wake); }};
      conductor = Conductor::make(shop_, std::move(work));
      open.conductor = conductor;
      open.place = OpenExecution::Place::conducted;
      ++conducted_;
    }
    open_.emplace(id, std::move(open));
    ++counters_.submitted;
  }
  if (conductor) {
    conductor->start(started(order, id), submission.where);
  } else {
    waiting->start_in(ExecutionState::ready);
    queue_start(id, *waiting, started(order, id));
  }
  return id;
}

void EngineParts::refuse_more_than_bound() {
  const Lock lock(mutex_);
  if (stopping_) throw Error(ErrorCode::unavailable, "engine: it is stopping; try again when it has started anew");
  if (!journal_.healthy()) {
    ++counters_.refused;
    const JournalCounters journal = journal_.counters();
    throw Error(ErrorCode::unavailable,
                journal.fenced ? "engine: another host has taken this one's executions over; start this one anew"
                               : "engine: the disk takes nothing now, try again later: " + journal.last_failure);
  }
  if (open_.size() >= settings_.open_max) {
    ++counters_.refused;
    throw Error(ErrorCode::rate_limited, "engine: " + std::to_string(open_.size()) +
                                             " executions are open, which is the bound (429); try again when some have "
                                             "ended, or raise formula.executions_max");
  }
}

std::unique_ptr<ExecutionLog> EngineParts::new_log(const ExecutionOrder& order, std::int64_t id,
                                                   std::shared_ptr<const Redactor> redactor, ExecutionState state) {
  auto log = std::make_unique<ExecutionLog>(journal_, ports_.storage->vault(), id, std::move(redactor));
  log->start({.id = id,
              .formula_instance = order.formula_instance,
              .version = version_of(*order.formula),
              .state = state,
              .turns_max = static_cast<std::int64_t>(order.single_threaded ? 1 : settings_.instance_running_max),
              .created_ms = milliseconds(shop_->ports.clock->wall()),
              .event_id = text_or_number(member(order.args, "eventId")),
              .object_id = object_id(order.args)});
  return log;
}

/// One that waits for its turn waits on the disk; when its turn comes it is read from there.
void EngineParts::queue_start(std::int64_t id, ExecutionLog& log, const plan::Started& what) {
  log.add(plan::Event{.at = shop_->ports.clock->wall(), .what = what});
  log.flush(std::nullopt, [weak = weak_from_this(), id](JournalResult result) {
    if (const auto self = weak.lock()) self->on_queued(id, result);
  });
}

void EngineParts::on_queued(std::int64_t id, JournalResult result) {
  if (result == JournalResult::durable) {
    on_started(id);
    Lock lock(mutex_);
    const auto found = open_.find(id);
    // From on_started() on, whoever gives it its turn or tells it something loads it: then it is no longer starting,
    // and a second load would conduct it twice.
    const bool nobody_did = found != open_.end() && found->second.place == OpenExecution::Place::starting;
    if (nobody_did && found->second.has_turn) load(lock, id);
    return;
  }
  on_ending(id, result == JournalResult::fenced ? Ending::fenced : Ending::refused, {}, {});
}

std::shared_ptr<const Redactor> EngineParts::redactor_for(const Formula& formula,
                                                          const json::object& configuration) const {
  return std::make_shared<const Redactor>(ports_.redactor ? ports_.redactor(formula, configuration) : Redactor());
}

std::int64_t EngineParts::version_of(const Formula& formula) {
  {
    const std::lock_guard lock(formulas_mutex_);
    const auto found = versions_.find(formula.content_id());
    if (found != versions_.end()) return found->second;
  }
  const std::int64_t version = formulas_.put_version(formula.content_id(), to_text(formula.document()));
  const std::lock_guard lock(formulas_mutex_);
  versions_.emplace(formula.content_id(), version);
  return version;
}

std::shared_ptr<const Formula> EngineParts::formula_of(std::int64_t version) {
  const std::lock_guard lock(formulas_mutex_);
  const auto kept = formulas_by_version_.find(version);
  if (kept != formulas_by_version_.end()) return kept->second;
  const auto document = formulas_.version(version);
  if (!document) {
    throw Error(ErrorCode::store_failed, "formula version " + std::to_string(version) + ": it is not kept any more");
  }
  auto formula = Formula::parse(*document, "formula version " + std::to_string(version));
  if (formulas_by_version_.size() >= formulas_kept_max) formulas_by_version_.clear();
  formulas_by_version_.emplace(version, formula);
  return formula;
}

std::optional<Execution> EngineParts::wait(std::int64_t id, std::chrono::milliseconds time_limit,
                                           const std::stop_token& stop) {
  const auto ended = std::make_shared<Handover<Execution>>();
  {
    const Lock lock(mutex_);
    const auto found = open_.find(id);
    if (found != open_.end() && found->second.place != OpenExecution::Place::in_doubt) {
      found->second.waiting.push_back(ended);
    } else {
      const auto record = executions_.find(id);
      if (!record) no_such(id);
      if (record->state == ExecutionState::finished || record->state == ExecutionState::in_doubt) {
        return ended_execution(*record);
      }
      throw Error(ErrorCode::conflict,
                  "execution " + std::to_string(id) + ": another process runs it; look at it with executions show");
    }
  }
  return ended->take_within(time_limit, stop);
}

/// Its result is computed again from the journal.
Execution EngineParts::ended_execution(const ExecutionRecord& record) {
  const auto formula = formula_of(record.version);
  Execution execution{.id = std::to_string(record.id), .formula_name = formula->name()};
  const Replayed replayed = replay(reader_, record.id, *formula, settings_.steps.limits);
  const auto redactor = redactor_for(*formula, replayed.configuration);
  execution.status = replayed.finish ? replayed.finish->status : plan::ExecutionStatus::failed;
  execution.started = Clock::WallTime(std::chrono::milliseconds(record.created_ms));
  execution.ended = Clock::WallTime(std::chrono::milliseconds(record.ended_ms));
  if (const SharedJson result = plan::result_of(replayed.state)) execution.result = redacted(result.value(), *redactor);
  if (replayed.finish) {
    execution.error = redacted(replayed.finish->error, *redactor);
  } else if (!record.reason.empty()) {
    execution.error = plan::StepError{.code = record.reason, .message = "the execution ended as " + record.reason};
  }
  return execution;
}

void EngineParts::tell(std::int64_t id, OpenExecution::Word word) {
  Lock lock(mutex_);
  const auto found = open_.find(id);
  if (found == open_.end()) {
    const auto record = executions_.find(id);
    if (!record) no_such(id);
    throw Error(ErrorCode::conflict,
                "execution " + std::to_string(id) + ": " +
                    (record->state == ExecutionState::finished ? "it has ended as " + record->status
                                                               : "another process runs it"));
  }
  OpenExecution& open = found->second;
  const auto* resolve = std::get_if<OpenExecution::Resolve>(&word);
  if (resolve != nullptr && open.place == OpenExecution::Place::conducted && !open.conductor->has_doubts()) {
    throw Error(ErrorCode::conflict, "execution " + std::to_string(id) + ": nothing in it is in doubt");
  }
  if (open.conductor) {
    const auto conductor = open.conductor;
    const bool heard = resolve != nullptr ? conductor->resolve(resolve->outcome)
                                          : conductor->cancel(std::get<OpenExecution::Cancel>(word).reason);
    if (heard) return;
  }
  open.words.push_back(std::move(word));
  // One that waits for its turn need not wait for it to be ended.
  if (open.place == OpenExecution::Place::starting && open.on_disk && turns_.withdraw(open.group, id)) {
    turns_.enter_by_force(open.group, open.group_max);
    open.has_turn = true;
    return load(lock, id);
  }
  if (open.place == OpenExecution::Place::asleep) load(lock, id);
  if (open.place == OpenExecution::Place::in_doubt) request_turn(lock, id);
}

void EngineParts::observe(std::int64_t id, std::function<void(const StepLine&)> observer) {
  const Lock lock(mutex_);
  const auto found = open_.find(id);
  if (found == open_.end()) no_such(id);
  found->second.observe = observer;
  if (found->second.conductor) found->second.conductor->observe(std::move(observer));
}

}  // namespace formulary

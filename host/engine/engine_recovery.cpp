/// \file
/// How executions come back: after a restart, from hosts that are gone, from sleep, when their turn has come.
#include <algorithm>
#include <utility>

#include "host/base/error.hpp"
#include "host/engine/engine_parts.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

/// That many threads read journals; more would wait for each other, and half of those that conduct are left.
constexpr std::size_t loaders_max = 2;
/// How long a suspect runs before the next one may, if it neither ends nor brings the host down.
constexpr std::chrono::seconds probation{10};
/// How long a timer of another host's is believed without a look at when it was set.
constexpr std::chrono::seconds belief{60};

}  // namespace

void EngineParts::start() {
  take_over();
  take_over_regularly();
}

void EngineParts::take_over_regularly() {
  shop_->ports.timers->after(settings_.takeover_interval, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->shop_->conducting.run([weak] {
      const auto parts = weak.lock();
      if (!parts) return;
      try {
        parts->take_over();
      } catch (const Error& error) {
        parts->warn(error.what());
      }
      parts->take_over_regularly();
    });
  });
}

void EngineParts::take_over() {
  {
    const Lock lock(mutex_);
    if (stopping_) return;
  }
  const Inheritance inheritance = lease_.take_over();
  if (inheritance.executions == 0) return;
  for (const ExecutionRecord& record : executions_.open_of(lease_.id())) inherit(record);
}

void EngineParts::inherit(const ExecutionRecord& record) {
  Lock lock(mutex_);
  if (stopping_ || open_.count(record.id) > 0) return;
  if (record.crashes >= settings_.crashes_max) return quarantine(record);
  ++counters_.recovered;
  OpenExecution open{.group = record.formula_instance == 0 ? -record.id : record.formula_instance,
                     .group_max = static_cast<std::size_t>(record.turns_max),
                     .on_disk = true,
                     .suspect = record.crashes > 0 && record.crashes + 1 >= settings_.crashes_max};
  const bool suspect = open.suspect;
  if (record.state == ExecutionState::in_doubt) {
    open.place = OpenExecution::Place::in_doubt;
    open_.emplace(record.id, std::move(open));
    return;
  }
  if (record.state == ExecutionState::timer) {
    turns_.enter_by_force(open.group, open.group_max);
    open.has_turn = true;
    open.place = OpenExecution::Place::asleep;
    open_.emplace(record.id, std::move(open));
    return wake_later(record.id, {.wall = Clock::WallTime(std::chrono::milliseconds(record.due_ms)),
                                  .monotonic = shop_->ports.clock->monotonic() + belief,
                                  .exact = false});
  }
  open_.emplace(record.id, std::move(open));
  if (suspect) {
    suspects_.push_back(record.id);
    if (suspect_ == 0) next_suspect(lock);
  } else {
    request_turn(lock, record.id);
  }
}

/// It was the only suspect when the host came down the last time.
void EngineParts::quarantine(const ExecutionRecord& record) {
  ++counters_.poisoned;
  const auto now = shop_->ports.clock->wall().time_since_epoch();
  JournalEntry entry{.execution = record.id};
  entry.change = ExecutionChange{.state = ExecutionState::finished,
                                 .status = std::string(plan::name(plan::ExecutionStatus::failed)),
                                 .reason = "poisoned",
                                 .ended_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
                                 .steps = record.steps};
  journal_.append(std::move(entry));
  warn(
      "execution " + std::to_string(record.id) + ": " + std::to_string(record.crashes) +
      " hosts in a row came down while they worked on it, so it is ended as poisoned; look at what its next step does");
}

void EngineParts::next_suspect(Lock& lock) {
  suspect_ = 0;
  if (suspects_.empty()) return;
  suspect_ = suspects_.front();
  suspects_.pop_front();
  request_turn(lock, suspect_);
  shop_->ports.timers->after(probation, [weak = weak_from_this(), id = suspect_] {
    const auto self = weak.lock();
    if (!self) return;
    self->shop_->conducting.run([weak, id] {
      const auto parts = weak.lock();
      if (!parts) return;
      Lock again(parts->mutex_);
      if (parts->suspect_ == id) parts->next_suspect(again);
    });
  });
}

void EngineParts::request_turn(Lock& lock, std::int64_t id) {
  OpenExecution& open = open_.at(id);
  if (open.has_turn) return;
  open.place = OpenExecution::Place::starting;
  open.has_turn = turns_.enter(open.group, open.group_max, id);
  if (open.has_turn && open.on_disk) load(lock, id);
}

void EngineParts::load(Lock& /*lock*/, std::int64_t id) {
  OpenExecution& open = open_.at(id);
  load_with_turn(id, open);
}

void EngineParts::load_with_turn(std::int64_t id, OpenExecution& open) {
  if (stopping_) {
    open.place = OpenExecution::Place::parked;
    return;
  }
  open.place = OpenExecution::Place::loading;
  loads_.push_back(id);
  if (loaders_ >= loaders_max) return;
  ++loaders_;
  shop_->conducting.run([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->load_some();
  });
}

void EngineParts::load_some() {
  while (true) {
    std::int64_t id = 0;
    {
      const Lock lock(mutex_);
      if (loads_.empty()) {
        --loaders_;
        return;
      }
      id = loads_.front();
      loads_.pop_front();
    }
    try {
      load_now(id);
    } catch (const Error& error) {
      set_aside(id, error.what());
    }
  }
}

void EngineParts::load_now(std::int64_t id) {
  const auto record = executions_.find(id);
  if (!record) throw Error(ErrorCode::not_found, "execution " + std::to_string(id) + ": its row is gone");
  const auto formula = formula_of(record->version);
  Replayed replayed = replay(reader_, id, *formula, settings_.steps.limits);
  auto redactor = redactor_for(*formula, replayed.configuration);
  auto log = std::make_unique<ExecutionLog>(journal_, ports_.storage->vault(), id, redactor);

  const Lock lock(mutex_);
  const auto found = open_.find(id);
  // Two may load it, if two reasons came at once; one of them conducts it.
  if (found == open_.end() || parking_ || found->second.conductor) return;
  OpenExecution& open = found->second;
  Conductor::Order work{.id = id,
                        .formula_instance = record->formula_instance,
                        .formula = formula,
                        .redactor = std::move(redactor),
                        .log = std::move(log),
                        .keep_steps = open.keep_steps,
                        .observe = open.observe,
                        .on_ending = [this, id](Ending ending, Execution execution, const Wake& wake) {
                          on_ending(id, ending, std::move(execution), wake);
                        }};
  open.conductor = Conductor::make(shop_, std::move(work));
  open.place = OpenExecution::Place::conducted;
  ++conducted_;
  open.conductor->take_over({.state = std::move(replayed.state),
                             .intents = std::move(replayed.intents),
                             .steps = replayed.steps,
                             .woken = std::exchange(open.woken, false)},
                            std::exchange(open.words, {}));
}

/// What cannot be read is left as it is, for a newer program or a person; nothing is guessed.
void EngineParts::set_aside(std::int64_t id, const std::string& why) {
  warn("execution " + std::to_string(id) + ": it cannot go on: " + why);
  JournalEntry entry{.execution = id};
  entry.change =
      ExecutionChange{.state = ExecutionState::wait, .reason = "unreadable", .wait_name = "unreadable journal"};
  journal_.append(std::move(entry));
  Lock lock(mutex_);
  if (suspect_ == id) next_suspect(lock);
  const auto found = open_.find(id);
  if (found != open_.end()) finish(lock, id, Error(ErrorCode::store_failed, why));
}

}  // namespace formulary

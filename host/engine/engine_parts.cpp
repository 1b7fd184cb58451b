#include "host/engine/engine_parts.hpp"

#include <algorithm>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

/// How long stop() waits for the disk to take what was parked, beyond its grace.
constexpr std::chrono::seconds parking_max{10};
/// Between two looks at a sleeping execution: whichever clock was set, this is how late it may be.
constexpr std::chrono::seconds look_interval{60};

std::shared_ptr<Workshop> new_workshop(const EnginePorts& ports, const EngineSettings& settings) {
  auto shop = std::make_shared<Workshop>(ports.steps, settings.steps);
  shop->calls_max = ports.calls_max;
  shop->safety = ports.safety;
  shop->key_salt = to_hex(ports.storage->installation());
  shop->sleep_min = settings.sleep_min;
  return shop;
}

}  // namespace

EngineParts::EngineParts(const EnginePorts& given_ports, const EngineSettings& given_settings)
    : ports_(given_ports),
      settings_(given_settings),
      shop_(new_workshop(ports_, settings_)),
      formulas_(ports_.storage),
      executions_(*ports_.storage),
      lease_(ports_.storage, ports_.steps.clock->wall()),
      journal_(*ports_.storage, lease_.id(), settings_.journal),
      retention_(*ports_.storage, journal_, *ports_.steps.clock, settings_.retention),
      reader_(executions_, ports_.storage->vault()),
      turns_(settings_.running_max) {}

EngineParts::~EngineParts() {
  shop_->close();
}

void EngineParts::on_started(std::int64_t id) {
  std::shared_ptr<Handover<std::int64_t>> word;
  {
    const Lock lock(mutex_);
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    found->second.on_disk = true;
    word = std::exchange(found->second.started, nullptr);
  }
  if (word) word->leave(id);
}

void EngineParts::on_ending(std::int64_t id, Ending ending, Execution execution, const Wake& wake) {
  Lock lock(mutex_);
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  OpenExecution& open = found->second;
  if (open.conductor) {
    open.conductor.reset();  // it calls from inside of itself and keeps itself until it returns
    --conducted_;
  }
  if (suspect_ == id) next_suspect(lock);
  switch (ending) {
    case Ending::finished:
      ++counters_.ended;
      // Before anybody who waits for the end knows of it, and before stop() thinks that nothing is left to be told.
      if (ports_.ended) {
        ports_.ended(
            {.execution = id, .formula_instance = std::max<std::int64_t>(open.group, 0), .status = execution.status});
      }
      finish(lock, id, std::move(execution));
      break;
    case Ending::refused:
      ++counters_.refused;
      finish(lock, id,
             Error(ErrorCode::unavailable,
                   "engine: the disk does not take the execution, so it was not begun; try again later: " +
                       journal_.counters().last_failure));
      break;
    case Ending::fenced:
      finish(lock, id, Error(ErrorCode::unavailable, "engine: another host has taken the execution over"));
      break;
    case Ending::in_doubt:
      open.place = OpenExecution::Place::in_doubt;
      for (const auto& waiting : std::exchange(open.waiting, {})) waiting->leave(execution);
      give_up_turn(open);
      if (!open.words.empty()) request_turn(lock, id);
      break;
    case Ending::asleep:
      open.place = OpenExecution::Place::asleep;
      if (open.words.empty()) {
        wake_later(id, wake);
      } else {
        load(lock, id);
      }
      break;
    case Ending::parked:
      open.place = OpenExecution::Place::parked;
      break;
  }
  changed_.notify_all();
}

void EngineParts::finish(Lock& lock, std::int64_t id, const std::variant<Execution, Error>& word) {
  const auto found = open_.find(id);
  OpenExecution open = std::move(found->second);
  open_.erase(found);
  give_up_turn(open);
  (void)lock;
  if (open.started) {
    const auto* error = std::get_if<Error>(&word);
    open.started->leave(error != nullptr ? Handover<std::int64_t>::Word(*error) : Handover<std::int64_t>::Word(id));
  }
  for (const auto& waiting : open.waiting) waiting->leave(word);
}

void EngineParts::give_up_turn(OpenExecution& open) {
  if (!std::exchange(open.has_turn, false)) return;
  for (const std::int64_t id : turns_.leave(open.group)) {
    const auto found = open_.find(id);
    if (found == open_.end()) continue;
    found->second.has_turn = true;
    if (found->second.on_disk) load_with_turn(id, found->second);
  }
}

void EngineParts::wake_later(std::int64_t id, const Wake& wake) {
  const auto& clock = *shop_->ports.clock;
  const auto left =
      std::min<Clock::MonotonicTime::duration>(wake.monotonic - clock.monotonic(), wake.wall - clock.wall());
  const auto delay =
      std::clamp<Clock::MonotonicTime::duration>(left, Clock::MonotonicTime::duration::zero(), look_interval);
  shop_->ports.timers->after(std::chrono::ceil<std::chrono::milliseconds>(delay), [weak = weak_from_this(), id, wake] {
    const auto self = weak.lock();
    if (!self) return;
    self->shop_->conducting.run([weak, id, wake] {
      if (const auto parts = weak.lock()) parts->look_at_sleeper(id, wake);
    });
  });
}

void EngineParts::look_at_sleeper(std::int64_t id, const Wake& wake) {
  Lock lock(mutex_);
  const auto found = open_.find(id);
  if (found == open_.end() || found->second.place != OpenExecution::Place::asleep) return;
  const bool by_monotonic = shop_->ports.clock->monotonic() >= wake.monotonic;
  if (!by_monotonic && shop_->ports.clock->wall() < wake.wall) return wake_later(id, wake);
  found->second.woken = by_monotonic && wake.exact;
  load(lock, id);
}

bool EngineParts::stop(std::chrono::milliseconds grace) {
  Lock lock(mutex_);
  stopping_ = true;
  changed_.wait_for(lock, grace, [this] { return conducted_ == 0; });
  const bool all_ended = conducted_ == 0;
  parking_ = true;
  loads_.clear();
  for (const auto& [id, open] : open_) {
    if (open.conductor) open.conductor->park();
  }
  changed_.wait_for(lock, parking_max, [this] { return conducted_ == 0; });
  return all_ended;
}

void EngineParts::shut_down() {
  stop(std::chrono::milliseconds::zero());
  shop_->close();
  std::unordered_map<std::int64_t, OpenExecution> open;
  {
    const Lock lock(mutex_);
    open.swap(open_);
  }
  for (auto& [id, execution] : open) {
    const Error stopped(ErrorCode::unavailable, "engine: it has stopped; the execution goes on when it starts again");
    if (execution.started) execution.started->leave(stopped);
    for (const auto& waiting : execution.waiting) waiting->leave(stopped);
  }
}

bool EngineParts::ready() const {
  const Lock lock(mutex_);
  return !stopping_ && journal_.healthy() && open_.size() < settings_.open_max;
}

EngineCounters EngineParts::counters() const {
  const Lock lock(mutex_);
  EngineCounters counters = counters_;
  counters.open = open_.size();
  counters.queued = turns_.waiting();
  counters.in_doubt = static_cast<std::size_t>(std::count_if(open_.begin(), open_.end(), [](const auto& entry) {
    return entry.second.place == OpenExecution::Place::in_doubt;
  }));
  counters.journal = journal_.counters();
  return counters;
}

std::int64_t EngineParts::violations() const {
  const auto now = shop_->ports.clock->wall().time_since_epoch();
  return executions_.count_violations(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

void EngineParts::warn(const std::string& sentence) const {
  if (ports_.warn) ports_.warn(sentence);
}

}  // namespace formulary

#include "host/engine/scheduler.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/store/schedule_store.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

constexpr std::chrono::milliseconds look_interval{30'000};
/// Missed moments are counted one by one up to here; a schedule of every second that slept for a year is not.
constexpr std::int64_t missed_max = 100'000;

std::int64_t milliseconds(Clock::WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

Clock::WallTime time_of(std::int64_t milliseconds) {
  return Clock::WallTime(std::chrono::milliseconds(milliseconds));
}

}  // namespace

struct Scheduler::Parts : std::enable_shared_from_this<Scheduler::Parts> {
  struct Due {
    std::int64_t formula_instance = 0;
    Clock::WallTime moment;
    std::int64_t missed = 0;
  };

  explicit Parts(SchedulerPorts given) : ports(std::move(given)), store(*ports.storage) {}

  /// The last moment up to now that was not served, and how many before it.
  [[nodiscard]] std::optional<Due> due(const Schedule& schedule, Clock::WallTime now) const {
    const auto record = store.find(schedule.formula_instance);
    if (!record) return std::nullopt;
    Due due{.formula_instance = schedule.formula_instance};
    auto next = schedule.cron.next_after(time_of(record->last_fire_ms), schedule.zone);
    if (!next || *next > now) return std::nullopt;
    while (next && *next <= now && due.missed < missed_max) {
      due.moment = *next;
      ++due.missed;
      next = schedule.cron.next_after(due.moment, schedule.zone);
    }
    --due.missed;  // the one that is served
    return due;
  }

  void serve(const Due& due) {
    if (!store.claim(due.formula_instance, {.last_fire_ms = milliseconds(due.moment), .missed = due.missed})) return;
    const std::string title = "schedule of formula instance " + std::to_string(due.formula_instance);
    if (due.missed > 0) warn(title + ": " + std::to_string(due.missed) + " moments were missed; one is served late");
    try {
      ports.fire(due.formula_instance, due.moment);
    } catch (const Error& error) {
      warn(title + ": the moment " + iso8601(due.moment) + " was missed: " + error.what());
    }
  }

  void warn(const std::string& sentence) const {
    if (ports.warn) ports.warn(sentence);
  }

  void look() {
    std::vector<Schedule> all;
    {
      const std::lock_guard lock(mutex);
      for (const auto& [id, schedule] : schedules) all.push_back(schedule);
    }
    const auto now = ports.clock->wall();
    for (const Schedule& schedule : all) {
      try {
        if (const auto one = due(schedule, now)) serve(*one);
      } catch (const Error& error) {
        warn(error.what());  // the disk; the next look is another try
      }
    }
  }

  [[nodiscard]] std::chrono::milliseconds until_next_look() const {
    const auto now = ports.clock->wall();
    const std::lock_guard lock(mutex);
    auto wait = look_interval;
    for (const auto& [id, schedule] : schedules) {
      const auto next = schedule.cron.next_after(now, schedule.zone);
      if (next) wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(*next - now));
    }
    return std::max(wait, std::chrono::milliseconds(1));
  }

  void look_regularly() {
    ports.timers->after(until_next_look(), [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->look();
      self->look_regularly();
    });
  }

  const SchedulerPorts ports;
  ScheduleStore store;
  mutable std::mutex mutex;
  std::map<std::int64_t, Schedule> schedules;
};

Scheduler::Scheduler(SchedulerPorts ports) : parts_(std::make_shared<Parts>(std::move(ports))) {}
Scheduler::~Scheduler() = default;

void Scheduler::put(Schedule schedule) {
  if (!parts_->store.find(schedule.formula_instance)) {
    (void)parts_->store.claim(schedule.formula_instance, {.last_fire_ms = milliseconds(parts_->ports.clock->wall())});
  }
  const std::lock_guard lock(parts_->mutex);
  parts_->schedules.insert_or_assign(schedule.formula_instance, std::move(schedule));
}

void Scheduler::remove(std::int64_t formula_instance) {
  const std::lock_guard lock(parts_->mutex);
  parts_->schedules.erase(formula_instance);
}

void Scheduler::look() {
  parts_->look();
}

void Scheduler::start() {
  parts_->look_regularly();
}

std::optional<Scheduler::Standing> Scheduler::standing(std::int64_t formula_instance) const {
  std::optional<Schedule> schedule;
  {
    const std::lock_guard lock(parts_->mutex);
    const auto found = parts_->schedules.find(formula_instance);
    if (found == parts_->schedules.end()) return std::nullopt;
    schedule = found->second;
  }
  const auto record = parts_->store.find(formula_instance);
  Standing standing{.missed = record ? record->missed : 0};
  const auto last = record ? time_of(record->last_fire_ms) : parts_->ports.clock->wall();
  if (const auto next = schedule->cron.next_after(last, schedule->zone)) standing.next = *next;
  return standing;
}

}  // namespace formulary

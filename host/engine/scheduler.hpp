/// \file
/// Starts scheduled formulas when their time comes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "host/base/clock.hpp"
#include "host/engine/timers.hpp"
#include "host/formula/cron.hpp"

namespace formulary {

class Storage;

struct SchedulerPorts {
  std::shared_ptr<const Storage> storage;
  Timers* timers = nullptr;      ///< Borrowed.
  const Clock* clock = nullptr;  ///< Borrowed.
  /// Starts an execution of the instance; called by the timers' thread, so it must hand it on if it takes time. Throws
  /// Error if it cannot be started; the moment counts as missed then.
  std::function<void(std::int64_t formula_instance, Clock::WallTime moment)> fire;
  /// Hears of moments that were missed. May be empty.
  std::function<void(const std::string& sentence)> warn;
};

struct Schedule {
  std::int64_t formula_instance = 0;
  CronSchedule cron;
  TimeZone zone;
};

/// The rule: a moment is served once, by one host. When several have passed unserved, because no host ran or the clock
/// was put forward, the last of them is served late, and the others count as missed. A clock that is put back serves
/// nothing twice: it goes on with the first moment after the last one that was served. A schedule begins with the first
/// moment after it was put.
///
/// Any thread may use it.
class Scheduler {
 public:
  explicit Scheduler(SchedulerPorts ports);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  /// From now on; replaces that of the same instance. Throws Error(store_failed).
  void put(Schedule schedule);
  void remove(std::int64_t formula_instance);
  /// Serves what is due, now. The scheduler calls it by itself once started; tests call it.
  void look();
  /// Looks by itself from now on: at each moment, and at least every 30 seconds, in case the clock was set.
  void start();

  struct Standing {
    std::optional<Clock::WallTime> next;
    std::int64_t missed = 0;
  };
  /// Nothing if the instance has no schedule.
  [[nodiscard]] std::optional<Standing> standing(std::int64_t formula_instance) const;

 private:
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

}  // namespace formulary

/// \file
/// One thread that runs small functions at given times: the deadlines of hook calls.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "host/base/clock.hpp"

namespace formulary {

/// Any thread may use it. Starts its thread with the first alarm.
class DeadlineTimers {
 public:
  using Time = Clock::MonotonicTime;
  using Alarm = std::pair<Time, std::uint64_t>;

  explicit DeadlineTimers(std::shared_ptr<const Clock> clock);
  DeadlineTimers(const DeadlineTimers&) = delete;
  DeadlineTimers& operator=(const DeadlineTimers&) = delete;
  ~DeadlineTimers();

  /// Runs `action` once at `when`, on the timer's thread; it must not block, since others wait behind it.
  Alarm set(Time when, std::function<void()> action);
  /// Takes an alarm back. One whose action runs at this moment is not waited for.
  void cancel(const Alarm& alarm);
  /// Looks at the clock again: for a clock that was moved by hand.
  void look();

 private:
  void run();
  void run_due(std::unique_lock<std::mutex>& lock);

  std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Alarm, std::function<void()>> alarms_;
  std::uint64_t last_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace formulary

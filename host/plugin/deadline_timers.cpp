#include "host/plugin/deadline_timers.hpp"

namespace formulary {

DeadlineTimers::DeadlineTimers(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

DeadlineTimers::~DeadlineTimers() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

DeadlineTimers::Alarm DeadlineTimers::set(Time when, std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  const Alarm alarm{when, ++last_};
  const bool earliest = alarms_.empty() || alarm < alarms_.begin()->first;
  alarms_.emplace(alarm, std::move(action));
  if (earliest) changed_.notify_all();
  return alarm;
}

void DeadlineTimers::cancel(const Alarm& alarm) {
  const std::lock_guard lock(mutex_);
  alarms_.erase(alarm);
}

void DeadlineTimers::look() {
  changed_.notify_all();
}

void DeadlineTimers::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    run_due(lock);
    if (ending_) return;
    if (alarms_.empty()) {
      changed_.wait(lock);
    } else {
      changed_.wait_for(lock, alarms_.begin()->first.first - clock_->monotonic());
    }
  }
}

void DeadlineTimers::run_due(std::unique_lock<std::mutex>& lock) {
  while (!ending_ && !alarms_.empty() && alarms_.begin()->first.first <= clock_->monotonic()) {
    const auto action = std::move(alarms_.begin()->second);
    alarms_.erase(alarms_.begin());
    lock.unlock();
    action();
    lock.lock();
  }
}

}  // namespace formulary

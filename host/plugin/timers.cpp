#include "host/plugin/timers.hpp"

namespace formulary {

Timers::Timers(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

Timers::~Timers() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Timers::Alarm Timers::set(Time when, std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  const Alarm alarm{when, ++last_};
  const bool earliest = alarms_.empty() || alarm < alarms_.begin()->first;
  alarms_.emplace(alarm, std::move(action));
  if (earliest) changed_.notify_all();
  return alarm;
}

void Timers::cancel(const Alarm& alarm) {
  const std::lock_guard lock(mutex_);
  alarms_.erase(alarm);
}

void Timers::look() {
  changed_.notify_all();
}

void Timers::run() {
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

void Timers::run_due(std::unique_lock<std::mutex>& lock) {
  while (!ending_ && !alarms_.empty() && alarms_.begin()->first.first <= clock_->monotonic()) {
    const auto action = std::move(alarms_.begin()->second);
    alarms_.erase(alarms_.begin());
    lock.unlock();
    action();
    lock.lock();
  }
}

}  // namespace formulary

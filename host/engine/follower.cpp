#include "host/engine/follower.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>

namespace formulary {
namespace {

/// Set by a timer, which may be later than who waits.
class Bell {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_all();
  }
  void wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return rung_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool rung_ = false;
};

/// Tells of the steps after that one; returns the last one's id.
std::int64_t tell_steps(const History& history, const FollowOrder& order, std::int64_t after) {
  HistoryPage<StepExecution> page;
  do {
    page = history.steps(order.execution, after);
    for (const StepExecution& step : page.entries) {
      if (order.observe) order.observe(step);
      after = step.id;
    }
  } while (page.next != 0);
  return after;
}

}  // namespace

std::optional<ExecutionRecord> follow_execution(const History& history, Timers& timers, const FollowOrder& order) {
  std::int64_t told = 0;
  std::int64_t seen = 0;
  while (!order.stop.stop_requested()) {
    ExecutionRecord record = history.execution(order.execution);  // before the steps: at its end all of them are there
    if (const std::int64_t progress = history.progress(order.execution); progress != seen) {
      told = tell_steps(history, order, told);
      seen = progress;
    }
    if (record.state == ExecutionState::finished || record.state == ExecutionState::in_doubt) return record;
    const auto bell = std::make_shared<Bell>();
    timers.after(order.interval, [bell] { bell->ring(); });
    bell->wait(order.stop);
  }
  return std::nullopt;
}

}  // namespace formulary

#include "host/engine/timers.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace formulary {

struct SystemTimers::Queue {
  using Time = std::chrono::steady_clock::time_point;

  /// Ends when `stop` is requested; callbacks run without the lock.
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      if (waiting.empty()) {
        changed.wait(lock, stop, [this] { return !waiting.empty(); });
        continue;
      }
      const Time due = waiting.begin()->first;
      if (std::chrono::steady_clock::now() < due) {
        changed.wait_until(lock, stop, due, [this, due] { return waiting.empty() || waiting.begin()->first < due; });
        continue;
      }
      auto first = waiting.extract(waiting.begin());
      lock.unlock();
      first.mapped()();
      lock.lock();
    }
  }

  std::mutex mutex;
  std::condition_variable_any changed;
  std::multimap<Time, std::function<void()>> waiting;
  std::jthread thread;  ///< Last, so that it ends first.
};

SystemTimers::SystemTimers() : queue_(std::make_unique<Queue>()) {
  queue_->thread = std::jthread([queue = queue_.get()](const std::stop_token& stop) { queue->run(stop); });
}

SystemTimers::~SystemTimers() = default;

void SystemTimers::after(std::chrono::milliseconds delay, std::function<void()> callback) {
  {
    const std::lock_guard lock(queue_->mutex);
    const auto added = queue_->waiting.emplace(std::chrono::steady_clock::now() + delay, std::move(callback));
    if (added != queue_->waiting.begin()) return;  // the thread wakes early enough as it is
  }
  queue_->changed.notify_all();
}

}  // namespace formulary

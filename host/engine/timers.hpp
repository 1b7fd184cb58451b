/// \file
/// Waiting without holding a thread, behind an interface so that no test waits.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace formulary {

/// Any thread may use it.
class Timers {
 public:
  Timers() = default;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;
  virtual ~Timers() = default;

  /// Calls `callback` once, from another thread or later from this one, when the delay has passed. Callbacks that are
  /// still waiting when the timers end are dropped. A callback must be quick and must not throw.
  virtual void after(std::chrono::milliseconds delay, std::function<void()> callback) = 0;
};

/// On the machine's monotonic clock, with one thread for all.
class SystemTimers final : public Timers {
 public:
  SystemTimers();
  SystemTimers(const SystemTimers&) = delete;
  SystemTimers& operator=(const SystemTimers&) = delete;
  ~SystemTimers() override;
  void after(std::chrono::milliseconds delay, std::function<void()> callback) override;

 private:
  struct Queue;
  std::unique_ptr<Queue> queue_;
};

}  // namespace formulary

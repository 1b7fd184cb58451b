/// \file
/// The worker's second thread: stops a script at its deadline, and ends the process when the host is gone.
#pragma once

#include <chrono>
#include <functional>
#include <latch>
#include <mutex>
#include <thread>

namespace formulary {

/// Watches the host's socket for its end: a host that is killed closes it. (The kernel's parent-death signal would not
/// do: it comes when the *thread* that started the worker ends.)
class Watchdog {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `stop` is called on the watchdog's thread, at most once between arm() and disarm(), and never outside. `host` may
  /// be -1 for none.
  Watchdog(int host, std::function<void()> stop);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  void arm(Time deadline);
  /// Whether `stop` was called.
  bool disarm();

 private:
  void watch();
  [[nodiscard]] int wait_ms();

  int host_;
  int alarm_;  ///< An eventfd that wakes the thread.
  std::function<void()> stop_;
  std::mutex mutex_;
  Time deadline_ = Time::max();
  Time next_look_ = Time::max();  ///< When the thread wakes by itself.
  bool fired_ = false;
  bool ending_ = false;
  std::latch running_{1};
  std::thread thread_;
};

}  // namespace formulary

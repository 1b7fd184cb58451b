/// \file
/// A bounded number of threads, started when there is work for them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace formulary {

/// Any thread may use it. Jobs begin in the order in which they were given; they must not throw.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t workers_max);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  /// Waits for the jobs that run; those that have not begun are dropped.
  ~WorkerPool();

  /// Returns at once.
  void run(std::function<void()> job);

 private:
  void work();

  const std::size_t workers_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace formulary

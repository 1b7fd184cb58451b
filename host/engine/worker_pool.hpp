/// \file
/// A bounded number of threads with small stacks, started when there is work for them and ended when there is none.
#pragma once

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace formulary {

/// Any thread may use it. Jobs begin in the order in which they were given; they must not throw.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t workers_max, std::chrono::milliseconds idle_max = std::chrono::seconds(10));
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  /// stop()
  ~WorkerPool();

  /// Returns at once. Drops the job once stop() was called.
  void run(std::function<void()> job);
  /// Waits for the jobs that run; those that have not begun are dropped. Not to be called by a job.
  void stop();

  [[nodiscard]] std::size_t threads() const;
  /// Jobs wait, and no thread is or can be made free for them.
  [[nodiscard]] bool is_full() const;

 private:
  static void* enter(void* pool);
  void work();
  void start_thread();
  void join_ended(std::unique_lock<std::mutex>& lock);

  const std::size_t workers_max_;
  const std::chrono::milliseconds idle_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<pthread_t> threads_;
  std::vector<pthread_t> ended_;  ///< To be joined.
};

}  // namespace formulary

/// \file
/// The threads that run handlers, and the bounded queue before them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace formulary {

/// Any thread may push. What is pushed must not throw.
class HandlerPool {
 public:
  using Work = std::function<void()>;
  enum class Kind {
    quick,      ///< A request that is here as a whole.
    uploading,  ///< A request that may wait for its client: these take at most half of the threads.
    more,       ///< A part of an answer that has begun: goes first, and is never refused.
  };

  HandlerPool(std::size_t threads, std::size_t queued_max);
  HandlerPool(const HandlerPool&) = delete;
  HandlerPool& operator=(const HandlerPool&) = delete;
  ~HandlerPool();  ///< As stop().

  /// False if too much waits already, or after stop().
  bool push(Kind kind, Work work);
  [[nodiscard]] std::size_t queued() const;
  /// Drops what waits and returns when all that runs has ended.
  void stop();

 private:
  void serve();
  [[nodiscard]] bool has_work() const;
  /// The next piece and whether it is an upload. Under the lock, if has_work().
  [[nodiscard]] std::pair<Work, bool> take();

  const std::size_t queued_max_;
  const std::size_t uploading_max_;
  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::deque<Work> quick_;
  std::deque<Work> uploads_;
  std::deque<Work> more_;
  std::size_t uploading_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace formulary

#include "host/http/handler_pool.hpp"

#include <algorithm>
#include <utility>

namespace formulary {

HandlerPool::HandlerPool(std::size_t threads, std::size_t queued_max)
    : queued_max_(queued_max), uploading_max_(std::max<std::size_t>(threads / 2, 1)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) threads_.emplace_back([this] { serve(); });
}

HandlerPool::~HandlerPool() {
  stop();
}

bool HandlerPool::push(Kind kind, Work work) {
  {
    const std::lock_guard guard(lock_);
    if (stopped_) return false;
    if (kind == Kind::more) {
      more_.push_back(std::move(work));
    } else if (quick_.size() + uploads_.size() >= queued_max_) {
      return false;
    } else {
      (kind == Kind::uploading ? uploads_ : quick_).push_back(std::move(work));
    }
  }
  changed_.notify_one();
  return true;
}

std::size_t HandlerPool::queued() const {
  const std::lock_guard guard(lock_);
  return quick_.size() + uploads_.size();
}

void HandlerPool::stop() {
  std::deque<Work> dropped;  // ends after the lock is given back
  {
    const std::lock_guard guard(lock_);
    stopped_ = true;
    for (auto* queue : {&quick_, &uploads_, &more_}) {
      std::move(queue->begin(), queue->end(), std::back_inserter(dropped));
      queue->clear();
    }
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

bool HandlerPool::has_work() const {
  return !more_.empty() || !quick_.empty() || (!uploads_.empty() && uploading_ < uploading_max_);
}

std::pair<HandlerPool::Work, bool> HandlerPool::take() {
  const bool upload =
      more_.empty() && !uploads_.empty() && uploading_ < uploading_max_ && (quick_.empty() || uploading_ == 0);
  std::deque<Work>& queue = upload ? uploads_ : more_.empty() ? quick_ : more_;
  std::pair<Work, bool> taken(std::move(queue.front()), upload);
  queue.pop_front();
  if (upload) ++uploading_;
  return taken;
}

void HandlerPool::serve() {
  std::unique_lock guard(lock_);
  for (;;) {
    changed_.wait(guard, [this] { return stopped_ || has_work(); });
    if (stopped_) return;
    auto [work, upload] = take();
    guard.unlock();
    work();
    work = nullptr;
    guard.lock();
    if (upload) --uploading_;  // this thread looks for the next upload itself
  }
}

}  // namespace formulary

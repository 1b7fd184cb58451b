#include "host/engine/worker_pool.hpp"

#include <algorithm>
#include <utility>

namespace formulary {
namespace {

/// A thousand of them wait at the same time, so they are small; a plugin's hook runs on them, so they are not tiny.
/// Only what is touched takes memory.
constexpr std::size_t stack_size = 512U << 10U;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t stack_factor = 8;
#else
constexpr std::size_t stack_factor = 1;
#endif

class ThreadAttributes {
 public:
  ThreadAttributes() {
    pthread_attr_init(&attributes_);
    pthread_attr_setstacksize(&attributes_, stack_size * stack_factor);
  }
  ThreadAttributes(const ThreadAttributes&) = delete;
  ThreadAttributes& operator=(const ThreadAttributes&) = delete;
  ~ThreadAttributes() { pthread_attr_destroy(&attributes_); }
  [[nodiscard]] const pthread_attr_t* get() const noexcept { return &attributes_; }

 private:
  pthread_attr_t attributes_{};
};

}  // namespace

WorkerPool::WorkerPool(std::size_t workers_max, std::chrono::milliseconds idle_max)
    : workers_max_(std::max<std::size_t>(workers_max, 1)), idle_max_(idle_max) {}

WorkerPool::~WorkerPool() {
  stop();
}

void WorkerPool::run(std::function<void()> job) {
  {
    std::unique_lock lock(mutex_);
    if (ending_) return;
    jobs_.push_back(std::move(job));
    if (!ended_.empty()) join_ended(lock);
    if (idle_ < jobs_.size() && threads_.size() < workers_max_) start_thread();
  }
  changed_.notify_one();
}

void WorkerPool::stop() {
  std::deque<std::function<void()>> dropped;  // let go without the lock
  std::unique_lock lock(mutex_);
  ending_ = true;
  dropped.swap(jobs_);
  changed_.notify_all();
  changed_.wait(lock, [this] { return threads_.empty(); });
  join_ended(lock);
}

std::size_t WorkerPool::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

bool WorkerPool::is_full() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size() > idle_ && threads_.size() >= workers_max_;
}

void WorkerPool::start_thread() {
  static const ThreadAttributes attributes;
  pthread_t thread{};
  // Without a thread to spare the job waits for one that is there; the first one must come.
  const int problem = pthread_create(&thread, attributes.get(), &WorkerPool::enter, this);
  if (problem == 0) threads_.push_back(thread);
}

void* WorkerPool::enter(void* pool) {
  static_cast<WorkerPool*>(pool)->work();
  return nullptr;
}

void WorkerPool::join_ended(std::unique_lock<std::mutex>& lock) {
  std::vector<pthread_t> ended;
  ended.swap(ended_);
  lock.unlock();
  for (const pthread_t thread : ended) pthread_join(thread, nullptr);
  lock.lock();
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    const bool woken = changed_.wait_for(lock, idle_max_, [this] { return ending_ || !jobs_.empty(); });
    --idle_;
    if (ending_ || !woken) break;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // what it holds is let go without the lock
    lock.lock();
  }
  std::erase_if(threads_, [](pthread_t thread) { return pthread_equal(thread, pthread_self()) != 0; });
  ended_.push_back(pthread_self());
  changed_.notify_all();
}

}  // namespace formulary

#include "host/plugin/gate.hpp"

namespace formulary {

Gate::Pass Gate::enter(const std::stop_token& stop, std::chrono::nanoseconds limit) {
  std::unique_lock lock(mutex_);
  if (taken_ && !left_.wait_for(lock, stop, limit, [this] { return !taken_; })) return nullptr;
  taken_ = true;
  return Pass(this);
}

void Gate::leave() {
  // Under the lock: whoever comes in next may be the one who ends this gate.
  const std::lock_guard lock(mutex_);
  taken_ = false;
  left_.notify_one();
}

}  // namespace formulary

#include "host/engine/call_gate.hpp"

#include <utility>

namespace formulary {

bool CallGate::enter(const std::string& instance, std::size_t calls_max, std::function<void()> later) {
  const std::lock_guard lock(mutex_);
  Instance& state = instances_[instance];
  if (calls_max != 0 && state.calls >= calls_max) {
    state.waiting.push_back(std::move(later));
    return false;
  }
  ++state.calls;
  return true;
}

void CallGate::leave(const std::string& instance) {
  std::function<void()> next;
  {
    const std::lock_guard lock(mutex_);
    const auto found = instances_.find(instance);
    if (found == instances_.end()) return;
    Instance& state = found->second;
    if (!state.waiting.empty()) {
      next = std::move(state.waiting.front());  // takes over the place that was left
      state.waiting.pop_front();
    } else if (--state.calls == 0) {
      instances_.erase(found);
    }
  }
  if (next) next();
}

}  // namespace formulary

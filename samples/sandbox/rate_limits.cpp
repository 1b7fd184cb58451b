#include "rate_limits.hpp"

#include <algorithm>
#include <string>

namespace sandbox {

void RateLimits::forget_old(Times& times) const {
  const auto oldest = std::chrono::steady_clock::now() - limits_.window;
  while (!times.empty() && times.front() <= oldest) times.pop_front();
}

std::optional<RateLimits::Slot> RateLimits::enter(Guard guard) {
  const std::scoped_lock lock(mutex_);
  forget_old(all_);
  forget_old(publications_);
  if (limits_.enabled) {
    const bool publishes = guard == Guard::key_publish;
    if (all_.size() >= limits_.per_window || running_ >= limits_.concurrent) return std::nullopt;
    if (publishes && publications_.size() >= limits_.publications_per_window) return std::nullopt;
    if (guard == Guard::key_single && candidate_lists_ >= limits_.candidate_lists_at_once) return std::nullopt;
    all_.push_back(std::chrono::steady_clock::now());
    if (publishes) publications_.push_back(all_.back());
  }
  ++running_;
  if (guard == Guard::key_single) ++candidate_lists_;
  return Slot(*this, guard);
}

void RateLimits::leave(Guard guard) {
  const std::scoped_lock lock(mutex_);
  --running_;
  if (guard == Guard::key_single) --candidate_lists_;
}

TextPairs RateLimits::headers() {
  const std::scoped_lock lock(mutex_);
  forget_old(all_);
  const auto left = [](std::size_t limit, std::size_t used) { return std::to_string(limit - std::min(limit, used)); };
  return {{"X-RateLimit-Limit", std::to_string(limits_.per_window)},
          {"X-RateLimit-Remaining", left(limits_.per_window, all_.size())},
          {"X-RateLimit-Concurrent-Limit", std::to_string(limits_.concurrent)},
          {"X-RateLimit-Concurrent-Remaining", left(limits_.concurrent, running_)}};
}

void RateLimits::set(const Limits& limits) {
  const std::scoped_lock lock(mutex_);
  limits_ = limits;
  all_.clear();
  publications_.clear();
}

}  // namespace sandbox

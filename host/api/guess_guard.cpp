#include "host/api/guess_guard.hpp"

#include <algorithm>

#include "host/api/failure.hpp"

namespace formulary::api {

void GuessGuard::check(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  const auto left = found->second->until - clock_.monotonic();
  if (left <= Clock::MonotonicTime::duration::zero()) return;
  const auto wait = std::chrono::ceil<std::chrono::seconds>(left);
  throw RateLimited(
      "authentication: too many attempts failed; try again in " + std::to_string(wait.count()) + " seconds", wait);
}

void GuessGuard::failed(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const Clock::MonotonicTime now = clock_.monotonic();
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    if (now - entries_.front().last > limits_.memory) entries_.front().failures = 0;
  } else {
    if (entries_.size() >= limits_.keys_max) {
      by_key_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({.key = std::string(key)});
    by_key_.emplace(entries_.front().key, entries_.begin());
  }
  Entry& entry = entries_.front();
  entry.last = now;
  ++entry.failures;
  if (entry.failures <= limits_.free_failures) return;
  const int doublings = std::min(entry.failures - limits_.free_failures - 1, 20);
  entry.until = now + std::min(std::chrono::seconds(std::int64_t{1} << doublings), limits_.longest_wait);
}

void GuessGuard::succeeded(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  const Entries::iterator entry = found->second;
  by_key_.erase(found);
  entries_.erase(entry);
}

}  // namespace formulary::api

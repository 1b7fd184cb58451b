#include "host/http/connection_census.hpp"

namespace formulary {

bool ConnectionCensus::enter(const std::string& address) {
  const std::lock_guard guard(lock_);
  if (all_ >= all_max_) return false;
  if (per_address_max_ > 0) {
    std::size_t& count = by_address_[address];
    if (count >= per_address_max_) return false;
    ++count;
  }
  ++all_;
  return true;
}

void ConnectionCensus::leave(const std::string& address) {
  const std::lock_guard guard(lock_);
  --all_;
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
  if (all_ == 0) changed_.notify_all();
}

std::size_t ConnectionCensus::size() const {
  const std::lock_guard guard(lock_);
  return all_;
}

bool ConnectionCensus::wait_for_none(std::chrono::milliseconds time) {
  std::unique_lock guard(lock_);
  return changed_.wait_for(guard, time, [this] { return all_ == 0; });
}

}  // namespace formulary

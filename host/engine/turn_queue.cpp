#include "host/engine/turn_queue.hpp"

#include <algorithm>

namespace formulary {

bool TurnQueue::enter(std::int64_t group_id, std::size_t group_max, std::int64_t member) {
  Group& group = groups_[group_id];
  group.max = group_max;
  if (group.waiting.empty() && group.has_room() && running_ < all_max_) {
    ++group.running;
    ++running_;
    return true;
  }
  group.waiting.push_back(member);
  ++waiting_;
  return false;
}

void TurnQueue::enter_by_force(std::int64_t group_id, std::size_t group_max) {
  Group& group = groups_[group_id];
  group.max = group_max;
  ++group.running;
  ++running_;
}

std::vector<std::int64_t> TurnQueue::leave(std::int64_t group_id) {
  std::vector<std::int64_t> admitted;
  const auto found = groups_.find(group_id);
  if (found == groups_.end() || found->second.running == 0) return admitted;
  --found->second.running;
  --running_;
  admit(found->second, admitted);
  // The turn may be one that another group has waited for, because of the bound over all.
  for (auto& [id, group] : groups_) {
    if (running_ >= all_max_) break;
    admit(group, admitted);
  }
  std::erase_if(groups_, [](const auto& entry) { return entry.second.running == 0 && entry.second.waiting.empty(); });
  return admitted;
}

bool TurnQueue::withdraw(std::int64_t group_id, std::int64_t member) {
  const auto found = groups_.find(group_id);
  if (found == groups_.end()) return false;
  auto& waiting = found->second.waiting;
  const auto place = std::find(waiting.begin(), waiting.end(), member);
  if (place == waiting.end()) return false;
  waiting.erase(place);
  --waiting_;
  return true;
}

void TurnQueue::admit(Group& group, std::vector<std::int64_t>& admitted) {
  while (!group.waiting.empty() && group.has_room() && running_ < all_max_) {
    admitted.push_back(group.waiting.front());
    group.waiting.pop_front();
    --waiting_;
    ++group.running;
    ++running_;
  }
}

}  // namespace formulary

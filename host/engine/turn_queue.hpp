/// \file
/// Whose turn it is: bounds how many of each group run at the same time, first come, first served.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace formulary {

/// Groups and members are numbers of the caller's. Not thread-safe.
class TurnQueue {
 public:
  /// `all_max`: over all groups together.
  explicit TurnQueue(std::size_t all_max) : all_max_(all_max) {}

  /// True: it has its turn. False: it waits, and leave() names it later. `group_max` of 0 is none.
  bool enter(std::int64_t group, std::size_t group_max, std::int64_t member);
  /// It has its turn already, whatever the bounds say.
  void enter_by_force(std::int64_t group, std::size_t group_max);
  /// A member that had its turn gives it up; returns those that have theirs now.
  [[nodiscard]] std::vector<std::int64_t> leave(std::int64_t group);
  /// A member that waits no longer wants to. False if it does not wait.
  bool withdraw(std::int64_t group, std::int64_t member);

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
  [[nodiscard]] std::size_t running() const noexcept { return running_; }

 private:
  struct Group {
    std::size_t max = 0;
    std::size_t running = 0;
    std::deque<std::int64_t> waiting;
    [[nodiscard]] bool has_room() const noexcept { return max == 0 || running < max; }
  };
  void admit(Group& group, std::vector<std::int64_t>& admitted);

  const std::size_t all_max_;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  std::map<std::int64_t, Group> groups_;
};

}  // namespace formulary

/// \file
/// The limits that the vendor documents: 10 requests a second and 8 at once per credential, 2 a second for publication,
/// one at a time for GET /candidates.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "router.hpp"

namespace sandbox {

struct Limits {
  bool enabled = true;
  std::size_t per_window = 10;
  std::size_t publications_per_window = 2;
  std::size_t concurrent = 8;
  std::size_t candidate_lists_at_once = 1;
  std::chrono::milliseconds window{1000};
};

/// Any thread may use it.
class RateLimits {
 public:
  /// A place among the concurrent requests; given back when it ends.
  class Slot {
   public:
    Slot(RateLimits& of, Guard guard) : of_(&of), guard_(guard) {}
    Slot(Slot&& other) noexcept : of_(std::exchange(other.of_, nullptr)), guard_(other.guard_) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(guard_, other.guard_);
      return *this;
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {
      if (of_ != nullptr) of_->leave(guard_);
    }

   private:
    RateLimits* of_;
    Guard guard_;
  };

  /// Nothing if the request is over a limit: answer 429. Guard::open is never limited.
  [[nodiscard]] std::optional<Slot> enter(Guard guard);
  /// X-RateLimit-Limit, -Remaining, -Concurrent-Limit, -Concurrent-Remaining as of now.
  [[nodiscard]] TextPairs headers();
  /// Also forgets the past.
  void set(const Limits& limits);

 private:
  using Times = std::deque<std::chrono::steady_clock::time_point>;
  void leave(Guard guard);
  void forget_old(Times& times) const;

  std::mutex mutex_;
  Limits limits_;
  Times all_;
  Times publications_;
  std::size_t running_ = 0;
  std::size_t candidate_lists_ = 0;
};

}  // namespace sandbox

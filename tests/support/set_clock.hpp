/// \file
/// A clock that a test moves.
#pragma once

#include <chrono>
#include <mutex>

#include "host/base/clock.hpp"

namespace formulary::testing {

/// Stands still until it is moved. Any thread may use it.
class SetClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return WallTime(std::chrono::seconds(1'700'000'000)) + since(); }
  [[nodiscard]] MonotonicTime monotonic() const override { return MonotonicTime() + since(); }
  void advance(std::chrono::milliseconds by) {
    const std::lock_guard lock(mutex_);
    since_ += by;
  }

 private:
  [[nodiscard]] std::chrono::milliseconds since() const {
    const std::lock_guard lock(mutex_);
    return since_;
  }
  mutable std::mutex mutex_;
  std::chrono::milliseconds since_{0};
};

}  // namespace formulary::testing

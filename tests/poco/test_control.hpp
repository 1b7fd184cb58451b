/// \file
/// A control whose clock a test moves: the machine's monotonic clock plus what was added. Nothing here waits.
#pragma once

#include <formulary/poco/control.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace element::http {

class TestControl final : public control {
 public:
  explicit TestControl(std::optional<std::chrono::nanoseconds> time_limit = std::nullopt) {
    if (time_limit) ends_ = monotonic() + *time_limit;
  }

  void cancel() noexcept { cancelled_ = true; }
  void advance(std::chrono::nanoseconds by) noexcept { added_ += by.count(); }
  void set_wall(std::chrono::nanoseconds now) noexcept { wall_ = now; }
  [[nodiscard]] std::vector<std::chrono::nanoseconds> sleeps() const {
    const std::lock_guard guard(lock_);
    return sleeps_;
  }

  /// How often it was asked whether to go on: whoever waits in a call asks again and again.
  [[nodiscard]] std::uint64_t polls() const noexcept { return polls_; }

  [[nodiscard]] element_status poll() const noexcept override {
    ++polls_;
    if (cancelled_) return ELEMENT_CANCELLED;
    return ends_ && monotonic() >= *ends_ ? ELEMENT_DEADLINE_EXCEEDED : ELEMENT_OK;
  }
  [[nodiscard]] std::optional<std::chrono::nanoseconds> remaining() const noexcept override {
    if (!ends_) return std::nullopt;
    return std::max(*ends_ - monotonic(), std::chrono::nanoseconds(0));
  }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const noexcept override {
    return std::chrono::steady_clock::now().time_since_epoch() + std::chrono::nanoseconds(added_.load());
  }
  [[nodiscard]] std::chrono::nanoseconds wall() const noexcept override { return wall_; }
  /// Time passes at once.
  void sleep(std::chrono::nanoseconds time) const override {
    {
      const std::lock_guard guard(lock_);
      sleeps_.push_back(time);
    }
    added_ += time.count();
    check();
  }

 private:
  std::atomic<bool> cancelled_{false};
  mutable std::atomic<std::uint64_t> polls_{0};
  mutable std::atomic<std::int64_t> added_{0};
  std::optional<std::chrono::nanoseconds> ends_;
  std::chrono::nanoseconds wall_{1'700'000'000'000'000'000};
  mutable std::mutex lock_;
  mutable std::vector<std::chrono::nanoseconds> sleeps_;
};

}  // namespace element::http

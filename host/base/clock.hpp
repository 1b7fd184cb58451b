/// \file
/// Time as a constructor argument, so that no test waits.
#pragma once

#include <chrono>
#include <string>

namespace formulary {

/// Any thread may use a clock.
class Clock {
 public:
  using WallTime = std::chrono::system_clock::time_point;
  using MonotonicTime = std::chrono::steady_clock::time_point;

  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual WallTime wall() const = 0;
  [[nodiscard]] virtual MonotonicTime monotonic() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return std::chrono::system_clock::now(); }
  [[nodiscard]] MonotonicTime monotonic() const override { return std::chrono::steady_clock::now(); }
};

/// "2018-04-04T20:44:36Z": the platform's form of a time, UTC.
[[nodiscard]] std::string iso8601(Clock::WallTime time);

}  // namespace formulary

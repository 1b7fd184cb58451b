/// \file
/// How quick the other side is.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "host/base/clock.hpp"
#include "host/http/server.hpp"

namespace formulary {

/// Whether the other side keeps up, measured only while we wait for it.
class Pace {
 public:
  void begin(Clock::MonotonicTime now) {
    since_ = now;
    waiting_ = true;
  }
  void end(Clock::MonotonicTime now, std::size_t bytes) {
    if (!waiting_) return;
    waited_ += now - since_;
    bytes_ += bytes;
    waiting_ = false;
  }
  /// Judges each stretch of `grace` by itself, since what was quick once may have gone into the kernel's buffers.
  [[nodiscard]] bool too_slow(Clock::MonotonicTime now, const PaceLimits& limits) {
    if (!waiting_) return false;
    if (now - since_ > limits.stall) return true;
    const std::chrono::nanoseconds waited = waited_ + (now - since_);
    if (waited < limits.grace) return false;
    const double least = std::chrono::duration<double>(waited).count() * static_cast<double>(limits.bytes_per_second);
    if (static_cast<double>(bytes_) < least) return true;
    waited_ = since_ - now;  // so that the stretch begins now
    bytes_ = 0;
    return false;
  }

 private:
  Clock::MonotonicTime since_{};
  std::chrono::nanoseconds waited_{0};
  std::uint64_t bytes_ = 0;
  bool waiting_ = false;
};

}  // namespace formulary

/// \file
/// Follows an execution that any process may conduct, by what it leaves on the disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include "host/engine/history.hpp"
#include "host/engine/timers.hpp"

namespace formulary {

struct FollowOrder {
  std::int64_t execution = 0;
  std::function<void(const StepExecution&)> observe;  ///< Each step once, in order, by the calling thread.
  std::stop_token stop;
  std::chrono::milliseconds interval{500};  ///< Between two looks.
};

/// Returns its row when it has ended or stands in doubt; nothing after a stop. Throws Error(not_found),
/// Error(store_failed).
[[nodiscard]] std::optional<ExecutionRecord> follow_execution(const History& history, Timers& timers,
                                                              const FollowOrder& order);

}  // namespace formulary

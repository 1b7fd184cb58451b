/// \file
/// The stretch of time that a report is about. Source: CONTRACT 1.6, the rows on analytics.
#pragma once

#include <cstdint>

#include "host/api/api_request.hpp"
#include "host/base/clock.hpp"

namespace formulary::api {

/// From the bucket that `from` is in to the one that `to` is in, both included: an hour by minutes has 61.
struct TimeBuckets {
  std::int64_t begin_ms = 0;
  std::int64_t interval_ms = 1;
  std::int64_t count = 0;

  [[nodiscard]] std::int64_t end_ms() const { return begin_ms + count * interval_ms; }
};

/// From the query's `from`, `to` and `interval` (minute, hour, day); without them the last seven days by days.
/// Error(bad_input) for what is none of these, for a range that ends before it begins or has over 50,000 buckets.
[[nodiscard]] TimeBuckets time_buckets(const ApiRequest& request, const Clock& clock);

/// Whether the principal's account is among those that the query's `accountIds[]` asks for; without it, it is.
[[nodiscard]] bool asks_for_own_account(const ApiRequest& request);

/// A time of the query. Error(bad_input)
[[nodiscard]] std::int64_t query_time(const ApiRequest& request, std::string_view name, Clock::WallTime otherwise);

}  // namespace formulary::api

#include "host/api/time_buckets.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_time.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::int64_t buckets_max = 50'000;
constexpr std::chrono::days range_default{7};

struct Interval {
  std::string_view word;
  std::int64_t milliseconds;
};
constexpr std::array<Interval, 3> intervals{{{.word = "minute", .milliseconds = 60'000},
                                             {.word = "hour", .milliseconds = 3'600'000},
                                             {.word = "day", .milliseconds = 86'400'000}}};

}  // namespace

bool asks_for_own_account(const ApiRequest& request) {
  std::vector<std::string_view> accounts = request.query_values("accountIds[]");
  const std::vector<std::string_view> plain = request.query_values("accountIds");
  accounts.insert(accounts.end(), plain.begin(), plain.end());
  const std::string own = std::to_string(request.principal.account);
  return accounts.empty() || std::find(accounts.begin(), accounts.end(), own) != accounts.end();
}

std::int64_t query_time(const ApiRequest& request, std::string_view name, Clock::WallTime otherwise) {
  const auto text = request.query_value(name);
  if (!text || text->empty()) return milliseconds_of(otherwise);
  const auto time = parse_time(*text);
  if (!time) {
    throw Error(ErrorCode::bad_input, "query " + std::string(name) + ": not a date; write it as 2018-04-04T20:44:36Z");
  }
  return milliseconds_of(*time);
}

TimeBuckets time_buckets(const ApiRequest& request, const Clock& clock) {
  const std::string_view word = request.query_value("interval").value_or("day");
  const auto* interval =
      std::find_if(intervals.begin(), intervals.end(), [word](const Interval& known) { return known.word == word; });
  if (interval == intervals.end()) {
    throw Error(ErrorCode::bad_input, "query interval: it is none of minute, hour and day");
  }
  const std::int64_t to = query_time(request, "to", clock.wall());
  const std::int64_t from = query_time(request, "from", time_of(to) - range_default);
  if (from > to) throw Error(ErrorCode::bad_input, "query from: it is after to");
  const std::int64_t first = from / interval->milliseconds;
  const std::int64_t last = to / interval->milliseconds;
  if (last - first >= buckets_max) {
    throw Error(ErrorCode::bad_input, "query interval: that range has over " + std::to_string(buckets_max) +
                                          " of it; choose a longer interval or a shorter range");
  }
  return {.begin_ms = first * interval->milliseconds, .interval_ms = interval->milliseconds, .count = last - first + 1};
}

}  // namespace formulary::api

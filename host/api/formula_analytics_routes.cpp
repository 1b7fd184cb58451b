#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/api/api_time.hpp"
#include "host/api/formula_services.hpp"
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

/// From the bucket that `from` is in to the one that `to` is in, both included: an hour by minutes has 61.
struct Buckets {
  std::int64_t begin_ms = 0;
  std::int64_t interval_ms = 1;
  std::int64_t count = 0;
};

std::int64_t time_or(const ApiRequest& request, std::string_view name, Clock::WallTime otherwise) {
  const auto text = request.query_value(name);
  if (!text || text->empty()) return milliseconds_of(otherwise);
  const auto time = parse_time(*text);
  if (!time) {
    throw Error(ErrorCode::bad_input, "query " + std::string(name) + ": not a date; write it as 2018-04-04T20:44:36Z");
  }
  return milliseconds_of(*time);
}

Buckets buckets_of(const FormulaServices& services, const ApiRequest& request) {
  const std::string_view word = request.query_value("interval").value_or("day");
  const auto interval =
      std::find_if(intervals.begin(), intervals.end(), [word](const Interval& known) { return known.word == word; });
  if (interval == intervals.end()) {
    throw Error(ErrorCode::bad_input, "query interval: it is none of minute, hour and day");
  }
  const Clock::WallTime now = services.clock->wall();
  const std::int64_t to = time_or(request, "to", now);
  const std::int64_t from = time_or(request, "from", time_of(to) - range_default);
  if (from > to) throw Error(ErrorCode::bad_input, "query from: it is after to");
  const std::int64_t first = from / interval->milliseconds;
  const std::int64_t last = to / interval->milliseconds;
  if (last - first >= buckets_max) {
    throw Error(ErrorCode::bad_input, "query interval: that range has over " + std::to_string(buckets_max) +
                                          " of it; choose a longer interval or a shorter range");
  }
  return {.begin_ms = first * interval->milliseconds, .interval_ms = interval->milliseconds, .count = last - first + 1};
}

/// Whether the principal's account is among those that are asked for.
bool is_asked_for(const ApiRequest& request) {
  std::vector<std::string_view> accounts = request.query_values("accountIds[]");
  const std::vector<std::string_view> plain = request.query_values("accountIds");
  accounts.insert(accounts.end(), plain.begin(), plain.end());
  const std::string own = std::to_string(request.principal.account);
  return accounts.empty() || std::find(accounts.begin(), accounts.end(), own) != accounts.end();
}

/// Adds what one kind of report says of a bucket.
using Describe = std::function<void(json::object& entry, const std::vector<ExecutionCount>& counts)>;

ApiAnswer report(const FormulaServices& services, const ApiRequest& request, const Describe& describe) {
  const Buckets buckets = buckets_of(services, request);
  std::vector<std::vector<ExecutionCount>> by_bucket(static_cast<std::size_t>(buckets.count));
  if (is_asked_for(request)) {
    const CountQuery query{.account = request.principal.account,
                           .from_ms = buckets.begin_ms,
                           .to_ms = buckets.begin_ms + buckets.count * buckets.interval_ms,
                           .interval_ms = buckets.interval_ms};
    for (ExecutionCount& count : services.history->count_by_time(query)) {
      by_bucket[static_cast<std::size_t>(count.bucket)].push_back(std::move(count));
    }
  }
  json::array entries;
  for (std::size_t at = 0; at < by_bucket.size(); ++at) {
    const std::int64_t begin = buckets.begin_ms + static_cast<std::int64_t>(at) * buckets.interval_ms;
    json::object entry{{"from", iso8601(time_of(begin))}, {"to", iso8601(time_of(begin + buckets.interval_ms))}};
    describe(entry, by_bucket[at]);
    entries.emplace_back(std::move(entry));
  }
  return answer_json(entries);
}

std::int64_t sum_of(const std::vector<ExecutionCount>& counts, std::int64_t ExecutionCount::*member) {
  std::int64_t sum = 0;
  for (const ExecutionCount& count : counts) sum += count.*member;
  return sum;
}

json::object statuses_of(const std::vector<ExecutionCount>& counts) {
  json::object statuses{{"success", 0}, {"failed", 0}, {"pending", 0}, {"cancelled", 0}};
  for (const ExecutionCount& count : counts) {
    json::value& sum = statuses[count.status];
    sum = (sum.is_int64() ? sum.get_int64() : 0) + count.executions;
  }
  return statuses;
}

json::array instances_of(const std::vector<ExecutionCount>& counts) {
  std::map<std::int64_t, std::int64_t> sums;
  for (const ExecutionCount& count : counts) sums[count.formula_instance] += count.executions;
  json::array instances;
  for (const auto& [id, sum] : sums) instances.push_back(json::object{{"formulaInstanceId", id}, {"total", sum}});
  return instances;
}

/// Of all executions that are on record.
ApiAnswer report_now(const FormulaServices& services, const ApiRequest& request) {
  std::vector<ExecutionCount> counts;
  if (is_asked_for(request)) {
    counts = services.history->count_by_time(
        {.account = request.principal.account, .from_ms = 0, .to_ms = INT64_MAX, .interval_ms = INT64_MAX});
  }
  json::array entries;
  for (const auto& status : statuses_of(counts)) {
    entries.push_back(json::object{{"status", status.key()}, {"total", status.value()}});
  }
  return answer_json(entries);
}

}  // namespace

void add_formula_analytics_routes(Router& router, const FormulaServices& services) {
  const auto add = [&router, &services](const std::string& rest, const std::string& summary, Describe describe) {
    router.add({.method = "GET",
                .pattern = "/formulas/analytics" + rest,
                .summary = summary,
                .query = {"from", "to", "interval", "accountIds[]"},
                .handler = [services, describe = std::move(describe)](ApiRequest& request) {
                  return report(services, request, describe);
                }});
  };
  add("", "Executions by time", [](json::object& entry, const std::vector<ExecutionCount>& counts) {
    entry["total"] = sum_of(counts, &ExecutionCount::executions);
  });
  add("/steps", "Step executions by time", [](json::object& entry, const std::vector<ExecutionCount>& counts) {
    entry["total"] = sum_of(counts, &ExecutionCount::steps);
  });
  add("/statuses", "Executions by time and status",
      [](json::object& entry, const std::vector<ExecutionCount>& counts) { entry["statuses"] = statuses_of(counts); });
  add("/accounts", "Executions by time; the account's own",
      [](json::object& entry, const std::vector<ExecutionCount>& counts) {
        entry["total"] = sum_of(counts, &ExecutionCount::executions);
      });
  add("/instances", "Executions by time and formula instance",
      [](json::object& entry, const std::vector<ExecutionCount>& counts) {
        entry["instances"] = instances_of(counts);
      });
  router.add({.method = "GET",
              .pattern = "/formulas/analytics/statuses/now",
              .summary = "Executions by status",
              .query = {"accountIds[]"},
              .handler = [services](ApiRequest& request) { return report_now(services, request); }});
}

}  // namespace formulary::api

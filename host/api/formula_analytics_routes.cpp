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
#include "host/api/time_buckets.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

/// Adds what one kind of report says of a bucket.
using Describe = std::function<void(json::object& entry, const std::vector<ExecutionCount>& counts)>;

ApiAnswer report(const FormulaServices& services, const ApiRequest& request, const Describe& describe) {
  const TimeBuckets buckets = time_buckets(request, *services.clock);
  std::vector<std::vector<ExecutionCount>> by_bucket(static_cast<std::size_t>(buckets.count));
  if (asks_for_own_account(request)) {
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
  if (asks_for_own_account(request)) {
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
                .answer = "TimeBucket[]",
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
              .answer = "StatusCount[]",
              .handler = [services](ApiRequest& request) { return report_now(services, request); }});
}

}  // namespace formulary::api

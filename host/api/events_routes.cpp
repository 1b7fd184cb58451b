#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "host/api/api_time.hpp"
#include "host/api/event_parts.hpp"
#include "host/api/instances_routes.hpp"
#include "host/api/paging.hpp"
#include "host/api/time_buckets.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

std::string date_of(std::int64_t ms) {
  return iso8601(time_of(ms));
}

json::object document_of(const EventRecord& record) {
  return {{"id", std::to_string(record.id)},
          {"eventDate", date_of(record.at_ms)},
          {"status", name(record.status)},
          {"providerData", record.payload},
          {"notifiedData", parse_json(record.events, "the stored events")},
          {"eventElementInstances", json::array{json::object{{"eventId", std::to_string(record.id)},
                                                             {"elementInstanceId", record.instance},
                                                             {"elementKey", record.element_key},
                                                             {"status", name(record.status)}}}}};
}

class EventRoutes {
 public:
  explicit EventRoutes(EventParts parts) : parts_(std::move(parts)) {}

  /// Of one instance, or of all that the account has; with an element token of that one.
  ApiAnswer list(const ApiRequest& request, std::optional<std::int64_t> instance) const {
    return page_of(request, query_of(request, instance), document_of);
  }

  ApiAnswer show(const ApiRequest& request, std::optional<std::int64_t> instance) const {
    if (instance) (void)instance_of_account(*parts_.instances, *instance, request.principal);
    const std::optional<std::int64_t> only = instance ? instance : request.principal.instance;
    const auto found = parts_.events->find(request.principal.account, request.id("eventId"));
    if (found && (!only || found->instance == *only)) return answer_json(document_of(*found));
    throw Error(ErrorCode::not_found, "event " + request.parameter("eventId").substr(0, 50) +
                                          ": there is none of that id (any more); GET /instances/events shows those "
                                          "that are kept");
  }

  ApiAnswer dispositions(const ApiRequest& request) const {
    EventQuery query = query_of(request, std::nullopt);
    if (request.query_value("from")) query.from_ms = query_time(request, "from", parts_.clock->wall());
    if (request.query_value("to")) query.to_ms = query_time(request, "to", parts_.clock->wall());
    return page_of(request, query, [this](const EventRecord& record) {
      return json::object{{"eventId", std::to_string(record.id)},
                          {"elementInstanceId", record.instance},
                          {"eventDate", date_of(record.at_ms)},
                          {"status", name(record.status)},
                          {"notificationData", dispositions_of(record)}};
    });
  }

  ApiAnswer polls(const ApiRequest& request) const {
    const std::int64_t id = instance_of_account(*parts_.instances, request.id("id"), request.principal).id;
    json::array states;
    for (const PollState& state : parts_.polls->of(id)) {
      json::object shown{
          {"resource", state.resource}, {"lastPoll", date_of(state.last_ms)}, {"consecutiveFailures", state.failures}};
      if (state.due_ms > 0) shown["nextPoll"] = date_of(state.due_ms);
      if (!state.error.empty()) shown["message"] = state.error;
      states.push_back(std::move(shown));
    }
    return answer_json(states);
  }

  using Describe = std::function<void(json::object& entry, const std::vector<EventCount>& counts)>;
  ApiAnswer analytics(const ApiRequest& request, const Describe& describe) const {
    const TimeBuckets buckets = time_buckets(request, *parts_.clock);
    std::vector<std::vector<EventCount>> by_bucket(static_cast<std::size_t>(buckets.count));
    if (asks_for_own_account(request)) {
      for (const EventCount& count : parts_.events->count_by_time({.account = request.principal.account,
                                     .from_ms = buckets.begin_ms,
                                     .to_ms = buckets.end_ms(),
                                     .interval_ms = buckets.interval_ms})) {
        by_bucket[static_cast<std::size_t>(count.bucket)].push_back(count);
      }
    }
    json::array entries;
    std::int64_t begin = buckets.begin_ms;
    for (const std::vector<EventCount>& counts : by_bucket) {
      json::object entry{{"from", date_of(begin)}, {"to", date_of(begin + buckets.interval_ms)}};
      describe(entry, counts);
      entries.push_back(std::move(entry));
      begin += buckets.interval_ms;
    }
    return answer_json(entries);
  }

 private:
  [[nodiscard]] EventQuery query_of(const ApiRequest& request, std::optional<std::int64_t> instance) const {
    if (instance) (void)instance_of_account(*parts_.instances, *instance, request.principal);
    return {.account = request.principal.account, .instance = instance ? instance : request.principal.instance};
  }

  [[nodiscard]] ApiAnswer page_of(const ApiRequest& request, EventQuery query,
                                  const std::function<json::object(const EventRecord&)>& describe) const {
    const PageOrder order = page_order(request);
    query.below_id = order.after;
    query.limit = order.page_size;
    const EventPage page = parts_.events->list(query);
    json::array documents;
    for (const EventRecord& record : page.records) documents.push_back(describe(record));
    ApiAnswer answer = answer_json(documents);
    answer.headers.emplace_back("Elements-Returned-Count", std::to_string(documents.size()));
    if (page.more) {
      answer.headers.emplace_back(
          "Elements-Next-Page-Token",
          page_token({.page_size = order.page_size, .page = 1, .after = page.records.back().id}));
    }
    return answer;
  }

  /// What was noted, and how the executions that it started ended.
  [[nodiscard]] json::array dispositions_of(const EventRecord& record) const {
    const json::value noted = parse_json(record.dispositions, "the stored dispositions");
    json::array lines;
    for (const json::value& line : noted.as_array()) {
      const json::object& one = line.as_object();
      lines.push_back(json::object{{"date", one.at("date")}, {"message", one.at("message")}});
      const json::value* executions = one.if_contains("executions");
      if (executions == nullptr) continue;
      for (const json::value& id : executions->as_array()) add_end_of(id.as_int64(), lines);
    }
    return lines;
  }

  void add_end_of(std::int64_t execution, json::array& lines) const {
    try {
      const ExecutionRecord record = parts_.history->execution(execution);
      if (record.state != ExecutionState::finished) return;
      lines.push_back(
          json::object{{"date", date_of(record.ended_ms)},
                       {"message", "Completed execution " + std::to_string(execution) + ": " + record.status}});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;
      // It is older than executions are kept.
    }
  }

  EventParts parts_;
};

using SharedRoutes = std::shared_ptr<const EventRoutes>;

std::int64_t sum_of(const std::vector<EventCount>& counts) {
  std::int64_t sum = 0;
  for (const EventCount& count : counts) sum += count.events;
  return sum;
}

void add_event_analytics_routes(Router& router, const SharedRoutes& routes) {
  const auto add = [&](const std::string& rest, const std::string& summary, EventRoutes::Describe describe) {
    router.add({.method = "GET",
                .pattern = "/instances/events/analytics" + rest,
                .summary = summary,
                .query = {"from", "to", "interval", "accountIds[]"},
                .handler = [routes, describe = std::move(describe)](ApiRequest& request) {
                  return routes->analytics(request, describe);
                }});
  };
  const auto total = [](json::object& entry, const std::vector<EventCount>& counts) {
    entry["total"] = sum_of(counts);
  };
  add("", "Events by time", total);
  add("/accounts", "Events by time; the account's own", total);
  add("/instances", "Events by time and element instance",
      [](json::object& entry, const std::vector<EventCount>& counts) {
        json::array instances;
        for (const EventCount& count : counts) {
          instances.push_back(json::object{{"elementInstanceId", count.instance}, {"total", count.events}});
        }
        entry["instances"] = std::move(instances);
      });
}

}  // namespace

void add_events_routes(Router& router, const EventParts& parts) {
  const auto routes = std::make_shared<const EventRoutes>(parts);
  router.add({.method = "GET",
              .pattern = "/instances/events",
              .summary = "Events of the account's instances, the newest first; with an element token, of that one",
              .query = {"pageSize", "nextPage"},
              .handler = [routes](ApiRequest& request) { return routes->list(request, {}); }});
  router.add({.method = "GET",
              .pattern = "/instances/events/{eventId}",
              .summary = "One event",
              .handler = [routes](ApiRequest& request) { return routes->show(request, {}); }});
  router.add({.method = "GET",
              .pattern = "/instances/{id}/events",
              .summary = "Events of one instance, the newest first",
              .query = {"pageSize", "nextPage"},
              .handler = [routes](ApiRequest& request) { return routes->list(request, request.id("id")); }});
  router.add({.method = "GET",
              .pattern = "/instances/{id}/events/{eventId}",
              .summary = "One event of one instance",
              .handler = [routes](ApiRequest& request) { return routes->show(request, request.id("id")); }});
  router.add({.method = "GET",
              .pattern = "/instances/{id}/events/polls",
              .summary = "How far its resources are polled, and what went wrong; the host's own, not the platform's",
              .handler = [routes](ApiRequest& request) { return routes->polls(request); }});
  router.add({.method = "GET",
              .pattern = "/instances/events/dispositions",
              .summary = "What became of each event",
              .query = {"from", "to", "pageSize", "nextPage"},
              .handler = [routes](ApiRequest& request) { return routes->dispositions(request); }});
  add_event_analytics_routes(router, routes);
}

}  // namespace formulary::api

#include "host/api/usage_routes.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "host/api/identity_documents.hpp"
#include "host/api/paging.hpp"
#include "host/api/time_buckets.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t analysed_max = 100'000;

std::vector<std::string> texts_of(const ApiRequest& request, std::string_view name) {
  std::vector<std::string> texts;
  for (const std::string_view value : request.query_values(name)) texts.emplace_back(value);
  constexpr std::size_t texts_max = 100;
  if (texts.size() > texts_max) throw Error(ErrorCode::bad_input, "query " + std::string(name) + ": over 100 values");
  return texts;
}

std::optional<bool> succeeded_of(const ApiRequest& request) {
  const auto status = request.query_value("status");
  if (!status || status->empty()) return std::nullopt;
  if (*status == "SUCCESS") return true;
  if (*status == "FAILED") return false;
  throw Error(ErrorCode::bad_input, "query status: give SUCCESS or FAILED");
}

RequestLogQuery query_of(const ApiRequest& request, const Clock& clock) {
  RequestLogQuery query;
  query.account = request.principal.account;
  query.element_keys = texts_of(request, "keys[]");
  query.hub = std::string(request.query_value("hub").value_or(""));
  query.succeeded = succeeded_of(request);
  query.search = std::string(request.query_value("searchText").value_or(""));
  if (request.query_value("from")) query.from_ms = query_time(request, "from", clock.wall());
  if (request.query_value("to")) query.to_ms = query_time(request, "to", clock.wall());
  return query;
}

bool has_tags(const RequestLogRecord& record, const std::vector<std::string>& tags) {
  if (tags.empty()) return true;
  const json::value kept = parse_json(record.tags, "tags");
  return std::all_of(tags.begin(), tags.end(), [&](const std::string& tag) {
    const json::array& list = kept.as_array();
    return std::find(list.begin(), list.end(), json::value(tag)) != list.end();
  });
}

ApiAnswer list(const ApiRequest& request, const RequestLog& log, const Clock& clock) {
  const PageOrder order = page_order(request);
  const std::vector<std::string> tags = texts_of(request, "tags[]");
  RequestLogQuery query = query_of(request, clock);
  query.below_id = order.after;
  query.limit = order.page_size + 1;  // one more tells whether there is a next page
  std::vector<RequestLogRecord> records = log.list(query);
  const bool more = records.size() > order.page_size;
  if (more) records.pop_back();
  json::array page;
  for (const RequestLogRecord& record : records) {
    if (has_tags(record, tags)) page.push_back(usage_document(record));
  }
  ApiAnswer answer = answer_json(page);
  answer.headers.emplace_back("Elements-Returned-Count", std::to_string(page.size()));
  if (more) {
    answer.headers.emplace_back("Elements-Next-Page-Token",
                                page_token({.page_size = order.page_size, .page = 1, .after = records.back().id}));
  }
  return answer;
}

ApiAnswer show(const ApiRequest& request, RequestLog& log) {
  const std::string& id = request.parameter("id");
  std::optional<RequestLogRecord> found = log.find(request.principal.account, id);
  if (!found) {
    log.flush();  // it may be the one that was just answered
    found = log.find(request.principal.account, id);
  }
  if (found) return answer_json(usage_document(*found));
  throw Error(ErrorCode::not_found,
              "request '" + id.substr(0, 100) + "': the log has none of that id; it keeps requests for 30 days");
}

ApiAnswer analytics(const ApiRequest& request, const RequestLog& log, const Clock& clock,
                    const std::function<json::object(const std::vector<RequestLogRecord>&)>& summary) {
  const TimeBuckets buckets = time_buckets(request, clock);
  RequestLogQuery query = query_of(request, clock);
  query.from_ms = buckets.begin_ms;
  query.to_ms = buckets.end_ms();
  query.limit = analysed_max;
  std::vector<std::vector<RequestLogRecord>> by_bucket(static_cast<std::size_t>(buckets.count));
  for (RequestLogRecord& record : log.list(query)) {
    const std::int64_t bucket = (record.at_ms - buckets.begin_ms) / buckets.interval_ms;
    by_bucket[static_cast<std::size_t>(bucket)].push_back(std::move(record));
  }
  json::array entries;
  std::int64_t at = buckets.begin_ms;
  for (const std::vector<RequestLogRecord>& records : by_bucket) {
    json::object entry = summary(records);
    entry["from"] = date_text(at);
    at += buckets.interval_ms;
    entry["to"] = date_text(at);
    entries.push_back(std::move(entry));
  }
  return answer_json(entries);
}

json::object activity(const std::vector<RequestLogRecord>& records) {
  return {{"count", records.size()}};
}

json::object statuses(const std::vector<RequestLogRecord>& records) {
  const auto failed =
      std::count_if(records.begin(), records.end(), [](const RequestLogRecord& one) { return one.status >= 400; });
  return {{"success", static_cast<std::int64_t>(records.size()) - failed}, {"failed", failed}};
}

json::object times(const std::vector<RequestLogRecord>& records) {
  std::int64_t sum = 0;
  std::int64_t most = 0;
  for (const RequestLogRecord& one : records) {
    sum += one.duration_us;
    most = std::max(most, one.duration_us);
  }
  const auto count = static_cast<std::int64_t>(records.size());
  return {{"count", count}, {"averageTime", count == 0 ? 0 : sum / count / 1'000}, {"maximumTime", most / 1'000}};
}

std::string hub_of(std::string_view path) {
  constexpr std::string_view hubs = "/hubs/";
  if (!path.starts_with(hubs)) return {};
  path.remove_prefix(hubs.size());
  return std::string(path.substr(0, path.find('/')));
}

}  // namespace

void add_usage_routes(Router& router, RequestLog& log, const Clock& clock) {
  router.add({.method = "GET",
              .pattern = "/usage",
              .summary = "The account's requests, the newest first",
              .query = {"hub", "keys[]", "tags[]", "status", "from", "to", "searchText", "pageSize", "nextPage"},
              .answer = "UsageRecord[]",
              .handler = [&log, &clock](ApiRequest& request) { return list(request, log, clock); }});
  router.add({.method = "GET",
              .pattern = "/usage/{id}",
              .summary = "One request, by what Elements-Request-Id said",
              .answer = "UsageRecord",
              .handler = [&log](ApiRequest& request) { return show(request, log); }});
  using Summary = json::object (*)(const std::vector<RequestLogRecord>&);
  const std::vector<std::pair<const char*, Summary>> summaries = {
      {"activity", activity}, {"statuses", statuses}, {"times", times}};
  for (const auto& [name, summary] : summaries) {
    router.add({.method = "GET",
                .pattern = std::string("/usage/analytics/") + name,
                .summary = "Requests over time",
                .query = {"from", "to", "interval", "keys[]", "hub"},
                .answer = "TimeBucket[]",
                .handler = [&log, &clock, counts = summary](ApiRequest& request) {
                  return analytics(request, log, clock, counts);
                }});
  }
}

RequestLogRecord request_log_record(const RequestSeen& seen, Store& store) {
  RequestLogRecord record;
  record.request_id = seen.request_id;
  record.at_ms = std::chrono::floor<std::chrono::milliseconds>(seen.began.time_since_epoch()).count();
  record.account = seen.principal.account;
  record.user = seen.principal.user;
  record.method = seen.method;
  record.path = seen.path;
  record.hub = hub_of(seen.path);
  record.status = seen.status;
  record.duration_us = seen.duration.count();
  record.peer = seen.peer;
  if (!seen.principal.instance) return record;
  record.instance = *seen.principal.instance;
  const std::optional<InstanceRecord> instance = store.shown_instance(record.instance);
  if (!instance) return record;
  record.element_key = instance->element_key;
  record.instance_name = instance->name;
  const json::value document = parse_json(instance->document, "instance");
  if (const json::value* tags = document.as_object().if_contains("tags")) record.tags = to_text(*tags);
  return record;
}

json::object usage_document(const RequestLogRecord& record) {
  return {{"id", record.request_id},
          {"requestStatus", record.status < 400 ? "SUCCESS" : "FAILED"},
          {"responseCode", record.status},
          {"elementKey", record.element_key},
          {"elementName", record.element_key},
          {"elementTags", parse_json(record.tags, "tags")},
          {"instanceId", record.instance},
          {"instanceName", record.instance_name},
          {"accountId", record.account},
          {"companyId", 1},
          {"userId", record.user},
          {"hub", record.hub},
          {"usageDate", date_text(record.at_ms)},
          {"processTime", record.duration_us / 1'000},
          {"requestMethod", record.method},
          {"requestURI", record.path},
          {"requestIP", record.peer},
          {"traffic_id", record.request_id}};
}

}  // namespace formulary::api

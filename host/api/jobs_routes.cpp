#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/api/api_time.hpp"
#include "host/api/execution_answers.hpp"
#include "host/api/formula_services.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

/// The schedule of a formula instance; its id is the instance's.
struct Job {
  FormulaInstanceRecord instance;
  Schedule schedule;
};

std::optional<Job> job_of(const FormulaServices& services, const FormulaInstanceRecord& instance) {
  std::optional<Schedule> schedule = services.instances->schedule_of(instance);
  if (!schedule) return std::nullopt;
  return Job{.instance = instance, .schedule = std::move(*schedule)};
}

Job found_job(const FormulaServices& services, const ApiRequest& request) {
  const std::int64_t id = request.id("id");
  const std::optional<FormulaInstanceRecord> instance = services.store->instance(id);
  if (instance && instance->account == request.principal.account) {
    if (std::optional<Job> job = job_of(services, *instance)) return std::move(*job);
  }
  throw Error(ErrorCode::not_found, "job " + std::to_string(id) + ": there is none; GET /jobs lists those there are");
}

json::object shown_job(const FormulaServices& services, const Job& job) {
  const FormulaInstanceRecord& instance = job.instance;
  const std::string formula = std::to_string(instance.formula);
  const std::string id = std::to_string(instance.id);
  const auto next = job.schedule.cron.next_after(services.clock->wall(), job.schedule.zone);
  json::object trigger{{"id", instance.id},
                       {"state", instance.paused ? "PAUSED" : "NORMAL"},
                       {"cron", job.schedule.cron.text()},
                       {"startTime", iso8601(time_of(instance.created_ms))},
                       {"nextFireTime", nullptr},
                       {"mayFireAgain", next.has_value()}};
  if (next) trigger["nextFireTime"] = iso8601(*next);
  if (services.standing) {
    if (const auto standing = services.standing(instance.id)) trigger["missed"] = standing->missed;
  }
  return {{"id", instance.id},
          {"name", "formula-" + formula + "-instance-" + id},
          {"description", "Runs formula " + formula + ", instance " + id},
          {"disallowConcurrent", instance.single_threaded},
          {"data", {{"id", instance.id}, {"topic", "formula-instance"}, {"formulaId", instance.formula}}},
          {"trigger", std::move(trigger)}};
}

json::object shown_run(const ExecutionRecord& record) {
  json::object shown{{"id", record.id},
                     {"jobId", record.formula_instance},
                     {"status", record.status},
                     {"startTime", iso8601(time_of(record.created_ms))}};
  if (record.ended_ms != 0) {
    shown["endTime"] = iso8601(time_of(record.ended_ms));
    shown["duration"] = record.ended_ms - record.created_ms;
  }
  return shown;
}

ApiAnswer list_jobs(const FormulaServices& services, const ApiRequest& request) {
  json::array all;
  for (const FormulaInstanceRecord& instance : services.instances->list(request.principal.account)) {
    if (const std::optional<Job> job = job_of(services, instance)) all.emplace_back(shown_job(services, *job));
  }
  return answer_page(std::move(all), page_order(request));
}

ApiAnswer set_paused(const FormulaServices& services, const ApiRequest& request, bool paused) {
  Job job = found_job(services, request);
  job.instance = services.instances->set_paused(request.principal.account, job.instance.id, paused);
  return answer_json(shown_job(services, job));
}

ApiAnswer list_history(const FormulaServices& services, const ApiRequest& request) {
  ExecutionQuery query;
  query.formula_instance = found_job(services, request).instance.id;
  const PageOrder order = page_order(request);
  const HistoryPage<ExecutionRecord> page = executions_page(services, query, order);
  json::array shown;
  for (const ExecutionRecord& record : page.entries) shown.emplace_back(shown_run(record));
  return answer_cursor_page(shown, order, page.next, services.history->count(query));
}

ApiAnswer show_history(const FormulaServices& services, const ApiRequest& request) {
  const Job job = found_job(services, request);
  const ExecutionRecord record = services.history->execution(request.id("run"));
  if (record.formula_instance != job.instance.id) {
    throw Error(ErrorCode::not_found,
                "job " + std::to_string(job.instance.id) + ": it has no run " + std::to_string(record.id));
  }
  return answer_json(shown_run(record));
}

std::int64_t bound_of(const ApiRequest& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (!text || text->empty()) return 0;
  const auto time = parse_time(*text);
  if (!time) {
    throw Error(ErrorCode::bad_input, "query " + std::string(name) + ": not a date; write it as 2018-04-04T20:44:36Z");
  }
  return milliseconds_of(*time);
}

/// The newest runs of all jobs.
ApiAnswer list_runs(const FormulaServices& services, const ApiRequest& request) {
  constexpr std::size_t runs_max = 1'000;  // of each job
  std::map<std::int64_t, json::object, std::greater<>> runs;
  for (const FormulaInstanceRecord& instance : services.instances->list(request.principal.account)) {
    if (!job_of(services, instance)) continue;
    ExecutionQuery query;
    query.formula_instance = instance.id;
    query.created_from_ms = bound_of(request, "startTime");
    query.created_to_ms = bound_of(request, "endTime");
    const PageOrder newest{.page_size = runs_max};
    for (const ExecutionRecord& record : executions_page(services, query, newest).entries) {
      runs.emplace(record.id, shown_run(record));
    }
  }
  json::array all;
  for (auto& [id, run] : runs) all.emplace_back(std::move(run));
  PageOrder order = page_order(request);
  constexpr std::int64_t page_max = 1'000'000;
  if (const auto page = request.query_integer("page", 1, page_max)) order.page = static_cast<std::size_t>(*page);
  return answer_page(std::move(all), order);
}

[[noreturn]] void refuse_new_jobs() {
  throw Error(
      ErrorCode::unsupported,
      "jobs: the platform schedules formulas only; make a formula with a scheduled trigger whose steps make the "
      "call, and an instance of it");
}

[[noreturn]] void refuse_reschedule(const Job& job) {
  throw Error(ErrorCode::unsupported,
              "job " + std::to_string(job.instance.id) + ": its formula " + std::to_string(job.instance.formula) +
                  " says when it runs; change the cron of its trigger, or the configuration that gives it");
}

void add_history_routes(Router& router, const FormulaServices& services) {
  router.add({.method = "GET",
              .pattern = "/jobs/executions",
              .summary = "The runs of all jobs, the newest first",
              .query = {"page", "pageSize", "nextPage", "startTime", "endTime"},
              .answer = "JobRun[]",
              .handler = [services](ApiRequest& request) { return list_runs(services, request); }});
  router.add({.method = "GET",
              .pattern = "/jobs/{id}/history",
              .summary = "The runs of a job, the newest first",
              .query = {"pageSize", "nextPage"},
              .answer = "JobRun[]",
              .handler = [services](ApiRequest& request) { return list_history(services, request); }});
  router.add({.method = "GET",
              .pattern = "/jobs/{id}/history/{run}",
              .summary = "One run of a job",
              .answer = "JobRun",
              .handler = [services](ApiRequest& request) { return show_history(services, request); }});
}

}  // namespace

void add_jobs_routes(Router& router, const FormulaServices& services) {
  router.add({.method = "GET",
              .pattern = "/jobs",
              .summary = "What the account has scheduled",
              .query = {"pageSize", "nextPage"},
              .answer = "Job[]",
              .handler = [services](ApiRequest& request) { return list_jobs(services, request); }});
  router.add({.method = "POST",
              .pattern = "/jobs",
              .summary = "Not offered: formulas are what is scheduled",
              .body = "Job",
              .handler = [](ApiRequest&) -> ApiAnswer { refuse_new_jobs(); }});
  router.add({.method = "GET",
              .pattern = "/jobs/{id}",
              .summary = "One job",
              .answer = "Job",
              .handler = [services](ApiRequest& request) {
                return answer_json(shown_job(services, found_job(services, request)));
              }});
  router.add({.method = "DELETE",
              .pattern = "/jobs/{id}",
              .summary = "Makes the formula instance of the job inactive",
              .handler = [services](ApiRequest& request) {
                const std::int64_t id = found_job(services, request).instance.id;
                (void)services.instances->set_active(request.principal.account, id, false);
                return answer_empty();
              }});
  for (const bool paused : {true, false}) {
    router.add({.method = "PUT",
                .pattern = std::string("/jobs/{id}/") + (paused ? "disable" : "enable"),
                .summary = paused ? "Lets the schedule rest" : "Lets the schedule go on",
                .answer = "Job",
                .handler = [services, paused](ApiRequest& request) { return set_paused(services, request, paused); }});
  }
  router.add(
      {.method = "PATCH",
       .pattern = "/jobs/{id}/reschedule",
       .summary = "Not offered: the formula says when it runs",
       .body = "Any",
       .handler = [services](ApiRequest& request) -> ApiAnswer { refuse_reschedule(found_job(services, request)); }});
  add_history_routes(router, services);
}

void add_all_formula_routes(Router& router, const FormulaServices& services) {
  add_formulas_routes(router, services);
  add_formula_parts_routes(router, services);
  add_formula_instances_routes(router, services);
  add_executions_routes(router, services);
  add_execution_errors_routes(router, services);
  add_formula_analytics_routes(router, services);
  add_jobs_routes(router, services);
}

}  // namespace formulary::api

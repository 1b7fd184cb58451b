#include <string>
#include <utility>

#include "host/api/execution_answers.hpp"
#include "host/api/formula_services.hpp"
#include "host/api/paging.hpp"
#include "host/base/error.hpp"
#include "host/engine/rerun.hpp"

namespace formulary::api {
namespace {

FormulaInstanceRecord found_instance(const FormulaServices& services, const ApiRequest& request) {
  const std::int64_t account = request.principal.account;
  if (!request.parameters.contains("formula")) return services.instances->find(account, request.id("instance"));
  return services.instances->find_of(account, request.id("formula"), request.id("instance"));
}

ApiAnswer start_executions(const FormulaServices& services, ApiRequest& request) {
  const FormulaInstanceRecord instance = found_instance(services, request);
  json::array started;
  for (const std::int64_t id : services.starter->start(instance, request.body_json(), request.stop)) {
    started.push_back(json::object{{"id", id}, {"formulaInstanceId", instance.id}});
  }
  return answer_json(started);
}

ApiAnswer list_executions(const FormulaServices& services, const ApiRequest& request) {
  ExecutionQuery query;
  query.formula_instance = found_instance(services, request).id;
  query.event_id = request.query_value("eventId").value_or("");
  query.object_id = request.query_value("objectId").value_or("");
  if (!query.event_id.empty() && !query.object_id.empty()) {
    throw Error(ErrorCode::bad_input, "query: give either eventId or objectId, not both");
  }
  const PageOrder order = page_order(request);
  const std::int64_t total = services.history->count(query);
  const HistoryPage<ExecutionRecord> page = executions_page(services, query, order);
  json::array shown;
  for (const ExecutionRecord& record : page.entries) shown.emplace_back(to_json(record));
  return answer_cursor_page(shown, order, page.next, total);
}

ApiAnswer show_execution(const FormulaServices& services, const ApiRequest& request) {
  const ExecutionRecord record = execution_of_request(services, request);
  json::object shown = to_json(record);
  shown["stepExecutions"] = shown_steps(services, record.id);
  return answer_json(shown);
}

ApiAnswer cancel_execution(const FormulaServices& services, ApiRequest& request) {
  const ExecutionRecord record = execution_of_request(services, request);
  const json::object given = request.body_object();
  const json::value* status = given.if_contains("status");
  if (status == nullptr || *status != json::value("cancelled")) {
    throw Error(ErrorCode::bad_input, R"(execution.status: an execution can only be cancelled; send {"status":)"
                                      R"("cancelled"})");
  }
  if (record.state == ExecutionState::finished) {
    throw Error(ErrorCode::bad_input, "execution " + std::to_string(record.id) + ": it has ended as " + record.status +
                                          "; there is nothing to cancel");
  }
  services.engine->cancel(record.id, "cancelled by user " + std::to_string(request.principal.user));
  constexpr std::chrono::seconds ends_within{5};
  (void)services.engine->wait(record.id, ends_within, request.stop);
  return answer_json(to_json(services.history->execution(record.id)));
}

ApiAnswer list_steps(const FormulaServices& services, const ApiRequest& request) {
  const ExecutionRecord record = execution_of_request(services, request);
  const bool with_values = request.query_flag("includeValues");
  const PageOrder order = page_order(request);
  const HistoryPage<StepExecution> page = services.history->steps(record.id, order.after, order.page_size);
  json::array shown;
  for (const StepExecution& step : page.entries) {
    json::object entry = shown_step(step);
    if (with_values) entry["stepExecutionValues"] = shown_values(step);
    shown.emplace_back(std::move(entry));
  }
  return answer_cursor_page(shown, order, page.next, services.history->count_steps(record.id));
}

StepExecution found_step(const FormulaServices& services, const ApiRequest& request) {
  const std::int64_t id = request.id("step");
  const ExecutionRecord record = services.history->execution(execution_of(id));
  refuse_foreign_execution(services, request.principal.account, record);
  return services.history->step(id);
}

ApiAnswer show_step(const FormulaServices& services, const ApiRequest& request) {
  const StepExecution step = found_step(services, request);
  json::object shown = shown_step(step);
  shown["stepExecutionValues"] = shown_values(step);
  return answer_json(shown);
}

ApiAnswer retry_execution(const FormulaServices& services, const ApiRequest& request) {
  const ExecutionRecord record = execution_of_request(services, request);
  ExecutionOrder order = rerun_order(*services.storage, *services.store, record.id);
  const FormulaInstanceRecord instance = services.instances->find(request.principal.account, record.formula_instance);
  order.single_threaded = instance.single_threaded || order.formula->single_threaded();
  return answer_json(to_json(services.history->execution(services.engine->submit(order))));
}

/// Retries are waits of an execution that is open; one that has ended has none.
ApiAnswer cancel_retries(const FormulaServices& services, const ApiRequest& request) {
  const ExecutionRecord record = execution_of_request(services, request);
  if (record.state != ExecutionState::finished) services.engine->cancel(record.id, "its retries were cancelled");
  return answer_empty();
}

void add_routes_of_instance(Router& router, const FormulaServices& services, const std::string& instance) {
  router.add({.method = "POST",
              .pattern = instance + "/executions",
              .summary = "Starts the formula; for a notification, once for each of its events",
              .body = "Any",
              .answer = "FormulaExecution[]",
              .failures = {409, 413, 429, 503},
              .handler = [services](ApiRequest& request) { return start_executions(services, request); }});
  router.add({.method = "GET",
              .pattern = instance + "/executions",
              .summary = "The executions of a formula instance, the newest first",
              .query = {"eventId", "objectId", "pageSize", "nextPage"},
              .answer = "FormulaExecution[]",
              .handler = [services](ApiRequest& request) { return list_executions(services, request); }});
}

void add_step_routes(Router& router, const FormulaServices& services) {
  router.add({.method = "GET",
              .pattern = "/formulas/instances/executions/{execution}/steps",
              .summary = "The steps of an execution, in the order in which they ended",
              .query = {"includeValues", "pageSize", "nextPage"},
              .answer = "StepExecution[]",
              .handler = [services](ApiRequest& request) { return list_steps(services, request); }});
  router.add({.method = "GET",
              .pattern = "/formulas/instances/executions/steps/{step}",
              .summary = "One step of an execution, with its values",
              .answer = "StepExecution",
              .handler = [services](ApiRequest& request) { return show_step(services, request); }});
  router.add({.method = "GET",
              .pattern = "/formulas/instances/executions/steps/{step}/values",
              .summary = "The values of a step",
              .query = {"pageSize", "nextPage"},
              .answer = "StepExecutionValue[]",
              .handler = [services](ApiRequest& request) {
                return answer_page(shown_values(found_step(services, request)), page_order(request));
              }});
}

}  // namespace

void add_executions_routes(Router& router, const FormulaServices& services) {
  add_routes_of_instance(router, services, "/formulas/{formula}/instances/{instance}");
  add_routes_of_instance(router, services, "/formulas/instances/{instance}");
  router.add({.method = "GET",
              .pattern = "/formulas/instances/executions/{execution}",
              .summary = "One execution with its steps",
              .answer = "FormulaExecution",
              .handler = [services](ApiRequest& request) { return show_execution(services, request); }});
  router.add({.method = "PATCH",
              .pattern = "/formulas/instances/executions/{execution}",
              .summary = "Cancels an execution that has not ended",
              .body = "FormulaExecutionUpdate",
              .answer = "FormulaExecution",
              .failures = {409},
              .handler = [services](ApiRequest& request) { return cancel_execution(services, request); }});
  add_step_routes(router, services);
  router.add({.method = "PUT",
              .pattern = "/formulas/instances/executions/{execution}/retries",
              .summary = "Runs it again, as a new execution with the same input",
              .answer = "FormulaExecution",
              .failures = {429, 503},
              .handler = [services](ApiRequest& request) { return retry_execution(services, request); }});
  router.add({.method = "DELETE",
              .pattern = "/formulas/instances/executions/{execution}/retries",
              .summary = "Ends an execution that waits to be tried again",
              .handler = [services](ApiRequest& request) { return cancel_retries(services, request); }});
}

}  // namespace formulary::api

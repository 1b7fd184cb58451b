#include <map>
#include <string>
#include <utility>

#include "host/api/api_time.hpp"
#include "host/api/execution_answers.hpp"
#include "host/api/formula_services.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

/// `from` and `to` of the request, and only what failed.
ExecutionQuery failed_query(const ApiRequest& request, std::int64_t instance) {
  ExecutionQuery query;
  query.formula_instance = instance;
  query.status = "failed";
  const auto bound = [&request](std::string_view name) -> std::int64_t {
    const auto text = request.query_value(name);
    if (!text || text->empty()) return 0;
    const auto time = parse_time(*text);
    if (!time) {
      throw Error(ErrorCode::bad_input,
                  "query " + std::string(name) + ": not a date; write it as 2018-04-04T20:44:36Z");
    }
    return milliseconds_of(*time);
  };
  query.created_from_ms = bound("from");
  query.created_to_ms = bound("to");
  return query;
}

json::object shown_failure(const FormulaServices& services, const ExecutionRecord& record) {
  json::object shown = to_json(record);
  shown["stepExecutions"] = failed_steps(services, record.id);
  return shown;
}

ApiAnswer list_of_instance(const FormulaServices& services, const ApiRequest& request) {
  const FormulaInstanceRecord instance = services.instances->find(request.principal.account, request.id("instance"));
  const ExecutionQuery query = failed_query(request, instance.id);
  const PageOrder order = page_order(request);
  const HistoryPage<ExecutionRecord> page = executions_page(services, query, order);
  json::array shown;
  for (const ExecutionRecord& record : page.entries) shown.emplace_back(shown_failure(services, record));
  return answer_cursor_page(shown, order, page.next, services.history->count(query));
}

/// One entry for each instance that has any; the newest executions of each, as many as fit on a page.
ApiAnswer list_of_formula(const FormulaServices& services, const ApiRequest& request) {
  const KeptFormula formula = services.formulas->find(request.principal.account, request.id("formula"));
  constexpr std::size_t executions_max = 100;
  json::array all;
  for (const FormulaInstanceRecord& instance :
       services.instances->list_of(request.principal.account, formula.record.id)) {
    json::array executions;
    const PageOrder newest{.page_size = executions_max};
    for (const ExecutionRecord& record :
         executions_page(services, failed_query(request, instance.id), newest).entries) {
      executions.emplace_back(shown_failure(services, record));
    }
    if (executions.empty()) continue;
    json::object entry = services.instances->shown(instance, formula);
    entry["executions"] = std::move(executions);
    all.emplace_back(std::move(entry));
  }
  return answer_page(std::move(all), page_order(request));
}

}  // namespace

void add_execution_errors_routes(Router& router, const FormulaServices& services) {
  router.add({.method = "GET",
              .pattern = "/formulas/instances/executions/{execution}/errors",
              .summary = "The steps of an execution that failed, each with its error",
              .answer = "StepExecution[]",
              .handler = [services](ApiRequest& request) {
                return answer_json(failed_steps(services, execution_of_request(services, request).id));
              }});
  router.add({.method = "GET",
              .pattern = "/formulas/instances/{instance}/executions/errors",
              .summary = "The executions of an instance that failed, with their failed steps",
              .query = {"from", "to", "pageSize", "nextPage"},
              .answer = "FormulaExecution[]",
              .handler = [services](ApiRequest& request) { return list_of_instance(services, request); }});
  router.add({.method = "GET",
              .pattern = "/formulas/{formula}/instances/executions/errors",
              .summary = "The same for each instance of a formula",
              .query = {"from", "to", "pageSize", "nextPage"},
              .answer = "FormulaInstance[]",
              .handler = [services](ApiRequest& request) { return list_of_formula(services, request); }});
}

}  // namespace formulary::api

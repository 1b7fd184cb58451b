#include "host/api/execution_answers.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "host/api/api_time.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

/// Read at a time, since they come with their values.
constexpr std::size_t steps_at_a_time = 1'000;

[[noreturn]] void no_such(std::int64_t id) {
  throw Error(ErrorCode::not_found, "execution " + std::to_string(id) + ": there is none in this account");
}

void for_each_step(const FormulaServices& services, std::int64_t execution,
                   const std::function<void(const StepExecution&)>& take) {
  std::int64_t after = 0;
  do {
    const HistoryPage<StepExecution> page = services.history->steps(execution, after, steps_at_a_time);
    for (const StepExecution& step : page.entries) take(step);
    after = page.next;
  } while (after != 0);
}

/// Clients know no cancelled steps.
std::string_view shown_status(plan::StepStatus status) {
  return status == plan::StepStatus::success ? "success" : "failed";
}

}  // namespace

ExecutionRecord execution_of_request(const FormulaServices& services, const ApiRequest& request) {
  ExecutionRecord record = services.history->execution(request.id("execution"));
  refuse_foreign_execution(services, request.principal.account, record);
  return record;
}

void refuse_foreign_execution(const FormulaServices& services, std::int64_t account, const ExecutionRecord& record) {
  const std::optional<FormulaInstanceRecord> instance = services.store->instance(record.formula_instance);
  if (!instance || instance->account != account) no_such(record.id);
}

json::object shown_step(const StepExecution& step) {
  return {{"id", step.id},
          {"stepName", step.name},
          {"type", step.type},
          {"status", shown_status(step.status)},
          {"createdDate", step_date(step.started)},
          {"updatedDate", step_date(step.ended)}};
}

json::array shown_values(const StepExecution& step) {
  json::array values;
  std::int64_t id = 0;
  for (const auto& [key, value] : step.values) values.push_back({{"id", ++id}, {"key", key}, {"value", value}});
  return values;
}

json::array shown_steps(const FormulaServices& services, std::int64_t execution) {
  json::array steps;
  for_each_step(services, execution, [&steps](const StepExecution& step) { steps.emplace_back(shown_step(step)); });
  return steps;
}

json::array failed_steps(const FormulaServices& services, std::int64_t execution) {
  json::array failed;
  for_each_step(services, execution, [&failed](const StepExecution& step) {
    if (step.status != plan::StepStatus::failed || !step.error) return;
    const std::string key = step.name + ".error";
    std::string sentence = step.error->message;
    std::int64_t id = 0;
    for (std::size_t at = 0; at < step.values.size(); ++at) {
      if (step.values[at].first != key) continue;
      id = static_cast<std::int64_t>(at) + 1;
      sentence = step.values[at].second;
    }
    // An error that is no value of the step has the number after the last.
    if (id == 0) id = static_cast<std::int64_t>(step.values.size()) + 1;
    json::object shown = shown_step(step);
    shown["stepExecutionValues"] = json::array{json::object{{"id", id}, {"key", key}, {"value", sentence}}};
    failed.emplace_back(std::move(shown));
  });
  return failed;
}

ApiAnswer answer_cursor_page(const json::array& entries, const PageOrder& order, std::int64_t next,
                             std::int64_t total) {
  ApiAnswer answer = answer_json(entries);
  answer.headers.emplace_back("Elements-Returned-Count", std::to_string(entries.size()));
  answer.headers.emplace_back("Elements-Total-Count", std::to_string(total));
  if (next != 0) {
    answer.headers.emplace_back("Elements-Next-Page-Token",
                                page_token({.page_size = order.page_size, .page = order.page + 1, .after = next}));
  }
  return answer;
}

HistoryPage<ExecutionRecord> executions_page(const FormulaServices& services, ExecutionQuery query,
                                             const PageOrder& order) {
  query.below_id = order.after;
  query.limit = order.page_size + 1;  // one more, to see whether there is another page
  HistoryPage<ExecutionRecord> page = services.history->list(query);
  page.next = 0;
  if (page.entries.size() > order.page_size) {
    page.entries.resize(order.page_size);
    page.next = page.entries.back().id;
  }
  return page;
}

}  // namespace formulary::api

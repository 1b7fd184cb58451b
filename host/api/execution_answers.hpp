/// \file
/// Executions and their steps as the platform shows them. Source: CONTRACT 1.6, schemas/step-execution.schema.json.
#pragma once

#include <cstdint>
#include <vector>

#include "host/api/api_request.hpp"
#include "host/api/formula_services.hpp"
#include "host/api/paging.hpp"
#include "host/base/json.hpp"
#include "host/engine/execution.hpp"
#include "host/store/execution_record.hpp"

namespace formulary::api {

/// The execution whose id the route has as `execution`, of an instance of the principal's account. Error(not_found)
[[nodiscard]] ExecutionRecord execution_of_request(const FormulaServices& services, const ApiRequest& request);
/// Error(not_found) unless it is of an instance of the account.
void refuse_foreign_execution(const FormulaServices& services, std::int64_t account, const ExecutionRecord& record);

/// {"id":4,"stepName":"send-email","status":"success","createdDate":"2016-06-15 13:24:28.109344","updatedDate":"…"}
[[nodiscard]] json::object shown_step(const StepExecution& step);
/// [{"id":1,"key":"send-email.response.code","value":"200"}]
[[nodiscard]] json::array shown_values(const StepExecution& step);

/// Every step of the execution, without values; those of sub-formulas are not among them.
[[nodiscard]] json::array shown_steps(const FormulaServices& services, std::int64_t execution);
/// The steps that failed with an error, each with that error as its one value: a filter that says false did not.
[[nodiscard]] json::array failed_steps(const FormulaServices& services, std::int64_t execution);

/// A page of a list that has a cursor of its own. `next` is its value for the page that follows; 0: this is the last.
[[nodiscard]] ApiAnswer answer_cursor_page(const json::array& entries, const PageOrder& order, std::int64_t next,
                                           std::int64_t total);
/// The page that `query` narrows; `next` is the cursor of the one after it. The limit of `query` is not looked at.
[[nodiscard]] HistoryPage<ExecutionRecord> executions_page(const FormulaServices& services, ExecutionQuery query,
                                                           const PageOrder& order);

}  // namespace formulary::api

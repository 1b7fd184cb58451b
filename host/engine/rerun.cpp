#include "host/engine/rerun.hpp"

#include <string>
#include <utility>

#include "host/base/error.hpp"
#include "host/engine/journal_reader.hpp"
#include "host/store/execution_store.hpp"
#include "host/store/formula_store.hpp"
#include "host/store/storage.hpp"

namespace formulary {

ExecutionOrder rerun_order(const Storage& storage, const FormulaStore& formulas, std::int64_t execution) {
  const ExecutionStore executions(storage);
  const std::string where = "execution " + std::to_string(execution) + ": ";
  const auto record = executions.find(execution);
  if (!record) {
    throw Error(ErrorCode::not_found, where + "there is none; `formulary executions list` shows those that there are");
  }
  const auto document = formulas.version(record->version);
  if (!document) throw Error(ErrorCode::store_failed, where + "the version of the formula that it ran is gone");

  ExecutionOrder order{.formula = Formula::parse(*document, "formula"), .formula_instance = record->formula_instance};
  bool found = false;
  JournalReader(executions, storage.vault()).read(execution, [&](JournalRecord& entry) {
    auto* event = std::get_if<plan::Event>(&entry);
    auto* started = event == nullptr ? nullptr : std::get_if<plan::Started>(&event->what);
    if (started == nullptr) return true;
    order.args = std::move(started->args);
    order.configuration = std::move(started->config);
    if (const json::value* name = started->info.if_contains("formulaInstanceName");
        name != nullptr && name->is_string())
      order.instance_name = std::string(name->as_string());
    found = true;
    return false;
  });
  if (!found) throw Error(ErrorCode::store_failed, where + "its journal has no start");
  return order;
}

}  // namespace formulary

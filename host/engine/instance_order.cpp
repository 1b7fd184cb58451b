#include "host/engine/instance_order.hpp"

#include <string>
#include <utility>

#include "host/base/error.hpp"
#include "host/formula/reference.hpp"
#include "host/formula/scope.hpp"

namespace formulary {
namespace {

constexpr std::size_t cron_bytes_max = 1'000;

}  // namespace

ExecutionOrder instance_order(const FormulaStore& formulas, std::int64_t formula_instance) {
  const std::string where = "formula instance " + std::to_string(formula_instance) + ": ";
  const auto instance = formulas.instance(formula_instance);
  if (!instance) {
    throw Error(ErrorCode::not_found,
                where + "there is none; `formulary formulas instances list` shows those that there are");
  }
  const auto formula = formulas.formula(instance->formula);
  if (!formula) throw Error(ErrorCode::store_failed, where + "its formula is gone");
  if (!instance->active || !formula->active) {
    throw Error(ErrorCode::conflict,
                where + (instance->active ? "its formula" : "it") + " is not active, so nothing starts it");
  }
  return instance_order(*instance, Formula::parse(formula->document, "formula " + std::to_string(formula->id)));
}

ExecutionOrder instance_order(const FormulaInstanceRecord& instance, std::shared_ptr<const Formula> formula) {
  const std::string where = "formula instance " + std::to_string(instance.id) + ": ";
  ExecutionOrder order{.formula = std::move(formula),
                       .formula_instance = instance.id,
                       .instance_name = instance.name,
                       .configuration = parse_json(instance.configuration, where + "configuration").as_object()};
  order.single_threaded = instance.single_threaded || order.formula->single_threaded();
  // Ids of element instances may come as numbers; steps look for their text.
  for (const FormulaVariable& variable : order.formula->configuration()) {
    json::value* value = order.configuration.if_contains(variable.key);
    if (value != nullptr && variable.type == "elementInstance" && value->is_number()) *value = to_text(*value);
  }
  return order;
}

std::optional<Schedule> schedule_of(const Formula& formula, const json::object& configuration,
                                    std::int64_t formula_instance) {
  if (formula.triggers().empty() || !formula.triggers().front().active) return std::nullopt;
  const auto* scheduled = std::get_if<ScheduledTrigger>(&formula.triggers().front().kind);
  if (scheduled == nullptr) return std::nullopt;
  Scope scope;
  scope.config = SharedJson(json::value(configuration));
  try {
    const auto cron = resolve(scheduled->cron, scope, cron_bytes_max);
    if (!cron || !cron->is_string()) throw Error(ErrorCode::formula_invalid, "it gives no text");
    return Schedule{.formula_instance = formula_instance, .cron = CronSchedule::parse(cron->as_string()), .zone = {}};
  } catch (const Error& error) {
    throw Error(ErrorCode::formula_invalid,
                "formula instance " + std::to_string(formula_instance) + ": the trigger's cron: " + error.what());
  }
}

}  // namespace formulary

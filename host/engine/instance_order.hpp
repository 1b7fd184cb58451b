/// \file
/// From a stored formula instance to what starts its executions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "host/engine/engine.hpp"
#include "host/engine/scheduler.hpp"
#include "host/store/formula_store.hpp"

namespace formulary {

/// An order with the formula as it is stored now, the instance's configuration and no args. Throws Error(not_found);
/// Error(conflict) if formula or instance is not active.
[[nodiscard]] ExecutionOrder instance_order(const FormulaStore& formulas, std::int64_t formula_instance);

/// The same of an instance and its formula that are known already and are active.
[[nodiscard]] ExecutionOrder instance_order(const FormulaInstanceRecord& instance,
                                            std::shared_ptr<const Formula> formula);

/// When the instance is to start by itself; nothing if its formula has no scheduled trigger, or the trigger is not
/// active. In UTC. Throws Error(formula_invalid) if the trigger's cron, or what the configuration gives for it, is
/// none.
[[nodiscard]] std::optional<Schedule> schedule_of(const Formula& formula, const json::object& configuration,
                                                  std::int64_t formula_instance);

}  // namespace formulary

/// \file
/// What the routes about formulas work with, and the routes. `serve` wires it; everything is borrowed and outlives the
/// router.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "host/api/formula_instances.hpp"
#include "host/api/formula_starter.hpp"
#include "host/api/formulas.hpp"
#include "host/api/router.hpp"
#include "host/base/clock.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/history.hpp"
#include "host/engine/scheduler.hpp"
#include "host/store/formula_store.hpp"
#include "host/store/storage.hpp"

namespace formulary::api {

struct FormulaServices {
  FormulaStore* store = nullptr;
  Formulas* formulas = nullptr;
  FormulaInstances* instances = nullptr;
  FormulaStarter* starter = nullptr;
  Engine* engine = nullptr;
  const History* history = nullptr;
  std::shared_ptr<const Storage> storage;
  const Clock* clock = nullptr;
  /// Scheduler::standing. May be empty.
  std::function<std::optional<Scheduler::Standing>(std::int64_t formula_instance)> standing;
};

/// Templates: /formulas, /formulas/{id}, export, docs, upgrade. Source: CONTRACT 1.6, 2.1, 2.7, 2.8.
void add_formulas_routes(Router& router, const FormulaServices& services);
/// Their steps, triggers and configuration.
void add_formula_parts_routes(Router& router, const FormulaServices& services);
/// Instances, at all their paths.
void add_formula_instances_routes(Router& router, const FormulaServices& services);
/// Executions, their steps and values.
void add_executions_routes(Router& router, const FormulaServices& services);
/// What went wrong in them, in three forms.
void add_execution_errors_routes(Router& router, const FormulaServices& services);
/// How many there were, in buckets of time.
void add_formula_analytics_routes(Router& router, const FormulaServices& services);
/// The schedules of formula instances, as jobs.
void add_jobs_routes(Router& router, const FormulaServices& services);
/// All of them.
void add_all_formula_routes(Router& router, const FormulaServices& services);

/// Calls the formula instance that the header Elements-Formula-Instance-Id names, if it is a resource of that method
/// and path, and waits for its answer; nothing if it is none. For ApiParts::formula_resource. Source: CONTRACT 2.9.
/// Error(timed_out) after 30 seconds. An execution that failed answers 502, unless its last step says otherwise.
[[nodiscard]] std::optional<ApiAnswer> call_formula_resource(const FormulaServices& services, ApiRequest& request);

}  // namespace formulary::api

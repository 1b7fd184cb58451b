/// \file
/// Runs formulas and keeps nothing: for whoever waits for the end and needs no more than that. The durable way is
/// Engine.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "host/base/json.hpp"
#include "host/base/redactor.hpp"
#include "host/engine/execution.hpp"
#include "host/engine/ports.hpp"
#include "host/formula/formula.hpp"

namespace formulary {

struct FormulaRun {
  std::shared_ptr<const Formula> formula;
  json::object configuration;  ///< Values by configuration key.
  json::value args;            ///< trigger.args
  std::string instance_name;   ///< info.formulaInstanceName; empty: the formula's name.
  Redactor redactor;           ///< Knows every secret that may show in values and errors.
  std::stop_token stop;        ///< A request ends the execution as cancelled within 100 ms.
  /// Called from the thread that called run(), one after the other, in the order of events. May be empty.
  std::function<void(const StepLine&)> observe;
};

struct Workshop;

/// Any thread may call run(), also at the same time.
class Runner {
 public:
  Runner(const RunnerPorts& ports, const RunnerSettings& settings);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  /// Waits for the calls that are still out: those of cancelled executions were asked to stop; a script runs to its
  /// limit.
  ~Runner();

  /// Runs it to its end. What goes wrong inside is in the execution. Throws
  /// Error(formula_invalid) or Error(unsupported) with all problems when the formula or the configuration cannot be
  /// run; nothing has been done then.
  [[nodiscard]] Execution run(const FormulaRun& order);

 private:
  std::shared_ptr<Workshop> shop_;
};

}  // namespace formulary

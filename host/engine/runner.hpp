/// \file
/// Runs formulas: performs what the plan decides, on a bounded pool of workers.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "host/base/clock.hpp"
#include "host/base/json.hpp"
#include "host/base/redactor.hpp"
#include "host/engine/execution.hpp"
#include "host/engine/timers.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/plan.hpp"
#include "host/http/transport.hpp"
#include "host/plugin/element_plugin.hpp"
#include "host/script/script_runner.hpp"

namespace formulary {

/// What steps act on. Everything is borrowed and must outlive the runner; any thread may call it.
struct RunnerPorts {
  /// Instances::call.
  std::function<ResourceAnswer(std::string_view selector, const ResourceRequest&, const CallContext&)> call_element;
  Transport* transport = nullptr;
  ScriptRunner* scripts = nullptr;
  Timers* timers = nullptr;
  const Clock* clock = nullptr;
};

struct RunnerSettings {
  std::size_t workers = 8;  ///< Steps that run at the same time, over all executions.
  std::chrono::milliseconds request_time_limit{60'000};
  std::chrono::milliseconds script_time_limit{30'000};
  std::size_t body_max = 8U << 20U;  ///< Of one answer.
  plan::Limits limits;
};

/// One line of progress; texts are redacted.
struct StepLine {
  enum class Kind { started, waits, ended };
  Kind kind = Kind::ended;
  std::string name;
  std::string type;
  plan::StepStatus status = plan::StepStatus::success;  ///< Of `ended`.
  int attempt = 1;
  std::chrono::milliseconds duration{0};  ///< Of `ended`: all attempts; of `waits`: until the next attempt.
  std::string error;                      ///< One sentence or empty; of `waits`: why.
};

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

/// Any thread may call run(), also at the same time.
class Runner {
 public:
  Runner(const RunnerPorts& ports, const RunnerSettings& settings);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  /// Waits for the calls that are still out: those of cancelled executions were asked to stop; a script runs to its
  /// limit.
  ~Runner();

  /// Runs it to its end in the calling thread and the pool. What goes wrong inside is in the execution. Throws
  /// Error(formula_invalid) or Error(unsupported) with all problems when the formula or the configuration cannot be
  /// run; nothing has been done then.
  [[nodiscard]] Execution run(const FormulaRun& order);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace formulary

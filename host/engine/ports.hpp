/// \file
/// What executions act on, within which bounds, and how they tell of their progress.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "host/amqp/publisher.hpp"
#include "host/base/clock.hpp"
#include "host/engine/timers.hpp"
#include "host/formula/plan.hpp"
#include "host/http/transport.hpp"
#include "host/plugin/element_plugin.hpp"
#include "host/script/script_runner.hpp"

namespace formulary {

/// What steps act on. Everything is borrowed and must outlive the runner; any thread may call it.
struct RunnerPorts {
  /// Instances::call.
  std::function<ResourceAnswer(std::string_view selector, const ResourceRequest&, const CallContext&)> call_element;
  /// The platform's own API, as the owner of `context.formula_instance`. May be empty: not from here.
  std::function<plan::Answered(const plan::RequestCall& call, const CallContext& context)> call_platform;
  /// Tells people. May be empty: nobody can be told.
  std::function<void(const std::string& text)> notify;
  Transport* transport = nullptr;
  Publisher* publisher = nullptr;
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
  std::optional<plan::Rounds> rounds;     ///< Of `ended` of a loop step: at its beginning, or of those that are over.
  bool in_loop = false;                   ///< Of `ended`: it ran in a round of a loop.
};

}  // namespace formulary

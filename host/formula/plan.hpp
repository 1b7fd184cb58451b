/// \file
/// What comes next in an execution: a pure function of the formula, the execution's state and one event. No I/O, no
/// clock, no thread, no randomness. Whoever performs the actions hands back what happened as the next event.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/error.hpp"
#include "host/base/json.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/scope.hpp"

namespace formulary::plan {

/// One time that a step is executed: a step that two branches reach, or a circle, has several. Counts from 1 in the
/// order of their beginning, which is the order of events; 0 is the trigger.
using RunId = std::uint64_t;

using Headers = std::vector<std::pair<std::string, std::string>>;

// What a step asks of the world, with every reference resolved.

struct RequestCall {
  enum class Kind { element, http };
  Kind kind = Kind::http;
  std::string instance;  ///< Selector of the element instance; empty for http.
  std::string method;    ///< Upper case.
  std::string target;    ///< Path below the platform's root ("/hubs/crm/contacts", "/contacts"), or an absolute URL.
  json::object query;    ///< Values are strings or arrays of strings.
  Headers headers;
  std::string body;
  std::string content_type;  ///< Empty if there is no body.
};
struct ScriptCall {
  bool filter = false;
  bool must_return = false;  ///< A script of engine v1, which fails if it has no result.
  std::string body;
  std::shared_ptr<const Scope> scope;  ///< As it was when the step began.
  std::uint64_t seed = 0;              ///< For Math.random: the same when the run is computed again.
  /// For Date: when the execution began or its last request ended, so the same when the run is computed again.
  Clock::WallTime now;
};
using Call = std::variant<RequestCall, ScriptCall>;

// What came of it.

struct Answered {
  int status = 0;
  Headers headers;
  std::string body;
  std::string content_type;
};
struct ScriptEnded {
  bool ok = false;
  std::string value;  ///< JSON, or empty.
  std::string error;
  std::string error_code;
  std::vector<std::string> console;
  std::vector<std::string> notify;
};
/// No answer at all.
struct Broke {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};
using Outcome = std::variant<Answered, ScriptEnded, Broke>;

// Events: what happened.

struct Started {
  std::string execution_id;
  json::value args;
  json::object config;
  json::object info;  ///< Shown to scripts and references besides what the plan adds.
};
struct StepEnded {
  RunId run = 0;
  Outcome outcome;
};
struct TimerFired {
  RunId run = 0;
};
struct CancelRequested {
  std::string reason;
};
struct Event {
  Clock::WallTime at;
  std::variant<Started, StepEnded, TimerFired, CancelRequested> what;
};

// Actions: what to do now, in this order.

struct RunStep {
  RunId run = 0;
  const Step* step = nullptr;  ///< Of the formula that the execution began with.
  int attempt = 1;
  /// The same for each attempt of one run, different for every other run of any execution; 32 hexadecimal digits. Empty
  /// where none is needed: scripts, GET, HEAD and OPTIONS.
  std::string idempotency_key;
  std::shared_ptr<const Call> call;
};
/// Hand back TimerFired{run} after the delay.
struct SetTimer {
  RunId run = 0;
  std::chrono::milliseconds delay{0};
  int next_attempt = 2;
  std::string reason;
};

enum class StepStatus { success, failed, cancelled };
enum class ExecutionStatus { pending, success, failed, cancelled };
[[nodiscard]] std::string_view name(StepStatus status) noexcept;
[[nodiscard]] std::string_view name(ExecutionStatus status) noexcept;

struct StepError {
  std::string code;  ///< Of ErrorCode ("timed_out"), of the script runner ("script.timeout"), or "http.404".
  std::string message;
};
/// The history of one finished run. Not redacted yet.
struct StepRecord {
  RunId run = 0;
  std::string name;
  std::string type;
  StepStatus status = StepStatus::success;
  int attempts = 1;
  Clock::WallTime started;
  Clock::WallTime ended;
  /// Step execution values, keyed as the platform keys them: "get-job.response.code" -> "200".
  std::vector<std::pair<std::string, std::string>> values;
  std::optional<StepError> error;  ///< A filter that says false has none.
};
struct Record {
  StepRecord step;
};
/// Nobody waits any more for these runs; their timers and calls may be dropped. Their events change nothing.
struct Abandon {
  std::vector<RunId> runs;
};
/// The last action of an execution.
struct Finish {
  ExecutionStatus status = ExecutionStatus::success;
  std::optional<StepError> error;  ///< Why it ended, if not by its steps: cancelled, bound reached.
};
using Action = std::variant<RunStep, SetTimer, Record, Abandon, Finish>;

// The state: a value that can be stored and continued elsewhere.

struct Limits {
  std::size_t steps_max = 100'000;             ///< Runs of steps in one execution.
  std::size_t value_bytes_max = 4U << 20U;     ///< A longer step execution value is not kept; the step still succeeds.
  std::size_t property_bytes_max = 6U << 20U;  ///< A property after its references were replaced.
  std::size_t scope_bytes_max = 64U << 20U;    ///< All outputs together.
};

struct ActiveRun {
  std::size_t step = 0;  ///< Index into the formula's steps.
  int attempt = 1;
  bool waits_for_timer = false;
  Clock::WallTime started;
  std::string idempotency_key;
  std::shared_ptr<const Call> call;
};

struct State {
  Limits limits;
  std::string execution_id;
  ExecutionStatus status = ExecutionStatus::pending;
  bool started = false;
  bool any_step_failed = false;
  Clock::WallTime script_time;  ///< See ScriptCall::now.
  RunId runs_begun = 0;
  std::shared_ptr<const Scope> scope;
  std::map<std::string, std::size_t, std::less<>> output_bytes;  ///< By step name: what its output takes of the bound.
  std::size_t scope_bytes = 0;
  std::map<std::string, std::uint64_t, std::less<>> iterations;  ///< By step name: how often it began.
  std::map<RunId, ActiveRun> active;
  std::string last_step;  ///< Whose output is the execution's result; empty before the first.

  [[nodiscard]] bool finished() const noexcept { return status != ExecutionStatus::pending; }
};

/// Takes one event into the state and says what to do. Events of abandoned or unknown runs, and all after the end,
/// change nothing and give no action. An execution ends exactly once, by Finish. The formula must have no problem that
/// prevents_running(); what slips through all the same fails its step.
[[nodiscard]] std::vector<Action> advance(const Formula& formula, State& state, Event event);

}  // namespace formulary::plan

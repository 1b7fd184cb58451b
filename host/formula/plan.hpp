/// \file
/// What comes next in an execution: a pure function of the formula, the execution's state and one event. No I/O, no
/// clock, no thread, no randomness. Whoever performs the actions hands back what happened as the next event. The same
/// events give the same state and the same actions, always: that is how an execution is recovered.
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
#include "host/base/json.hpp"
#include "host/formula/call.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/request_policy.hpp"
#include "host/formula/scope.hpp"

namespace formulary::plan {

/// One time that a step is executed: a step that two branches reach, a loop, or a circle, has several. Counts from 1 in
/// the order of their beginning, which is the order of events, over all sub-formulas; 0 is the trigger.
using RunId = std::uint64_t;

// Events: what happened.

/// What `args` is depends on the formula's trigger:
///
///   manual          anything: trigger.args
///   event           {"event":{…},"eventId":…,"instanceId":…,"body":…}, as split_event() makes it
///   elementRequest  {"request":{"body","headers","method","path","query"},"response":{"body","code","headers"}}
///   scheduled       is not looked at
struct Started {
  std::string execution_id;
  json::value args;
  json::object config;
  json::object info;  ///< formulaId, formulaInstanceId, formulaInstanceName; the plan adds the rest.
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
/// After a crash nobody knows whether the call of this run was made. Only of runs whose call is out.
struct Doubted {
  RunId run = 0;
};
/// A person decided about a run in doubt.
struct Resolved {
  RunId run = 0;
  std::optional<Outcome> outcome;  ///< What it is taken to have been; nothing: make the call again.
};
using Happening = std::variant<Started, StepEnded, TimerFired, CancelRequested, Doubted, Resolved>;
struct Event {
  Clock::WallTime at;
  Happening what;
};

// Actions: what to do now, in this order.

struct RunStep {
  RunId run = 0;
  const Formula* formula = nullptr;  ///< Whose step it is: the execution's formula or one embedded in it.
  const Step* step = nullptr;
  int attempt = 1;
  /// As far as the request shows: `unsafe` may be `keyed` or `idempotent` by what the element's manifest says.
  Safety safety = Safety::pure;
  /// The same for each attempt of one run, different for every other run of any execution; 32 hexadecimal digits, or
  /// what the template sends as Idempotency-Key. Empty where none is needed: pure, safe.
  std::string idempotency_key;
  std::shared_ptr<const Call> call;
};
/// Hand back TimerFired{run} after the delay.
struct SetTimer {
  RunId run = 0;
  std::chrono::milliseconds delay{0};
  int next_attempt = 2;
  std::string reason;
  Clock::WallTime due;  ///< The event's time and the delay.
};

enum class StepStatus { success, failed, cancelled };
enum class ExecutionStatus { pending, success, failed, cancelled };
[[nodiscard]] std::string_view name(StepStatus status) noexcept;
[[nodiscard]] std::string_view name(ExecutionStatus status) noexcept;

struct StepError {
  std::string
      code;  ///< Of ErrorCode ("timed_out"), of the script runner ("script.timeout"), "http.404", "in_doubt", ...
  std::string message;
};
using Values = std::vector<std::pair<std::string, std::string>>;
/// The history of one finished run. Not redacted yet.
struct StepRecord {
  RunId run = 0;
  /// The run of the step of type formula that it belongs to; 0: of the formula itself. The platform shows only those of
  /// the formula itself.
  RunId parent = 0;
  std::string name;
  std::string type;
  StepStatus status = StepStatus::success;
  int attempts = 1;
  Clock::WallTime started;
  Clock::WallTime ended;
  /// Step execution values, keyed as the platform keys them: "get-job.response.code" -> "200".
  Values values;
  std::optional<StepError> error;  ///< A filter that says false, and the end of a loop, have none.
};
/// How far a loop step is in its list.
struct Rounds {
  std::size_t done = 0;
  std::size_t total = 0;
};
struct Record {
  StepRecord step;
  std::optional<Rounds> rounds;  ///< Of a loop step that has a list.
  bool in_loop = false;          ///< Ran in a round of a loop, or in a sub-formula that did.
};
/// Nobody waits any more for these runs; their timers and calls may be dropped. Their events change nothing.
struct Abandon {
  std::vector<RunId> runs;
};
/// All that is left is in doubt: nothing happens before Resolved or CancelRequested.
struct Park {
  std::vector<RunId> runs;
};
/// The last action of an execution.
struct Finish {
  ExecutionStatus status = ExecutionStatus::success;
  std::optional<StepError> error;  ///< Why it ended, if not by its steps: cancelled, bound reached.
};
using Action = std::variant<RunStep, SetTimer, Record, Abandon, Park, Finish>;

// The state: a value that can be copied and continued elsewhere, as long as the formula lives.

struct Limits {
  std::size_t steps_max = 100'000;             ///< Runs of steps in one execution, those of sub-formulas included.
  std::size_t value_bytes_max = 4U << 20U;     ///< A longer step execution value is not kept; the step still succeeds.
  std::size_t values_bytes_max = 256U << 20U;  ///< Of all values of an execution; those that come later are not kept.
  std::size_t property_bytes_max = 6U << 20U;  ///< A property after its references were replaced.
  std::size_t scope_bytes_max = 64U << 20U;    ///< All outputs together.
  std::size_t depth_max = 16;                  ///< Sub-formulas in sub-formulas.
  /// The wait of a retryFormulaExecution step before the n-th time is e^n of these, rounded to whole ones. The
  /// platform's old engine waited that many minutes.
  std::chrono::milliseconds retry_unit{1'000};
};

struct ActiveRun {
  enum class Waits {
    call,     ///< For StepEnded.
    timer,    ///< For TimerFired.
    formula,  ///< For the end of the sub-formula.
    person,   ///< In doubt: for Resolved.
  };
  RunId frame = 0;
  std::size_t step = 0;  ///< Index into the steps of the frame's formula.
  RunId loop = 0;        ///< The loop that it runs in: key of State::loops; 0: none.
  int attempt = 1;
  Waits waits = Waits::call;
  Clock::WallTime started;
  Clock::WallTime due;  ///< Of the timer.
  std::string digest;
  std::string idempotency_key;
  Safety safety = Safety::pure;
  RequestPolicy policy;
  std::shared_ptr<const Call> call;  ///< nullptr of sub-formulas and retryFormulaExecution.
  std::optional<Rounds> rounds;      ///< Of a loop step, which ends at once.
};

/// One formula that runs: that of the execution, or a sub-formula of it.
struct Frame {
  const Formula* formula = nullptr;
  RunId parent = 0;  ///< Frame that its step is in; of frame 0: 0.
  std::size_t depth = 0;
  std::string identity;  ///< What its runs' digests begin with.
  std::shared_ptr<const Scope> scope;
  std::shared_ptr<const Scope> first_scope;  ///< Before the first step: where a retryFormulaExecution goes back to.
  std::shared_ptr<const json::object> info;  ///< scope->info without what changes.
  Clock::WallTime info_at;                   ///< script_time of scope->info.
  std::vector<std::uint64_t> iterations;     ///< By step: how often it began.
  std::size_t active = 0;                    ///< Runs in it that have not ended.
  bool any_step_failed = false;
  bool starts_over = false;  ///< As soon as nothing is active any more.
  int times_started_over = 0;
  std::optional<std::size_t> last_step;  ///< Whose output is the result.
  Values last_values;                    ///< Of that step, if this is a sub-formula.
  std::optional<StepError> last_error;
};

/// One passage through a loop step's list.
struct Loop {
  RunId frame = 0;
  std::size_t step = 0;
  RunId outer = 0;                          ///< The loop around it: key of State::loops; 0: none.
  std::shared_ptr<const json::value> list;  ///< nullptr: it is done.
  std::size_t next = 0;
  std::size_t holders = 0;  ///< Runs in it and loops in it; forgotten without any.
};

struct State {
  Limits limits;
  std::string execution_id;
  ExecutionStatus status = ExecutionStatus::pending;
  bool started = false;
  bool parked = false;  ///< See Park.
  Clock::WallTime began;
  Clock::WallTime script_time;  ///< See ScriptCall::now.
  RunId runs_begun = 0;
  std::size_t scope_bytes = 0;
  std::size_t values_bytes = 0;
  std::map<RunId, Frame> frames;  ///< By the run of the step of type formula; 0: the formula itself.
  std::map<RunId, Loop> loops;    ///< By the run with which they began.
  std::map<RunId, ActiveRun> active;

  [[nodiscard]] bool finished() const noexcept { return status != ExecutionStatus::pending; }
};

/// Takes one event into the state and says what to do. Events of abandoned or unknown runs, and all after the end,
/// change nothing and give no action. An execution ends exactly once, by Finish. The formula must outlive the state and
/// have no problem that prevents_running(); what slips through all the same fails its step.
[[nodiscard]] std::vector<Action> advance(const Formula& formula, State& state, Event event);

/// What a host that took the execution over has to do: RunStep for each call that is out, SetTimer for each timer with
/// what is left of its delay. Runs in doubt are in neither.
[[nodiscard]] std::vector<Action> outstanding(const State& state, Clock::WallTime now);

/// The output of the step that ended last in the formula itself; absent before the first.
[[nodiscard]] SharedJson result_of(const State& state);

/// Scripts and filters that follow each other with nothing between them that acts, so that they can be sent to the
/// script worker at once: the one of `run`, whose call must be out, and those that its outcomes lead to. Only the way
/// as it looks now: whoever performs them hands back one outcome after the other and compares each RunStep that it gets
/// with the chain.
struct ChainLink {
  const Step* step = nullptr;
  bool filter = false;
  bool must_return = false;
  std::string body;
  std::uint64_t seed = 0;
  std::optional<std::size_t> on_success;  ///< Index into the chain; nothing: it ends there.
  std::optional<std::size_t> on_failure;
};
inline constexpr std::size_t chain_links_max = 64;
/// One link if nothing can follow; empty if the run is no script that is out. All links see what the call of `run`
/// sees, and the outputs of those before them.
[[nodiscard]] std::vector<ChainLink> pure_chain(const State& state, RunId run);

}  // namespace formulary::plan

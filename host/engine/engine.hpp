/// \file
/// The durable engine: what it acknowledged it runs to its end, whatever happens to the process
/// (decisions/0011-journal.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/base/json.hpp"
#include "host/base/redactor.hpp"
#include "host/engine/execution.hpp"
#include "host/engine/ports.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/trigger_input.hpp"
#include "host/store/journal.hpp"
#include "host/store/retention.hpp"

namespace formulary {

class Storage;

struct ExecutionEnded {
  std::int64_t execution = 0;
  std::int64_t formula_instance = 0;  ///< 0: none.
  plan::ExecutionStatus status = plan::ExecutionStatus::success;
};

struct EnginePorts {
  RunnerPorts steps;
  std::shared_ptr<const Storage> storage;
  /// A redactor that knows every secret that may show in an execution with that configuration: secrets among its
  /// values, and those of the element instances that it names. Asked at the start and again after a restart, by any
  /// thread.
  std::function<Redactor(const Formula& formula, const json::object& configuration)> redactor;
  /// How many calls an element instance takes at the same time; 0: no bound. May be empty: none has one.
  std::function<std::size_t(std::string_view selector)> calls_max;
  /// What the element's manifest says of a request that its method shows as unsafe. May be empty: it is unsafe.
  std::function<plan::Safety(const plan::RequestCall& call)> safety;
  /// Hears, by any thread, what somebody should know: an execution in quarantine, a disk that fails. May be empty.
  std::function<void(const std::string& sentence)> warn;
  /// Hears of each end of an execution once it is on the disk, before whoever waits for it; a host that is killed just
  /// then does not tell. Called by any thread, one after the other: must be quick, must not throw and must not ask the
  /// engine. May be empty.
  std::function<void(const ExecutionEnded&)> ended;
};

struct EngineSettings {
  /// `workers` bounds the calls that wait at the same time, over all executions; threads are made as they are needed.
  RunnerSettings steps{.workers = 1'024};
  std::size_t open_max = 100'000;        ///< Executions that have not ended; beyond it submit() says rate_limited.
  std::size_t running_max = 4'096;       ///< Executions in memory; more wait on the disk.
  std::size_t instance_running_max = 0;  ///< Of them of one formula instance; 0: no bound of its own.
  /// An execution that this many hosts in a row ended with, without a row from it, is given up as poisoned.
  std::int64_t crashes_max = 3;
  std::chrono::seconds takeover_interval{10};  ///< Between two looks for hosts that are gone.
  /// An execution that only waits for longer than this leaves the memory meanwhile.
  std::chrono::milliseconds sleep_min{60'000};
  JournalSettings journal;
  RetentionSettings retention;
};

struct ExecutionOrder {
  std::shared_ptr<const Formula> formula;
  std::int64_t formula_instance = 0;  ///< FormulaInstanceRecord::id; 0: none.
  std::string instance_name;          ///< info.formulaInstanceName; empty: the formula's name.
  json::object configuration;         ///< Values by configuration key, secrets in clear.
  json::value args;                   ///< plan::Started::args; of a manual trigger: trigger.args.
  bool single_threaded = false;       ///< One execution of the instance at a time, in the order of submission.
  bool keep_steps = false;  ///< wait() and run() give the steps too, if the execution did not leave the memory.
  /// Called by any thread, one after the other, in the order of events. Must be quick. May be empty. Lost with the
  /// process.
  std::function<void(const StepLine&)> observe;
};

/// What a person decides about a request that may or may not have been done when the host crashed.
struct SendAgain {};
struct TakenAsDone {
  int status = 200;
  std::string body;  ///< JSON, or empty.
};
using Decision = std::variant<SendAgain, TakenAsDone>;

struct EngineCounters {
  std::uint64_t submitted = 0;
  std::uint64_t ended = 0;
  std::uint64_t refused = 0;    ///< Too many open, or the disk did not take the start.
  std::uint64_t recovered = 0;  ///< Taken over after a restart or from another host.
  std::uint64_t poisoned = 0;
  std::size_t open = 0;
  std::size_t in_doubt = 0;
  std::size_t queued = 0;  ///< Wait until their formula instance runs fewer.
  JournalCounters journal;
};

class EngineParts;

/// Any thread may use it.
class Engine {
 public:
  /// Opens nothing but the storage's tables; nothing runs before start(). Borrows what the ports borrow. Throws
  /// Error(store_failed).
  Engine(const EnginePorts& ports, const EngineSettings& settings);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  /// stop() without grace.
  ~Engine();

  /// Takes over what hosts that are gone left open and goes on with it, in the background. Throws Error(store_failed).
  void start();

  /// Returns the execution's id when its start is on the disk: from then on it is never lost. It may have begun before.
  /// Throws Error(formula_invalid) or Error(unsupported) with all problems when it cannot be run; rate_limited (429)
  /// when too many are open; unavailable (503) while the disk takes nothing or the engine stops. Then nothing is kept.
  std::int64_t submit(const ExecutionOrder& order);
  /// One execution for each event of a notification, as plan::split_event() has it; returns their ids.
  std::vector<std::int64_t> on_event(const ExecutionOrder& order, const json::value& notification);
  /// For a formula with an elementRequest trigger.
  std::int64_t on_element_request(const ExecutionOrder& order, const plan::ElementRequestSeen& request);
  /// submit() and wait() in one, which costs one write less. A request by `stop` cancels the execution.
  [[nodiscard]] Execution run(const ExecutionOrder& order, const std::stop_token& stop = {});
  /// Returns when the execution's end is on the disk, or it stands still in doubt; nothing if `stop` or the time limit
  /// came first. Error(not_found) if it does not exist.
  [[nodiscard]] std::optional<Execution> wait(std::int64_t execution, std::chrono::milliseconds time_limit,
                                              const std::stop_token& stop = {});

  /// Asks an open execution to end as cancelled, at once. Error(not_found); Error(conflict) if it has ended, or another
  /// process runs it.
  void cancel(std::int64_t execution, const std::string& reason = {});
  /// Decides about every request of it that is in doubt. Error(not_found); Error(conflict) if none is.
  void resume(std::int64_t execution, const Decision& decision);
  /// From now on. Error(not_found) if it is not open here.
  void observe(std::int64_t execution, std::function<void(const StepLine&)> observer);

  /// Takes nothing new, gives what runs the time of `grace` to end, then parks the rest: all that was done is on the
  /// disk, and the next start goes on. True if nothing had to be parked. Calls that are out are asked to stop.
  bool stop(std::chrono::milliseconds grace);

  /// Whether submit() would take an execution: false while the disk fails, when stopping, when another host took over.
  [[nodiscard]] bool ready() const;
  [[nodiscard]] EngineCounters counters() const;
  /// Executions that are in no lawful state; 0 while all is well. Throws Error(store_failed).
  [[nodiscard]] std::int64_t violations() const;

 private:
  std::shared_ptr<EngineParts> parts_;
};

}  // namespace formulary

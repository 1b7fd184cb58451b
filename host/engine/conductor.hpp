/// \file
/// Takes one execution from event to event: asks the plan, performs what it says, hands back what came of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "host/base/redactor.hpp"
#include "host/engine/call_gate.hpp"
#include "host/engine/execution.hpp"
#include "host/engine/execution_log.hpp"
#include "host/engine/ports.hpp"
#include "host/engine/step_performer.hpp"
#include "host/engine/worker_pool.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/plan.hpp"

namespace formulary {

/// What all conductors of an engine share. Any thread may use it.
struct Workshop {
  Workshop(const RunnerPorts& given_ports, const RunnerSettings& given_settings)
      : ports(given_ports),
        settings(given_settings),
        performer(given_ports, given_settings),
        conducting(conducting_threads),
        calls(given_settings.workers) {}

  RunnerPorts ports;
  RunnerSettings settings;
  StepPerformer performer;
  CallGate gate;
  std::function<std::size_t(std::string_view selector)> calls_max;    ///< EnginePorts::calls_max
  std::function<plan::Safety(const plan::RequestCall& call)> safety;  ///< EnginePorts::safety
  /// Goes into the keys that vendors see, so that two installations never send the same.
  std::string key_salt;
  /// An execution of which all runs wait for timers at least this long needs no memory.
  std::chrono::milliseconds sleep_min = std::chrono::milliseconds::max();
  /// For what never waits for a vendor or a script, so that word of a cancellation, of the disk or of a timer is heard
  /// also while all that make calls are waiting. The pools come last: their jobs use what is above.
  static constexpr std::size_t conducting_threads = 4;
  WorkerPool conducting;
  WorkerPool calls;

  /// Waits for what runs; what has not begun is dropped.
  void close() {
    conducting.stop();
    calls.stop();
  }
};

/// How a conductor's work ended. Where the execution has not, all of it is on the disk and another conductor goes on.
enum class Ending {
  finished,  ///< The execution ended, and that is on the disk.
  in_doubt,  ///< It stands still until a person decides.
  asleep,    ///< It waits for timers only, until `wake`.
  parked,    ///< It was asked to stop here.
  refused,   ///< Its start could not be kept, so it never was.
  fenced,    ///< Another host goes on with it.
};

/// When a sleeping execution goes on: when either clock says so, since one may be set and the other may stand still.
struct Wake {
  Clock::WallTime wall;
  Clock::MonotonicTime monotonic;
  bool exact = true;  ///< The second is when the timer is due, and not just when to look again.
};

class Conductor : public std::enable_shared_from_this<Conductor> {
 public:
  struct Order {
    std::int64_t id = 0;  ///< 0: an execution that is not kept.
    std::int64_t formula_instance = 0;
    std::shared_ptr<const Formula> formula;
    std::shared_ptr<const Redactor> redactor;
    std::unique_ptr<ExecutionLog> log;  ///< nullptr: nothing is kept, so nothing waits for the disk.
    bool keep_steps = false;            ///< Execution::steps is filled.
    /// The start is written at once, because somebody waits for it; else with the first row that must be.
    bool start_at_once = true;
    /// Called by whoever conducts, one after the other. May be empty.
    std::function<void(const StepLine&)> observe;
    /// The start is on the disk. Called by the journal's thread. May be empty.
    std::function<void()> on_started;
    /// Called once, as the last thing that a conductor does, without a lock.
    std::function<void(Ending, Execution, Wake)> on_ending;
  };

  /// Its timers know it weakly for as long as its calls may last; so its memory is its own, and not that of the count
  /// of those who know it, which would keep it until then.
  [[nodiscard]] static std::shared_ptr<Conductor> make(std::shared_ptr<Workshop> workshop, Order order) {
    return std::shared_ptr<Conductor>(new Conductor(std::move(workshop), std::move(order)));
  }

  /// Borrows nothing but the workshop, which it shares.
  Conductor(std::shared_ptr<Workshop> workshop, Order order);
  Conductor(const Conductor&) = delete;
  Conductor& operator=(const Conductor&) = delete;
  ~Conductor();

  /// Begins the execution; the calling thread conducts it as far as it goes without waiting, or one of the pool does.
  enum class Where { here, pool };
  void start(plan::Started started, Where where);
  /// Goes on with one that its journal gave back: what was out is done again or in doubt. Nothing is done before the
  /// disk knows that this host works on it.
  struct Inherited {
    plan::State state;
    std::set<std::pair<plan::RunId, int>> intents;  ///< Calls that were about to be made: run and attempt.
    std::int64_t steps = 0;
    bool woken = false;  ///< Its next timer is due, whatever the wall clock says.
  };
  struct Cancel {
    std::string reason;
  };
  struct Resolve {
    std::optional<plan::Outcome> outcome;  ///< None: send it again.
  };
  using Word = std::variant<Cancel, Resolve>;
  /// It hears `words` before it does anything: what is cancelled already does not begin.
  void take_over(Inherited inherited, std::vector<Word> words);

  // False: its work has ended, so it will not be heard.
  bool cancel(const std::string& reason);
  bool resolve(std::optional<plan::Outcome> outcome);
  bool observe(std::function<void(const StepLine&)> observer);
  /// Lets go of it: calls are asked to stop, what was done is written.
  bool park();
  /// Something in it waits for a person.
  [[nodiscard]] bool has_doubts() const noexcept { return doubts_; }

 private:
  struct Begin {
    plan::Started started;
  };
  struct CallEnded {
    plan::RunId run = 0;
    int attempt = 1;
    plan::Outcome outcome;
  };
  /// The time has come to look for calls that are overdue.
  struct LookForOverdue {};
  struct Written {
    std::uint64_t ticket = 0;
    std::size_t bytes = 0;
    JournalResult result = JournalResult::durable;
  };
  struct ParkHere {};
  struct Observe {
    std::function<void(const StepLine&)> observer;
  };
  using Message = std::variant<Begin, Inherited, plan::TimerFired, Cancel, Resolve, CallEnded, LookForOverdue, Written,
                               ParkHere, Observe>;

  struct CallOut {
    int attempt = 1;
    Clock::MonotonicTime overdue = Clock::MonotonicTime::max();  ///< From when it is made.
    std::stop_source stop;
  };
  struct Job {
    plan::RunId run = 0;
    CallOrder call;
    std::string gate;          ///< Element instance whose calls are counted; empty: none.
    std::uint64_t ticket = 0;  ///< What must be on the disk before.
  };

  bool post(Message message);
  bool post_here(Message message);
  /// Whether the caller has to conduct now.
  [[nodiscard]] std::optional<bool> take_in(Message message);
  /// Conducts until there is nothing to do without waiting. Only while `busy_`.
  enum class Calls {
    one_is_mine,  ///< The thread may wait for one of them, and go on with what comes of it.
    handed_on,    ///< It must not wait.
  };
  void drive(Calls calls);
  void handle_messages();
  [[nodiscard]] std::optional<Message> next_message();
  /// True: nothing has arrived meanwhile, and from now on somebody else may conduct.
  [[nodiscard]] bool hand_over();

  void handle(Begin& message);
  void handle(Inherited& message);
  void handle(plan::TimerFired& message);
  void handle(Cancel& message);
  void handle(Resolve& message);
  void handle(CallEnded& message);
  void handle(LookForOverdue& message);
  void handle(Written& message);
  void handle(ParkHere& message);
  void handle(Observe& message);

  void advance(plan::Happening what);
  void perform(plan::RunStep& action);
  void perform(plan::SetTimer& action);
  void perform(plan::Record& action);
  void perform(const plan::Abandon& action);
  void perform(const plan::Park& action);
  void perform(const plan::Finish& action);

  void settle();
  void write(const ExecutionChange& row);
  [[nodiscard]] ExecutionChange current_row() const;
  [[nodiscard]] bool must_write(const ExecutionChange& row) const;
  /// What all is over for, once what was handed in is on the disk.
  [[nodiscard]] std::optional<Ending> due_ending() const;
  [[nodiscard]] bool all_written() const noexcept { return written_ == ticket_; }
  [[nodiscard]] Clock::MonotonicTime next_timer() const;
  void end(Ending ending);
  void give_up(const std::string& why);

  void queue_call(const plan::RunStep& action, plan::Safety safety);
  void release_jobs();
  /// One that may be made now is for the caller, if it may wait; the others go to the pool.
  [[nodiscard]] std::optional<Job> distribute(std::vector<Job> jobs, Calls calls);
  [[nodiscard]] bool enters_gate(const Job& job);
  [[nodiscard]] std::optional<CallEnded> make_call(const Job& job);
  void make_call_in_pool(Job job);
  void watch();
  void stop_calls();
  void tell(const StepLine& line) const;
  [[nodiscard]] const Step& step_of(plan::RunId run) const;
  [[nodiscard]] plan::Safety safety_of(const plan::RunStep& action) const;
  [[nodiscard]] CallOrder call_order(const plan::RunStep& action) const;
  [[nodiscard]] Clock::MonotonicTime now() const { return shop_->ports.clock->monotonic(); }

  const std::shared_ptr<Workshop> shop_;
  Order order_;
  // Of whoever conducts.
  plan::State state_;
  Execution execution_;
  std::string trace_id_;
  std::int64_t steps_ = 0;  ///< Step records so far.
  std::map<plan::RunId, CallOut> calls_;
  std::map<plan::RunId, Clock::MonotonicTime> timers_;  ///< When they fire.
  bool watching_ = false;
  bool lets_go_ = false;
  bool over_ = false;  ///< on_ending was called.

  // What is on the disk and what is on its way.
  ExecutionChange row_;        ///< As it was last handed in.
  std::uint64_t ticket_ = 0;   ///< Of the last row that was handed in.
  std::uint64_t written_ = 0;  ///< Of the last row that is on the disk.
  std::size_t bytes_on_the_way_ = 0;
  bool start_on_the_way_ = false;  ///< Or not handed in yet: nothing else may be.
  bool hold_calls_ = false;        ///< Until the next row is on the disk.
  bool write_now_ = false;
  Clock::MonotonicTime last_write_;
  std::deque<Job> waiting_jobs_;  ///< For the disk.
  std::vector<Job> ready_jobs_;

  std::atomic<bool> doubts_ = false;
  std::mutex mutex_;
  std::deque<Message> messages_;
  bool busy_ = false;
  bool closed_ = false;  ///< Takes no more messages.
};

}  // namespace formulary

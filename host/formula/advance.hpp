/// \file
/// How plan::advance() takes one event into the state. Only for the files that implement it.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "host/formula/plan.hpp"
#include "host/formula/step_call.hpp"
#include "host/formula/step_output.hpp"

namespace formulary::plan {

/// What tells the world to make the run's call, again if it was made before.
[[nodiscard]] RunStep run_step_of(const State& state, RunId id, const ActiveRun& run);

/// Of StepError::code.
[[nodiscard]] inline std::string code_of(ErrorCode code) {
  return std::string(name(code));
}

/// Lives as long as one event.
///
/// What waits to begin is a list of steps (`due_`), each with the frame and the loop that it is in. A frame counts its
/// runs and its due steps; when there are none any more it ends, which ends the step of its parent, and so on. A loop
/// counts likewise who is in it.
class Advance {
 public:
  Advance(const Formula& formula, State& state, Clock::WallTime at) : formula_(formula), state_(state), at_(at) {}

  std::vector<Action> take(Happening& what);

 private:
  struct Due {
    RunId frame = 0;
    RunId loop = 0;
    std::string step;
  };
  /// A run that is about to end or to wait.
  struct Begun {
    RunId id = 0;
    const Step& step;
    ActiveRun run;
  };

  void on(Started& event);
  void on(StepEnded& event);
  void on(const TimerFired& event);
  void on(const CancelRequested& event);
  void on(const Doubted& event);
  void on(Resolved& event);

  /// nullptr if it is not active, or waits for something else.
  [[nodiscard]] ActiveRun* find(RunId id, ActiveRun::Waits waits);
  [[nodiscard]] Frame& frame_of(const ActiveRun& run) { return state_.frames.at(run.frame); }
  [[nodiscard]] const Step& step_of(const ActiveRun& run) { return frame_of(run).formula->steps()[run.step]; }
  [[nodiscard]] RunView view_of(const Step& step, const ActiveRun& run) const;
  void moved_to(Clock::WallTime time);

  // Beginning.
  void open_frame(RunId id, Frame frame, json::object info);
  void start(Frame& frame, RunId id);
  void add_due(RunId frame, RunId loop, const std::vector<std::string>& names);
  void begin_due_steps();
  void begin(const Due& due);
  void begin_run(const Due& due, const Step& step);
  void make_call_of(Begun begun);
  void run_step(RunId id, const ActiveRun& run);
  void wait(RunId id, ActiveRun& run, std::chrono::milliseconds delay, std::string reason);
  void refresh_info(Frame& frame);

  // The kinds of step that the plan performs itself.
  void enter_loop(Begun begun, RunId continued);
  void enter_formula(Begun begun);
  void enter_retry(Begun begun);
  void fail(Begun begun, StepError error);
  [[nodiscard]] std::shared_ptr<const json::value> loop_list(const Begun& begun);
  /// The passage through that loop step that `loop` is in, at whatever depth; 0: none.
  [[nodiscard]] RunId passage_through(RunId frame, std::size_t step, RunId loop) const;
  void hold(RunId loop);
  void release(RunId loop);

  // Ending.
  void settle(RunId id, const Outcome& outcome);
  [[nodiscard]] bool try_again(RunId id, ActiveRun& run, const Step& step, const Verdict& verdict);
  /// `loop` is where the steps that follow are.
  void close(Begun begun, Output output, const Verdict& verdict, RunId loop);
  void close(Begun begun, Output output, const Verdict& verdict);
  void leave(RunId frame, RunId loop);
  void frame_is_idle(RunId id);
  void start_over(Frame& frame, RunId id);
  void end_formula(RunId id);
  [[nodiscard]] bool keep(Frame& frame, const Step& step, const Output& output);
  void put(Frame& frame, const Step& step, const Output& output);
  void record(RunId id, const ActiveRun& run, StepStatus status, Values values, std::optional<StepError> error);
  void keep_values(Values& values);
  [[nodiscard]] bool is_in_loop(const ActiveRun& run) const;
  void end_now(ExecutionStatus status, const StepError& error);
  void finish_normally();
  void park_if_all_doubted();
  [[nodiscard]] StepError scope_full() const;

  const Formula& formula_;
  State& state_;
  Clock::WallTime at_;
  std::deque<Due> due_;
  std::vector<Action> actions_;
  bool ignored_ = false;  ///< The event says nothing new.
};

}  // namespace formulary::plan

// Random formulas, answers, orders, cancellations, crashes and recoveries: what must hold whatever happens. A failure
// prints its seed; FORMULARY_SEED=n plays that one alone, FORMULARY_SEEDS=n plays that many instead of the usual.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/formula/journal_codec.hpp"
#include "host/formula/plan.hpp"
#include "tests/host/formula/random_formula.hpp"

namespace formulary::testing {
namespace {

using namespace plan;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t seeds_usual = 3'200;
#else
constexpr std::uint64_t seeds_usual = 100'000;
#endif
constexpr std::uint64_t shards = 16;  ///< So that they can run beside each other.

using Attempt = std::pair<RunId, int>;

/// Everything that survives a crash: the vendors, and what the disk has.
struct Outside {
  std::map<Attempt, int> received;     ///< How often a vendor got that request.
  std::map<RunId, std::string> first;  ///< Key and call of each run as they were made first.
  std::set<std::string> keys;
  std::map<RunId, std::string> answered;  ///< The status that the vendor gave last.
  std::vector<std::string> rows;
  std::size_t rows_waited_for = 0;  ///< Somebody relied on these: they are on the disk for certain.
  bool acknowledged = false;
};

/// By the call itself and not by what the plan says of it.
bool must_not_be_repeated(const Call& call) {
  if (std::holds_alternative<AmqpCall>(call)) return true;
  const auto* stream = std::get_if<StreamCall>(&call);
  const auto* request = stream == nullptr ? std::get_if<RequestCall>(&call) : &stream->upload;
  if (request == nullptr || (request->method != "POST" && request->method != "PATCH")) return false;
  return std::none_of(request->headers.begin(), request->headers.end(),
                      [](const auto& header) { return header.first == "Idempotency-Key" && !header.second.empty(); });
}

/// Plays the engine: performs actions by the output-commit rule, and checks each as it comes.
class World {
 public:
  explicit World(std::uint64_t seed) : dice_(seed), formula_(random_formula(dice_)) {
    limits_.steps_max = 1 + dice_.below(60);
    limits_.scope_bytes_max = dice_.one_in(6) ? 40 : 1U << 20U;
    limits_.values_bytes_max = dice_.one_in(6) ? 2'000 : 1U << 20U;
    limits_.depth_max = 1 + dice_.below(3);
    state_.limits = limits_;
    cancels_at_ = dice_.one_in(6) ? dice_.below(30) : SIZE_MAX;
    crash_odds_ = dice_.one_in(3) ? 8 : 30;
  }

  void play() {
    for (std::size_t turn = 0; !ended_; ++turn) {
      ASSERT_LT(turn, 5'000U) << "it never ends";
      take_turn(turn);
      if (::testing::Test::HasFailure()) return;
    }
    check_the_end();
  }

 private:
  /// A call that the engine has been told to make.
  struct Out {
    RunStep action;
    bool sent = false;
  };

  void take_turn(std::size_t turn) {
    if (dice_.one_in(crash_odds_)) return crash();
    if (!state_.started) return begin();
    if (turn >= cancels_at_ && !cancelled_) {
      cancelled_ = true;
      return send(CancelRequested{.reason = "enough"});
    }
    if (state_.parked) return decide();
    if (dice_.one_in(12)) return commit(false);
    if (dice_.one_in(20)) return tell_nonsense();
    if (!timers_.empty() && (out_.empty() || dice_.one_in(2))) return fire();
    ASSERT_FALSE(out_.empty()) << "it neither ended nor waits for anything";
    auto call = std::next(out_.begin(), static_cast<std::ptrdiff_t>(dice_.below(out_.size())));
    if (!call->second.sent) return send_out(call->second);
    answer(call->first);
  }

  void begin() {
    const json::value args =
        json::object{{"list", json::array{1, json::array{2}, json::object{{"x", 3}}}}, {"n", "text"}};
    send(Started{.execution_id = "x", .args = args, .config = {{"crm.instance", 12}}, .info = {{"formulaId", "0"}}});
    commit(true);
    outside_.acknowledged = true;
  }

  /// The vendor gets it. From here on a crash leaves it in doubt, unless doing it twice does no harm.
  void send_out(Out& out) {
    out.sent = true;
    const RunStep& action = out.action;
    const int times = ++outside_.received[{action.run, action.attempt}];
    if (must_not_be_repeated(*action.call)) {
      unsafe_.insert(action.run);
      EXPECT_EQ(times, 1) << "an unsafe request was sent twice: run " << action.run;
    }
  }

  void answer(RunId run) {
    const RunStep action = out_.at(run).action;
    out_.erase(run);
    Outcome outcome = random_outcome(dice_, *action.call);
    const auto* answered = std::get_if<Answered>(&outcome);
    outside_.answered[run] = answered == nullptr ? "" : std::to_string(answered->status);
    send(StepEnded{.run = run, .outcome = outcome});
    if (dice_.one_in(15)) send(StepEnded{.run = run, .outcome = std::move(outcome)});  // told twice
  }

  void fire() {
    const auto timer = std::next(timers_.begin(), static_cast<std::ptrdiff_t>(dice_.below(timers_.size())));
    const RunId run = *timer;
    timers_.erase(timer);
    send(TimerFired{.run = run});
  }

  /// Of runs that never were, and what nobody asked for: changes nothing.
  void tell_nonsense() {
    const std::string before = fingerprint(state_);
    send(StepEnded{.run = 10'000, .outcome = Broke{}});
    send(TimerFired{.run = 9'999});
    send(Resolved{.run = 1'000, .outcome = Delivered{}});
    send(Started{.execution_id = "y"});
    EXPECT_EQ(fingerprint(state_), before);
  }

  void decide() {
    for (const auto& [id, run] : state_.active) {
      if (run.waits != ActiveRun::Waits::person) continue;
      if (dice_.one_in(2)) return send(Resolved{.run = id});
      decided_.insert(id);
      return send(Resolved{.run = id, .outcome = random_outcome(dice_, *run.call)});
    }
    FAIL() << "it is parked without anything in doubt";
  }

  template <class What>
  void send(What what) {
    now_ += std::chrono::milliseconds(1 + dice_.below(400));
    Event event{.at = now_, .what = std::move(what)};
    const bool was_finished = state_.finished();
    if (!was_finished) unwritten_.emplace_back(event);
    const auto actions = advance(*formula_, state_, std::move(event));
    if (was_finished) {
      EXPECT_TRUE(actions.empty()) << "an action after the end";
    }
    for (const auto& action : actions) std::visit([this](const auto& it) { this->perform(it); }, action);
    if (waits_for_disk_) commit(true);  // an event and all that comes of it are in one row
    waits_for_disk_ = false;
    EXPECT_EQ(fault_in(state_), "");
    EXPECT_EQ(state_.finished(), finished_);
    if (finished_ && !ended_) {
      commit(true);
      ended_ = true;
    }
  }

  void perform(const RunStep& action) {
    EXPECT_FALSE(finished_);
    ASSERT_TRUE(action.call != nullptr && action.step != nullptr && action.formula != nullptr);
    EXPECT_EQ(action.formula->find_step(action.step->name), action.step);
    EXPECT_TRUE(out_.emplace(action.run, Out{.action = action}).second) << "a run that is out is run again";
    check_is_as_before(action);
    if (action.safety != Safety::unsafe) return;
    unwritten_.emplace_back(Intent{.run = action.run,
                                   .attempt = action.attempt,
                                   .idempotency_key = action.idempotency_key,
                                   .safety = action.safety});
    waits_for_disk_ = true;
  }
  void perform(const SetTimer& action) {
    EXPECT_TRUE(timers_.insert(action.run).second);
    EXPECT_EQ(action.due, now_ + action.delay);
    waits_for_disk_ = true;
  }
  void perform(const Record& action) {
    EXPECT_EQ(out_.count(action.step.run), 0U) << "recorded while it is out";
    EXPECT_TRUE(recorded_.insert(action.step.run).second) << "a run ended twice";
    unwritten_.emplace_back(action.step);
  }
  void perform(const Abandon& action) {
    for (const RunId run : action.runs) EXPECT_EQ(out_.erase(run) + timers_.erase(run), 1U);
  }
  void perform(const Park& action) {
    EXPECT_TRUE(out_.empty() && timers_.empty()) << "parked while something is out";
    EXPECT_FALSE(action.runs.empty());
  }
  void perform(const Finish& action) {
    EXPECT_FALSE(finished_) << "it ended twice";
    finished_ = true;
    status_ = action.status;
    by_its_steps_ = !action.error;
  }

  /// What is computed again, after a retry or a crash, is the same: key, seed, clock, inputs.
  void check_is_as_before(const RunStep& action) {
    std::string text = action.idempotency_key;
    if (const auto* script = std::get_if<ScriptCall>(action.call.get())) {
      text += std::to_string(script->seed) + std::to_string(script->now.time_since_epoch().count()) +
              script_context(*script->scope);
    }
    const auto [first, is_new] = outside_.first.emplace(action.run, text);
    if (is_new && action.safety != Safety::keyed && !action.idempotency_key.empty()) {
      EXPECT_TRUE(outside_.keys.insert(action.idempotency_key).second) << "two runs share a key";
    }
    EXPECT_EQ(first->second, text) << "run " << action.run << " is not as it was";
  }

  void commit(bool waited_for) {
    if (!unwritten_.empty()) outside_.rows.push_back(encode(unwritten_));
    unwritten_.clear();
    if (waited_for) outside_.rows_waited_for = outside_.rows.size();
  }

  /// The process is gone, and rows that nobody waited for may be too.
  void crash() {
    if (dice_.one_in(4)) check_replay_of_all();
    const std::size_t kept =
        outside_.rows_waited_for + dice_.below(outside_.rows.size() - outside_.rows_waited_for + 1);
    outside_.rows.resize(kept);
    outside_.rows_waited_for = kept;
    Replayed replayed = replay(kept);
    forget_what_comes_after(replayed.state);
    recover(std::move(replayed));
  }

  /// Runs that the lost rows began may begin again as others.
  void forget_what_comes_after(const State& kept) {
    EXPECT_EQ(kept.started, outside_.acknowledged) << "an acknowledged execution is lost";
    for (auto run = outside_.first.begin(); run != outside_.first.end();) {
      if (run->first <= kept.runs_begun) {
        ++run;
        continue;
      }
      for (const auto& received : outside_.received) {
        EXPECT_FALSE(received.first.first == run->first && unsafe_.count(run->first) == 1)
            << "an unsafe request was sent before its intent was on the disk";
      }
      run = outside_.first.erase(run);
    }
    std::erase_if(outside_.received, [&](const auto& it) { return it.first.first > kept.runs_begun; });
    outside_.keys.clear();
    for (const auto& [run, text] : outside_.first) {
      if (text.size() == 32) outside_.keys.insert(text);
    }
  }

  struct Replayed {
    State state;
    std::vector<StepRecord> records;  ///< That the replay gives.
    std::set<Attempt> intents;
    std::optional<Finish> finish;
  };

  /// Reads the rows and takes their events into a new state; the records on the disk must be those that come of it.
  Replayed replay(std::size_t rows) {
    Replayed result;
    result.state.limits = limits_;
    std::vector<StepRecord> written;
    for (std::size_t row = 0; row < rows; ++row) {
      for (auto& record : decode(outside_.rows[row])) take(record, result, written);
    }
    compare(result.records, written);
    return result;
  }

  void take(JournalRecord& record, Replayed& result, std::vector<StepRecord>& written) {
    if (auto* step = std::get_if<StepRecord>(&record)) written.push_back(std::move(*step));
    if (auto* intent = std::get_if<Intent>(&record)) result.intents.insert({intent->run, intent->attempt});
    auto* event = std::get_if<Event>(&record);
    if (event == nullptr) return;
    for (const auto& action : advance(*formula_, result.state, std::move(*event))) {
      if (const auto* step = std::get_if<Record>(&action)) result.records.push_back(step->step);
      if (const auto* finish = std::get_if<Finish>(&action)) {
        EXPECT_FALSE(result.finish.has_value());
        result.finish = *finish;
      }
    }
  }

  static void compare(const std::vector<StepRecord>& happened, const std::vector<StepRecord>& written) {
    ASSERT_EQ(happened.size(), written.size()) << "history is not what happened";
    for (std::size_t at = 0; at < happened.size(); ++at) {
      if (is_same(happened[at], written[at])) continue;
      EXPECT_EQ(text_of(happened[at]), text_of(written[at])) << "history is not what happened";
    }
  }

  static bool is_same(const StepRecord& a, const StepRecord& b) {
    const bool same_error = a.error && b.error ? a.error->code == b.error->code && a.error->message == b.error->message
                                               : a.error.has_value() == b.error.has_value();
    return same_error && a.run == b.run && a.parent == b.parent && a.name == b.name && a.type == b.type &&
           a.status == b.status && a.attempts == b.attempts && a.started == b.started && a.ended == b.ended &&
           a.values == b.values;
  }

  static std::string text_of(const StepRecord& step) {
    std::string text = std::to_string(step.run) + ' ' + std::to_string(step.parent) + ' ' + step.name + ' ' +
                       step.type + ' ' + std::string(name(step.status)) + ' ' + std::to_string(step.attempts) + ' ' +
                       std::to_string(step.started.time_since_epoch().count()) + ' ' +
                       std::to_string(step.ended.time_since_epoch().count());
    for (const auto& [key, value] : step.values) text += ' ' + key + '=' + value;
    return step.error ? text + ' ' + step.error->code + ' ' + step.error->message : text;
  }

  /// All that happened, read back: the state is the live one.
  void check_replay_of_all() {
    commit(false);
    const Replayed all = replay(outside_.rows.size());
    EXPECT_EQ(fingerprint(all.state), fingerprint(state_));
  }

  void recover(Replayed replayed) {
    unwritten_.clear();
    out_.clear();
    timers_.clear();
    recorded_.clear();
    for (const auto& record : replayed.records) recorded_.insert(record.run);
    state_ = std::move(replayed.state);
    ASSERT_FALSE(replayed.finish.has_value()) << "an end that was on the disk had not been seen";
    std::vector<RunId> doubted;
    for (const auto& action : outstanding(state_, now_)) {
      if (const auto* timer = std::get_if<SetTimer>(&action)) {
        timers_.insert(timer->run);
        continue;
      }
      const auto& run = std::get<RunStep>(action);
      check_is_as_before(run);
      out_.emplace(run.run, Out{.action = run});
      if (run.safety != Safety::unsafe) continue;
      if (replayed.intents.count({run.run, run.attempt}) == 1) {
        doubted.push_back(run.run);
      } else {
        unwritten_.emplace_back(Intent{.run = run.run, .attempt = run.attempt, .idempotency_key = run.idempotency_key});
      }
    }
    commit(true);
    for (const RunId run : doubted) {
      out_.erase(run);
      send(Doubted{.run = run});
    }
  }

  void check_the_end() {
    EXPECT_TRUE(out_.empty() && timers_.empty()) << "something is still out";
    EXPECT_LE(state_.runs_begun, limits_.steps_max);
    const Replayed all = replay(outside_.rows.size());
    EXPECT_EQ(fingerprint(all.state), fingerprint(state_));
    ASSERT_TRUE(all.finish.has_value());
    EXPECT_EQ(all.finish->status, status_);
    if (!all.records.empty()) {
      EXPECT_EQ(all.records.size(), state_.runs_begun + 1) << "each run, and the trigger, is recorded once";
    }
    bool failed = false;
    for (const auto& record : all.records) check_record(record, failed);
    if (by_its_steps_ && !started_over_) {
      EXPECT_EQ(status_, failed ? ExecutionStatus::failed : ExecutionStatus::success);
    }
    const std::vector<std::string> rows = outside_.rows;
    tell_nonsense();
    send(CancelRequested{});
    EXPECT_EQ(outside_.rows, rows) << "a record changed after the end";
  }

  void check_record(const StepRecord& record, bool& failed) {
    // Also one whose own output did not fit any more starts the formula over.
    const bool used_up = record.error && record.error->code == "retries_used_up";
    if (record.type == "retryFormulaExecution" && record.parent == 0 && !used_up) started_over_ = true;
    if (record.status == StepStatus::failed && record.error && record.parent == 0) failed = true;
    if (record.type != "httpRequest" || record.status != StepStatus::success) return;
    for (const auto& [key, value] : record.values) {
      if (key != record.name + ".response.code" || decided_.count(record.run) == 1) continue;
      const auto vendor = outside_.answered.find(record.run);
      if (vendor == outside_.answered.end()) continue;  // a person said so
      EXPECT_GE(outside_.received[std::make_pair(record.run, record.attempts)], 1)
          << "a success that no vendor knows of";
    }
  }

  Dice dice_;
  std::shared_ptr<const Formula> formula_;
  Limits limits_;
  State state_;
  std::size_t cancels_at_ = 0;
  std::size_t crash_odds_ = 0;
  bool cancelled_ = false;
  Clock::WallTime now_ = Clock::WallTime(std::chrono::seconds(1'700'000'000));
  Outside outside_;
  std::vector<JournalRecord> unwritten_;
  std::map<RunId, Out> out_;
  std::set<RunId> timers_;
  std::set<RunId> recorded_;
  std::set<RunId> unsafe_;
  std::set<RunId> decided_;
  bool waits_for_disk_ = false;
  bool finished_ = false;
  bool ended_ = false;
  bool by_its_steps_ = false;
  bool started_over_ = false;
  ExecutionStatus status_ = ExecutionStatus::pending;
};

std::uint64_t number_from(const char* variable, std::uint64_t usual) {
  const char* text = std::getenv(variable);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

class PlanSimulation : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(PlanSimulation, TheInvariantsHoldForEverySeed) {
  const std::uint64_t only = number_from("FORMULARY_SEED", UINT64_MAX);
  const std::uint64_t per_shard = number_from("FORMULARY_SEEDS", seeds_usual) / shards;
  for (std::uint64_t seed = GetParam() * per_shard; seed < (GetParam() + 1) * per_shard; ++seed) {
    if (only != UINT64_MAX) seed = only;
    World(seed).play();
    ASSERT_FALSE(HasFailure()) << "FORMULARY_SEED=" << seed;
    if (only != UINT64_MAX) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, PlanSimulation, ::testing::Range(std::uint64_t{0}, shards));

}  // namespace
}  // namespace formulary::testing

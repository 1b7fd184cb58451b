/// \file
/// Random formulas, random answers, random order: what must hold whatever happens. A failure prints its seed.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/formula/formula.hpp"
#include "host/formula/plan.hpp"

namespace formulary::plan {
namespace {

constexpr std::uint64_t shards = 8;  ///< So that they can run beside each other.
constexpr std::uint64_t seeds_per_shard = 2'500;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
  bool one_in(std::size_t count) { return below(count) == 0; }

 private:
  std::mt19937_64 engine_;
};

json::array random_names(Dice& dice, std::size_t steps) {
  json::array names;
  for (std::size_t count = dice.below(3); count > 0; --count)
    names.emplace_back("s" + std::to_string(dice.below(steps)));
  return names;
}

/// Kinds that run, kinds that cannot, requests whose references lead nowhere: circles and diamonds as they fall.
json::object random_properties(Dice& dice, std::string_view type) {
  if (type == "script" || type == "filter") return {{"body", "done(1)"}};
  json::object properties{{"method", dice.one_in(2) ? "GET" : "POST"},
                          {"url", dice.one_in(8) ? "${trigger.args.no}" : "https://x.org/"}};
  properties["body"] = dice.one_in(2) ? "${steps.s0.response.body}" : "";
  if (dice.one_in(3)) {
    properties["retry"] = "true";
    properties["retryAttempts"] = dice.below(4);
    properties["retryDelay"] = dice.below(2) * 100;
  }
  return properties;
}

std::shared_ptr<const Formula> random_formula(Dice& dice) {
  const std::size_t count = 1 + dice.below(7);
  json::array steps;
  for (std::size_t index = 0; index < count; ++index) {
    const char* types[] = {"script", "filter", "httpRequest", "httpRequest", "loop"};
    const std::string type = types[dice.below(dice.one_in(4) ? 5 : 4)];
    steps.push_back({{"name", "s" + std::to_string(index)},
                     {"type", type},
                     {"properties", random_properties(dice, type)},
                     {"onSuccess", random_names(dice, count)},
                     {"onFailure", random_names(dice, count)}});
  }
  json::object trigger{{"type", "manual"}, {"onSuccess", random_names(dice, count)}};
  return Formula::from_json(json::object{{"name", "random"}, {"triggers", json::array{trigger}}, {"steps", steps}});
}

Outcome random_outcome(Dice& dice, const Call& call) {
  if (dice.one_in(12))
    return Broke{.code = dice.one_in(2) ? ErrorCode::timed_out : ErrorCode::internal, .message = "broke"};
  if (dice.one_in(40)) return Answered{.status = 200};  // perhaps not what was asked for
  if (std::holds_alternative<RequestCall>(call)) {
    const int statuses[] = {200, 200, 201, 404, 500};
    return Answered{.status = statuses[dice.below(5)], .body = R"({"n":1})", .content_type = "application/json"};
  }
  const char* values[] = {"true", "false", R"({"a":1})", ""};
  return ScriptEnded{
      .ok = !dice.one_in(10), .value = values[dice.below(4)], .error = "threw", .error_code = "script.exception"};
}

/// Plays the engine, and checks each action as it comes.
class World {
 public:
  explicit World(std::uint64_t seed) : dice_(seed), formula_(random_formula(dice_)) {
    state_.limits.steps_max = 1 + dice_.below(60);
    state_.limits.scope_bytes_max = dice_.one_in(4) ? 30 : 1U << 20U;
    cancels_at_ = dice_.one_in(5) ? dice_.below(20) : SIZE_MAX;
  }

  void play() {
    send(Started{.execution_id = "x", .args = json::object{}});
    for (std::size_t turn = 0; !finished_; ++turn) {
      ASSERT_LT(turn, 5'000U) << "it never ends";
      ASSERT_TRUE(!out_.empty() || !timers_.empty()) << "it neither ended nor waits for anything";
      if (turn == cancels_at_) {
        send(CancelRequested{});
      } else {
        step();
      }
      if (testing::Test::HasFailure()) return;
    }
    check_the_end();
  }

 private:
  void step() {
    if (dice_.one_in(20)) return send(StepEnded{.run = 10'000, .outcome = Broke{}});  // of a run that never was
    const bool timer = !timers_.empty() && (out_.empty() || dice_.one_in(2));
    if (timer) {
      const auto run = std::next(timers_.begin(), static_cast<std::ptrdiff_t>(dice_.below(timers_.size())));
      const RunId id = *run;
      timers_.erase(run);
      return send(TimerFired{.run = id});
    }
    const auto call = std::next(out_.begin(), static_cast<std::ptrdiff_t>(dice_.below(out_.size())));
    const RunId id = call->first;
    Outcome outcome = random_outcome(dice_, *call->second);
    out_.erase(call);
    send(StepEnded{.run = id, .outcome = outcome});
    if (dice_.one_in(15)) send(StepEnded{.run = id, .outcome = std::move(outcome)});  // told twice
  }

  template <class What>
  void send(What what) {
    const auto actions =
        advance(*formula_, state_, {.at = Clock::WallTime(std::chrono::seconds(++now_)), .what = std::move(what)});
    if (finished_) {
      EXPECT_TRUE(actions.empty()) << "an action after the end";
    }
    for (const auto& action : actions) std::visit([this](const auto& it) { this->check(it); }, action);
    EXPECT_EQ(state_.finished(), finished_);
  }

  void check(const RunStep& action) {
    EXPECT_FALSE(finished_);
    EXPECT_TRUE(action.call != nullptr && action.step != nullptr);
    EXPECT_TRUE(out_.emplace(action.run, action.call).second) << "a run that is out is run again";
    EXPECT_EQ(action.attempt, ++attempts_[action.run]);
    const auto [key, is_new] = keys_.emplace(action.run, action.idempotency_key);
    EXPECT_EQ(key->second, action.idempotency_key) << "the key changed between attempts";
    if (is_new && !action.idempotency_key.empty()) {
      EXPECT_TRUE(all_keys_.insert(action.idempotency_key).second) << "two runs share a key";
    }
  }
  void check(const SetTimer& action) {
    EXPECT_TRUE(timers_.insert(action.run).second);
    EXPECT_LE(attempts_[action.run], 5);
  }
  void check(const Record& action) {
    EXPECT_TRUE(recorded_.insert(action.step.run).second) << "a run ended twice";
    EXPECT_EQ(out_.count(action.step.run), 0U) << "recorded while it is out";
    if (action.step.status == StepStatus::failed && action.step.error) any_failed_ = true;
  }
  void check(const Abandon& action) {
    for (const RunId run : action.runs) EXPECT_EQ(out_.erase(run) + timers_.erase(run), 1U);
  }
  void check(const Park& /*action*/) { ADD_FAILURE() << "nothing is in doubt"; }
  void check(const Finish& action) {
    EXPECT_FALSE(finished_) << "it ended twice";
    finished_ = true;
    status_ = action.status;
    if (!action.error) {
      EXPECT_EQ(action.status, any_failed_ ? ExecutionStatus::failed : ExecutionStatus::success);
    }
  }

  void check_the_end() {
    EXPECT_TRUE(out_.empty() && timers_.empty()) << "something is still out";
    EXPECT_LE(state_.runs_begun, state_.limits.steps_max);
    const bool began = status_ != ExecutionStatus::cancelled || !recorded_.empty();
    EXPECT_EQ(recorded_.size(), state_.runs_begun + (began ? 1 : 0)) << "each run, and the trigger, is recorded once";
    EXPECT_LE(state_.scope_bytes, state_.limits.scope_bytes_max + 200 * formula_->steps().size());
    EXPECT_TRUE(state_.active.empty());
  }

  Dice dice_;
  std::shared_ptr<const Formula> formula_;
  State state_;
  std::size_t cancels_at_ = 0;
  int now_ = 0;
  bool finished_ = false;
  bool any_failed_ = false;
  ExecutionStatus status_ = ExecutionStatus::pending;
  std::map<RunId, std::shared_ptr<const Call>> out_;
  std::set<RunId> timers_;
  std::map<RunId, int> attempts_;
  std::map<RunId, std::string> keys_;
  std::set<std::string> all_keys_;
  std::set<RunId> recorded_;
};

class PlanSimulation : public testing::TestWithParam<std::uint64_t> {};

TEST_P(PlanSimulation, TheInvariantsHoldForEverySeed) {
  const std::uint64_t first = GetParam() * seeds_per_shard;
  for (std::uint64_t seed = first; seed < first + seeds_per_shard; ++seed) {
    World(seed).play();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, PlanSimulation, testing::Range(std::uint64_t{0}, shards));

}  // namespace
}  // namespace formulary::plan

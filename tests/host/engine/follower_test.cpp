#include "host/engine/follower.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "host/base/error.hpp"
#include "tests/host/engine/engine_fixture.hpp"

namespace formulary::testing {
namespace {

using namespace std::chrono_literals;

/// Each wait is over at once, after what the test does in it.
class ScriptedTimers final : public Timers {
 public:
  explicit ScriptedTimers(std::function<void(int)> meanwhile) : meanwhile_(std::move(meanwhile)) {}
  void after(std::chrono::milliseconds delay, std::function<void()> callback) override {
    delays.push_back(delay);
    meanwhile_(static_cast<int>(delays.size()));
    callback();
  }
  std::vector<std::chrono::milliseconds> delays;

 private:
  std::function<void(int)> meanwhile_;
};

class FollowerTest : public EngineTest {
 protected:
  [[nodiscard]] FollowOrder order(std::int64_t execution) {
    return {.execution = execution, .observe = [this](const StepExecution& step) { seen.push_back(step.name); }};
  }
  std::vector<std::string> seen;
};

TEST_F(FollowerTest, TellsOfEachStepOnceUntilTheEndIsOnTheDisk) {
  std::promise<void> release;
  answer = [released = release.get_future().share()](const HttpRequest& request) {
    if (request.method == "POST") released.wait();
    return ok();
  };
  const auto conducting = engine();
  const std::int64_t id =
      conducting->submit({.formula = formula_of(R"("a")", http_step("a", "GET", "", R"(,"onSuccess":["b"])") + "," +
                                                              http_step("b", "POST", "", R"(,"onSuccess":["c"])") +
                                                              "," + http_step("c", "GET"))});
  while (sent().size() < 2) std::this_thread::yield();  // before b left all that came before it was on the disk
  const History history(storage());                     // as another process has it
  ScriptedTimers looks([&](int look) {
    if (look == 1) return;
    EXPECT_EQ(seen, (std::vector<std::string>{"trigger", "a"})) << "what is on the disk shows while b is out";
    release.set_value();
    (void)conducting->wait(id, 1min);
  });

  const auto ended = follow_execution(history, looks, order(id));

  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, "success");
  EXPECT_EQ(seen, (std::vector<std::string>{"trigger", "a", "b", "c"}));
  EXPECT_EQ(looks.delays, (std::vector<std::chrono::milliseconds>{500ms, 500ms}));
}

TEST_F(FollowerTest, WhatHasEndedIsToldAtOnce) {
  const auto conducting = engine();
  const std::int64_t id = conducting->submit({.formula = formula_of(R"("a")", http_step("a", "GET"))});
  ASSERT_TRUE(conducting->wait(id, 1min));
  ScriptedTimers looks([](int) { FAIL() << "nothing to wait for"; });
  EXPECT_TRUE(follow_execution(History(storage()), looks, order(id)));
  EXPECT_EQ(seen, (std::vector<std::string>{"trigger", "a"}));
}

TEST_F(FollowerTest, AStopEndsTheWaiting) {
  std::promise<void> release;
  answer = [released = release.get_future().share()](const HttpRequest&) {
    released.wait();
    return ok();
  };
  const auto conducting = engine();
  const std::int64_t id = conducting->submit({.formula = formula_of(R"("a")", http_step("a", "POST"))});
  std::stop_source stop;
  FollowOrder following = order(id);
  following.stop = stop.get_token();
  ScriptedTimers looks([&](int) { stop.request_stop(); });
  EXPECT_FALSE(follow_execution(History(storage()), looks, following));
  release.set_value();
}

TEST_F(FollowerTest, AnUnknownExecutionIsNotFound) {
  ScriptedTimers looks([](int) {});
  try {
    (void)follow_execution(History(storage()), looks, order(4711));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
  }
}

}  // namespace
}  // namespace formulary::testing

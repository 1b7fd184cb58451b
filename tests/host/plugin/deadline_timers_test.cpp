#include "host/plugin/deadline_timers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <vector>

namespace formulary {
namespace {

using namespace std::chrono_literals;

class HandClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return {}; }
  [[nodiscard]] MonotonicTime monotonic() const override { return MonotonicTime(now_.load()); }
  void advance(std::chrono::nanoseconds by) { now_.store(now_.load() + by); }

 private:
  std::atomic<std::chrono::nanoseconds> now_{1h};
};

class TimersTest : public testing::Test {
 protected:
  /// Waits until the timers have looked at the clock since it was moved.
  void advance(std::chrono::nanoseconds by) {
    clock->advance(by);
    std::binary_semaphore looked{0};
    timers.set(clock->monotonic(), [&] { looked.release(); });
    looked.acquire();
  }

  std::shared_ptr<HandClock> clock = std::make_shared<HandClock>();
  DeadlineTimers timers{clock};
  std::vector<int> ran;  // by the timers' thread, read after advance()
};

TEST_F(TimersTest, RunAlarmsInTheOrderOfTheirTimes) {
  const auto now = clock->monotonic();
  timers.set(now + 20ms, [&] { ran.push_back(20); });
  timers.set(now + 10ms, [&] { ran.push_back(10); });
  timers.set(now + 30ms, [&] { ran.push_back(30); });
  advance(9ms);
  EXPECT_EQ(ran, std::vector<int>{});
  advance(1ms);
  EXPECT_EQ(ran, std::vector<int>{10});
  advance(20ms);
  EXPECT_EQ(ran, (std::vector<int>{10, 20, 30}));
}

TEST_F(TimersTest, DoNotRunAnAlarmThatWasTakenBack) {
  const auto now = clock->monotonic();
  const auto taken_back = timers.set(now + 10ms, [&] { ran.push_back(10); });
  timers.set(now + 10ms, [&] { ran.push_back(11); });
  timers.cancel(taken_back);
  advance(20ms);
  EXPECT_EQ(ran, std::vector<int>{11});
  timers.cancel(taken_back);  // once more: nothing happens
}

TEST_F(TimersTest, AnAlarmMaySetAnother) {
  timers.set(clock->monotonic(), [&] { timers.set(clock->monotonic() + 5ms, [&] { ran.push_back(5); }); });
  advance(0ms);
  advance(5ms);
  EXPECT_EQ(ran, std::vector<int>{5});
}

TEST(DeadlineTimers, EndWithAlarmsOutstanding) {
  DeadlineTimers timers(std::make_shared<SystemClock>());
  timers.set(Clock::MonotonicTime::clock::now() + 1h, [] { ADD_FAILURE() << "too early"; });
}

}  // namespace
}  // namespace formulary

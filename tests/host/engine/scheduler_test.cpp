#include "host/engine/scheduler.hpp"

#include "tests/host/engine/engine_fixture.hpp"

namespace formulary::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The clock stands at 2023-11-14 22:13:20 UTC; the schedule is each quarter of an hour.
class SchedulerTest : public EngineTest {
 protected:
  [[nodiscard]] std::unique_ptr<Scheduler> scheduler() {
    auto made = std::make_unique<Scheduler>(SchedulerPorts{
        .storage = storage(),
        .timers = &timers,
        .clock = &clock,
        .fire = [this](std::int64_t, Clock::WallTime moment) { fired.push_back(iso8601(moment).substr(11, 5)); },
        .warn = [this](const std::string& sentence) { told.push_back(sentence); }});
    made->put({.formula_instance = 1, .cron = CronSchedule::parse("0 0/15 * * * ?")});
    return made;
  }

  std::vector<std::string> fired;
  std::vector<std::string> told;
};

TEST_F(SchedulerTest, ServesEachMomentOnce) {
  const auto running = scheduler();
  running->look();
  EXPECT_THAT(fired, IsEmpty());
  clock.advance(100s);  // 22:15:00
  running->look();
  running->look();
  EXPECT_THAT(fired, ElementsAre("22:15"));
  clock.advance(15min);
  running->look();
  EXPECT_THAT(fired, ElementsAre("22:15", "22:30"));
  EXPECT_EQ(running->standing(1)->missed, 0);
  EXPECT_EQ(iso8601(*running->standing(1)->next), "2023-11-14T22:45:00Z");
}

TEST_F(SchedulerTest, AfterAPauseTheLastMissedMomentIsServedAndTheOthersAreCounted) {
  scheduler().reset();  // a host that was there before
  clock.advance(1h);    // 23:13:20
  const auto running = scheduler();
  running->look();
  EXPECT_THAT(fired, ElementsAre("23:00"));
  EXPECT_EQ(running->standing(1)->missed, 3);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find("3 moments were missed"), std::string::npos);
}

TEST_F(SchedulerTest, AClockThatIsPutBackServesNothingTwice) {
  const auto running = scheduler();
  clock.advance(100s);
  running->look();
  clock.advance(-10min);
  running->look();
  clock.advance(10min);
  running->look();
  EXPECT_THAT(fired, ElementsAre("22:15"));
}

TEST_F(SchedulerTest, TwoHostsServeAMomentOnce) {
  const auto one = scheduler();
  const auto other = scheduler();
  clock.advance(100s);
  one->look();
  other->look();
  EXPECT_THAT(fired, ElementsAre("22:15"));
}

TEST_F(SchedulerTest, WhatWasRemovedIsNotServed) {
  const auto running = scheduler();
  running->remove(1);
  clock.advance(100s);
  running->look();
  EXPECT_THAT(fired, IsEmpty());
  EXPECT_FALSE(running->standing(1));
}

}  // namespace
}  // namespace formulary::testing

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <thread>

#include "host/engine/call_gate.hpp"
#include "host/engine/turn_queue.hpp"
#include "host/engine/worker_pool.hpp"

namespace formulary {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TurnQueueTest, FirstComeFirstServedWithinEachGroup) {
  TurnQueue turns(100);
  EXPECT_TRUE(turns.enter(1, 1, 10));
  EXPECT_FALSE(turns.enter(1, 1, 11));
  EXPECT_FALSE(turns.enter(1, 1, 12));
  EXPECT_TRUE(turns.enter(2, 1, 20)) << "another group";
  EXPECT_EQ(turns.waiting(), 2U);
  EXPECT_THAT(turns.leave(1), ElementsAre(11));
  EXPECT_TRUE(turns.withdraw(1, 12));
  EXPECT_FALSE(turns.withdraw(1, 12));
  EXPECT_FALSE(turns.withdraw(7, 12));
  EXPECT_THAT(turns.leave(1), IsEmpty());
  EXPECT_THAT(turns.leave(2), IsEmpty());
  EXPECT_EQ(turns.running(), 0U);
  EXPECT_THAT(turns.leave(2), IsEmpty()) << "nobody has a turn to give up";
}

TEST(TurnQueueTest, TheBoundOverAllHoldsAndATurnGoesToAnotherGroup) {
  TurnQueue turns(1);
  EXPECT_TRUE(turns.enter(1, 0, 10));
  EXPECT_FALSE(turns.enter(2, 0, 20));
  EXPECT_THAT(turns.leave(1), ElementsAre(20));
  turns.enter_by_force(3, 1);
  EXPECT_EQ(turns.running(), 2U);
}

TEST(CallGateTest, WhoWaitsIsCalledWhenAPlaceIsFree) {
  CallGate gate;
  int called = 0;
  EXPECT_TRUE(gate.enter("i", 1, [&called] { ++called; }));
  EXPECT_FALSE(gate.enter("i", 1, [&called] { ++called; }));
  EXPECT_TRUE(gate.enter("other", 1, {}));
  EXPECT_TRUE(gate.enter("free", 0, {}));
  gate.leave("i");
  EXPECT_EQ(called, 1);
  EXPECT_FALSE(gate.enter("i", 1, [] {})) << "the place was taken over";
  gate.leave("unknown");
}

TEST(WorkerPoolTest, MakesThreadsAsTheyAreNeededAndLetsIdleOnesGo) {
  WorkerPool pool(3, 1ms);
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::atomic<int> began = 0;
  for (int job = 0; job < 5; ++job) {
    pool.run([&] {
      ++began;
      released.wait();
    });
  }
  while (began < 3) std::this_thread::yield();
  EXPECT_EQ(pool.threads(), 3U);
  EXPECT_TRUE(pool.is_full());
  release.set_value();
  while (pool.threads() > 0) std::this_thread::yield();
  EXPECT_EQ(began, 5);
  std::promise<void> again;
  pool.run([&again] { again.set_value(); });
  again.get_future().wait();
  pool.stop();
  pool.run([] { FAIL() << "after the stop"; });
}

}  // namespace
}  // namespace formulary

#include "host/engine/timers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <vector>

#include "host/engine/worker_pool.hpp"

namespace formulary {
namespace {

using namespace std::chrono_literals;

TEST(SystemTimersTest, FireInTheOrderOfTheirTimesNotOfTheirSetting) {
  SystemTimers timers;
  std::mutex mutex;
  std::vector<int> fired;
  std::promise<void> last;
  const auto note = [&](int what) {
    const std::lock_guard lock(mutex);
    fired.push_back(what);
    if (fired.size() == 3) last.set_value();
  };
  timers.after(40ms, [&] { note(3); });
  timers.after(0ms, [&] { note(1); });
  timers.after(20ms, [&] { note(2); });
  ASSERT_EQ(last.get_future().wait_for(30s), std::future_status::ready);
  EXPECT_EQ(fired, (std::vector<int>{1, 2, 3}));
}

TEST(SystemTimersTest, DropWhatStillWaitsWhenTheyEnd) {
  std::atomic<bool> fired = false;
  {
    SystemTimers timers;
    timers.after(1h, [&fired] { fired = true; });
  }
  EXPECT_FALSE(fired);
}

TEST(WorkerPoolTest, RunsAsManyJobsAtOnceAsItHasWorkersAndNoMore) {
  constexpr std::size_t workers = 3;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<int> ended = 0;
  std::promise<void> all_in;
  std::promise<void> open;
  const std::shared_future<void> gate = open.get_future().share();
  std::promise<void> drained;
  {
    WorkerPool pool(workers);
    for (int job = 0; job < 9; ++job) {
      pool.run([&, gate] {
        const int now = ++running;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        if (now == static_cast<int>(workers) && ended == 0) all_in.set_value();
        gate.wait();
        --running;
        ++ended;
      });
    }
    ASSERT_EQ(all_in.get_future().wait_for(30s), std::future_status::ready) << "three never ran at the same time";
    open.set_value();
    pool.run([&drained] { drained.set_value(); });
    ASSERT_EQ(drained.get_future().wait_for(30s), std::future_status::ready);
  }
  EXPECT_EQ(ended, 9);
  EXPECT_EQ(most, static_cast<int>(workers));
}

}  // namespace
}  // namespace formulary

#include <formulary/poco/rate_limiter.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/poco/hostile_server.hpp"
#include "tests/poco/test_control.hpp"
#include "tests/poco/thrown_error.hpp"

namespace element::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// A clock that stands still but for sleeps and advance().
class FrozenControl final : public control {
 public:
  [[nodiscard]] element_status poll() const noexcept override { return ELEMENT_OK; }
  [[nodiscard]] std::optional<nanoseconds> remaining() const noexcept override { return limit; }
  [[nodiscard]] nanoseconds monotonic() const noexcept override { return now_; }
  [[nodiscard]] nanoseconds wall() const noexcept override { return now_; }
  void sleep(nanoseconds time) const override {
    now_ += time;
    slept += time;
  }
  void advance(nanoseconds time) { now_ += time; }

  std::optional<nanoseconds> limit;
  mutable nanoseconds slept{0};

 private:
  mutable nanoseconds now_{seconds(1'000)};
};

/// Asks once whether there is room, then no longer wants it.
class ImpatientControl final : public control {
 public:
  [[nodiscard]] element_status poll() const noexcept override { return polls_++ == 0 ? ELEMENT_OK : ELEMENT_CANCELLED; }
  [[nodiscard]] std::optional<nanoseconds> remaining() const noexcept override { return std::nullopt; }
  [[nodiscard]] nanoseconds monotonic() const noexcept override { return seconds(1'000); }
  [[nodiscard]] nanoseconds wall() const noexcept override { return seconds(1'000); }
  void sleep(nanoseconds /*time*/) const override {}

 private:
  mutable int polls_ = 0;
};

TEST(RateLimiterTest, LetsNoMoreInThanItsNumberWithinAnyWindow) {
  rate_limiter pace({{.name = "key", .requests_max = 8}});
  FrozenControl now;
  std::vector<nanoseconds> entries;
  for (int index = 0; index < 50; ++index) {
    static_cast<void>(pace.enter(now, {"key"}));
    entries.push_back(now.monotonic());
    now.advance(milliseconds(index % 90));
  }
  for (std::size_t index = 8; index < entries.size(); ++index)
    EXPECT_GE(entries[index] - entries[index - 8], seconds(1)) << index;
}

TEST(RateLimiterTest, LowersALimitAtOnceAndNeverRaisesIt) {
  rate_limiter pace({{.name = "key", .requests_max = 8}});
  FrozenControl now;
  for (int index = 0; index < 4; ++index) {
    static_cast<void>(pace.enter(now, {"key"}));
    now.advance(milliseconds(100));
  }
  pace.tighten("key", 2, 0);
  pace.tighten("key", 5, 0);
  pace.tighten("key", 0, 0);
  static_cast<void>(pace.enter(now, {"key"}));  // the last two came in at 200 and 300 ms; it is 400 ms
  EXPECT_EQ(now.slept, milliseconds(800));
  EXPECT_THROW(pace.tighten("other", 1, 1), std::out_of_range);
}

TEST(RateLimiterTest, LowersHowManyAreInsideToOne) {
  rate_limiter pace({{.name = "key", .concurrent_max = 0}});
  FrozenControl now;
  const ImpatientControl impatient;
  permit first = pace.enter(now, {"key"});
  pace.tighten("key", 0, 1);
  EXPECT_THROW(static_cast<void>(pace.enter(impatient, {"key"})), ended);
  first = permit();
  static_cast<void>(pace.enter(now, {"key"}));
}

TEST(RateLimiterTest, DoesNotMakeAnyoneWaitWhileThereIsRoom) {
  rate_limiter pace({{.name = "key", .requests_max = 8}});
  FrozenControl now;
  for (int index = 0; index < 8; ++index) static_cast<void>(pace.enter(now, {"key"}));
  EXPECT_EQ(now.slept, nanoseconds(0));
  now.advance(seconds(1));
  static_cast<void>(pace.enter(now, {"key"}));
  EXPECT_EQ(now.slept, nanoseconds(0));
}

TEST(RateLimiterTest, WaitsExactlyUntilTheOldestEntryIsAWindowAway) {
  rate_limiter pace({{.name = "publication", .requests_max = 2}});
  FrozenControl now;
  static_cast<void>(pace.enter(now, {"publication"}));
  now.advance(milliseconds(300));
  static_cast<void>(pace.enter(now, {"publication"}));
  static_cast<void>(pace.enter(now, {"publication"}));
  EXPECT_EQ(now.slept, milliseconds(700));
}

TEST(RateLimiterTest, RefusesAtOnceWhatCannotBeInTime) {
  rate_limiter pace({{.name = "key", .requests_max = 1}});
  FrozenControl now;
  static_cast<void>(pace.enter(now, {"key"}));
  now.limit = milliseconds(400);
  const auto why = thrown_error([&] { static_cast<void>(pace.enter(now, {"key"})); });
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), "http.rate_limited");
  EXPECT_EQ(why->retry_class(), retry::safe);
  EXPECT_EQ(why->retry_after_ms(), 1'000);
  EXPECT_EQ(now.slept, nanoseconds(0));
}

TEST(RateLimiterTest, WaitsForAPauseOfTheVendor) {
  rate_limiter pace({{.name = "key"}});
  FrozenControl now;
  pace.pause(now, "key", seconds(7));
  pace.pause(now, "key", seconds(3));  // never shortens
  static_cast<void>(pace.enter(now, {"key"}));
  EXPECT_EQ(now.slept, seconds(7));
}

TEST(RateLimiterTest, LetsInOnlySoManyAtATime) {
  constexpr int threads = 8;
  rate_limiter pace({{.name = "candidates", .concurrent_max = 1}, {.name = "key", .concurrent_max = 3}});
  std::atomic<int> in_candidates{0};
  std::atomic<int> in_key{0};
  std::atomic<int> entries{0};
  std::vector<std::thread> crew;
  crew.reserve(threads);
  for (int number = 0; number < threads; ++number) {
    crew.emplace_back([&, narrow = number % 2 == 0] {
      const TestControl now;
      for (int round = 0; round < 50; ++round) {
        const permit in = narrow ? pace.enter(now, {"key", "candidates"}) : pace.enter(now, {"key"});
        EXPECT_LE(++in_key, 3);
        if (narrow) {
          EXPECT_EQ(++in_candidates, 1);
        }
        std::this_thread::yield();
        if (narrow) --in_candidates;
        --in_key;
        ++entries;
      }
    });
  }
  for (std::thread& one : crew) one.join();
  EXPECT_EQ(entries, threads * 50);
}

TEST(RateLimiterTest, ACancelledWaiterLeavesItsPlaceInTheQueue) {
  rate_limiter pace({{.name = "candidates", .concurrent_max = 1}});
  TestControl now;
  std::optional<permit> inside(pace.enter(now, {"candidates"}));
  TestControl unwanted;
  std::thread waiter([&] {
    EXPECT_EQ(thrown_code([&] { static_cast<void>(pace.enter(unwanted, {"candidates"})); }), "call.cancelled");
  });
  unwanted.cancel();
  waiter.join();
  inside.reset();
  static_cast<void>(pace.enter(now, {"candidates"}));  // would hang if the waiter's place were still taken
}

TEST(RateLimiterTest, LeavesTheFirstLaneWhenTheSecondRefuses) {
  rate_limiter pace({{.name = "candidates", .concurrent_max = 1}, {.name = "key", .requests_max = 1}});
  FrozenControl now;
  static_cast<void>(pace.enter(now, {"key"}));
  now.limit = milliseconds(1);
  EXPECT_EQ(thrown_code([&] { static_cast<void>(pace.enter(now, {"candidates", "key"})); }), "http.rate_limited");
  static_cast<void>(pace.enter(now, {"candidates"}));
}

TEST(RateLimiterTest, LetsThemInInTheOrderInWhichTheyCame) {
  rate_limiter pace({{.name = "candidates", .concurrent_max = 1}});
  const TestControl now;
  std::optional<permit> inside(pace.enter(now, {"candidates"}));
  std::vector<int> order;  // guarded by the lane itself
  std::deque<Event> joined_queue;
  std::vector<std::thread> crew;
  for (int number = 0; number < 4; ++number) {
    // A control that is asked has joined the queue: poll() is called under the lane's lock.
    struct Joined final : control {
      explicit Joined(Event& to) : joined(to) {}
      [[nodiscard]] element_status poll() const noexcept override {
        joined.set();
        return ELEMENT_OK;
      }
      [[nodiscard]] std::optional<nanoseconds> remaining() const noexcept override { return std::nullopt; }
      [[nodiscard]] nanoseconds monotonic() const noexcept override { return seconds(1); }
      [[nodiscard]] nanoseconds wall() const noexcept override { return seconds(1); }
      void sleep(nanoseconds) const override {}
      Event& joined;
    };
    Event& joined = joined_queue.emplace_back();
    crew.emplace_back([&pace, &order, &joined, number] {
      const Joined mine(joined);
      const permit in = pace.enter(mine, {"candidates"});
      order.push_back(number);
    });
    ASSERT_TRUE(joined.wait());
  }
  inside.reset();
  for (std::thread& one : crew) one.join();
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3));
}

TEST(RateLimiterTest, APermitMayMove) {
  rate_limiter pace({{.name = "candidates", .concurrent_max = 1}});
  FrozenControl now;
  permit first = pace.enter(now, {"candidates"});
  permit second = std::move(first);
  second = permit();
  static_cast<void>(pace.enter(now, {"candidates"}));
}

TEST(RateLimiterTest, KnowsOnlyItsLanes) {
  rate_limiter pace({{.name = "key"}});
  EXPECT_THROW(static_cast<void>(pace.enter(FrozenControl{}, {"keys"})), std::out_of_range);
}

}  // namespace
}  // namespace element::http

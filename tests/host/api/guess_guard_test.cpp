#include "host/api/guess_guard.hpp"

#include <gmock/gmock.h>

#include "host/api/failure.hpp"
#include "tests/host/api/identity_fixture.hpp"

namespace formulary::testing {
namespace {

using api::GuessGuard;
using namespace std::chrono_literals;

std::chrono::seconds wait_of(GuessGuard& guard, std::string_view key) {
  try {
    guard.check(key);
  } catch (const api::RateLimited& limited) {
    return limited.retry_after();
  }
  return 0s;
}

class GuessGuardTest : public ::testing::Test {
 protected:
  HandClock clock;
};

TEST_F(GuessGuardTest, AfterSomeFreeOnesEachFailureDoublesTheWait) {
  GuessGuard guard(clock, {.free_failures = 2, .longest_wait = 5s});
  std::vector<std::chrono::seconds> waits;
  for (int attempt = 0; attempt < 7; ++attempt) {
    guard.failed("a");
    waits.push_back(wait_of(guard, "a"));
  }
  EXPECT_THAT(waits, ::testing::ElementsAre(0s, 0s, 1s, 2s, 4s, 5s, 5s));
  EXPECT_EQ(wait_of(guard, "b"), 0s);
  clock.advance(4s);
  EXPECT_EQ(wait_of(guard, "a"), 1s);
  clock.advance(1s);
  EXPECT_EQ(wait_of(guard, "a"), 0s);
}

TEST_F(GuessGuardTest, SuccessAndTimeForgive) {
  GuessGuard guard(clock, {.free_failures = 0, .memory = 100s});
  guard.failed("a");
  EXPECT_EQ(wait_of(guard, "a"), 1s);
  guard.succeeded("a");
  EXPECT_EQ(wait_of(guard, "a"), 0s);
  guard.succeeded("nobody");

  guard.failed("a");
  guard.failed("a");
  EXPECT_EQ(wait_of(guard, "a"), 2s);
  clock.advance(101s);
  guard.failed("a");
  EXPECT_EQ(wait_of(guard, "a"), 1s);
}

TEST_F(GuessGuardTest, OfMoreKeysThanFitTheOneThatFailedLongestAgoIsForgotten) {
  GuessGuard guard(clock, {.free_failures = 0, .keys_max = 2});
  guard.failed("a");
  guard.failed("b");
  guard.failed("a");
  guard.failed("c");
  EXPECT_EQ(wait_of(guard, "a"), 2s);
  EXPECT_EQ(wait_of(guard, "b"), 0s);
  EXPECT_EQ(wait_of(guard, "c"), 1s);
}

TEST_F(GuessGuardTest, ManyFailuresDoNotOverflow) {
  GuessGuard guard(clock, {.free_failures = 0});
  for (int attempt = 0; attempt < 200; ++attempt) guard.failed("a");
  EXPECT_EQ(wait_of(guard, "a"), 60s);
}

}  // namespace
}  // namespace formulary::testing

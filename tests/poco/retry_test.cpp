#include <formulary/poco/retry.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/poco/hostile_server.hpp"
#include "tests/poco/test_control.hpp"
#include "tests/poco/thrown_error.hpp"

namespace element::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// Wed, 21 Oct 2015 07:28:00 GMT
constexpr nanoseconds october = seconds(1'445'412'480);

TEST(RetryAfterTest, ReadsSecondsAndAllThreeFormsOfDates) {
  EXPECT_EQ(parse_retry_after("120", october), seconds(120));
  EXPECT_EQ(parse_retry_after(" 0 ", october), seconds(0));
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2015 07:28:30 GMT", october), seconds(30));
  EXPECT_EQ(parse_retry_after("Wednesday, 21-Oct-15 07:28:30 GMT", october), seconds(30));
  EXPECT_EQ(parse_retry_after("Wed Oct 21 07:28:30 2015", october), seconds(30));
}

TEST(RetryAfterTest, IsNeverNegativeAndNeverOverflows) {
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2015 07:27:00 GMT", october), seconds(0));
  EXPECT_EQ(parse_retry_after("Mon, 01 Jan 0001 00:00:00 GMT", october), seconds(0));
  EXPECT_GT(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", october), std::chrono::hours(24 * 365));
  EXPECT_GT(parse_retry_after("99999999999999999999", october), std::chrono::hours(24 * 365));
}

TEST(RetryAfterTest, IgnoresWhatIsNeither) {
  for (const char* bad :
       {"", "soon", "-1", "1.5", "1 2", "0x10", "Wed, 32 Oct 2015 07:28:30 GMT", "Mon, 30 Feb 2015 07:28:30 GMT",
        "Wed, 21 Oct 2015 07:28:30 GMT.", "Wed, 21 Oct 2015 07:28:30 +0200", "a long text that is no date at all"}) {
    EXPECT_EQ(parse_retry_after(bad, october), std::nullopt) << bad;
  }
}

TEST(BackoffTest, DoublesTheUpperEndOfItsDelaysUpToTheirBound) {
  backoff pace({.sends_max = 6, .first = milliseconds(100), .delay_max = milliseconds(500)}, [] { return 1.0; });
  EXPECT_EQ(pace.next(), milliseconds(100));
  EXPECT_EQ(pace.next(), milliseconds(200));
  EXPECT_EQ(pace.next(), milliseconds(400));
  EXPECT_EQ(pace.next(), milliseconds(500));
  EXPECT_EQ(pace.next(), milliseconds(500));
  EXPECT_EQ(pace.next(), std::nullopt);
}

TEST(BackoffTest, TakesAnyShareOfADelay) {
  double share = 0;
  backoff pace({.first = milliseconds(100)}, [&share] { return share; });
  EXPECT_EQ(pace.next(), milliseconds(0));
  share = 0.25;
  EXPECT_EQ(pace.next(), milliseconds(50));
}

TEST(BackoffTest, LetsRetryAfterWinWithALittleMore) {
  backoff pace({.first = milliseconds(100)}, [] { return 0.5; });
  EXPECT_EQ(pace.next(seconds(10)), milliseconds(10'500));
}

TEST(BackoffTest, DoesNotWaitForARetryAfterBeyondItsBound) {
  backoff pace({.retry_after_max = seconds(60)});
  EXPECT_EQ(pace.next(seconds(61)), std::nullopt);
}

TEST(BackoffTest, HasARandomSourceOfItsOwn) {
  for (int round = 0; round < 100; ++round) {
    backoff pace({.first = milliseconds(100)});
    const auto delay = pace.next();
    ASSERT_TRUE(delay);
    EXPECT_LE(*delay, milliseconds(100));
    EXPECT_GE(*delay, milliseconds(0));
  }
}

TEST(MayRepeatTest, NeverRepeatsAPostBlindly) {
  const request get;
  const request post{.method = "POST"};
  for (const int status : {502, 503, 504}) {
    EXPECT_TRUE(may_repeat(get, response{.status = status}));
    EXPECT_FALSE(may_repeat(post, response{.status = status}));
  }
  EXPECT_TRUE(may_repeat(post, response{.status = 429}));
  for (const int status : {200, 301, 400, 401, 403, 404, 408, 409, 422, 500, 501})
    EXPECT_FALSE(may_repeat(get, response{.status = status})) << status;

  error safe(ELEMENT_UNAVAILABLE, "x", "x");
  safe.with_retry(retry::safe);
  error if_idempotent(ELEMENT_UNAVAILABLE, "x", "x");
  if_idempotent.with_retry(retry::if_idempotent);
  EXPECT_TRUE(may_repeat(post, safe));
  EXPECT_FALSE(may_repeat(post, if_idempotent));
  EXPECT_TRUE(may_repeat(get, if_idempotent));
  EXPECT_FALSE(may_repeat(get, error(ELEMENT_UNAVAILABLE, "x", "x")));
  EXPECT_FALSE(may_repeat(get, ended(ELEMENT_CANCELLED)));
}

/// Answers the n-th request of all connections with the n-th answer, the last one for ever.
class Scripted {
 public:
  explicit Scripted(std::vector<std::string> answers)
      : answers_(std::move(answers)), server_([this](Peer& peer) {
          while (!peer.read_request().empty()) {
            const std::string& answer = answers_[std::min<std::size_t>(count_++, answers_.size() - 1)];
            if (answer.empty()) return peer.reset();
            if (!peer.send(answer)) return;
          }
        }) {}
  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  std::vector<std::string> answers_;
  std::atomic<std::size_t> count_{0};
  HostileServer server_;
};

const char* const busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
const char* const slow_down = "HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";

TEST(SendWithRetriesTest, RetriesUntilAnAnswerWithTheControlsClock) {
  Scripted vendor({busy, slow_down, ok("at last")});
  session_pool pool({.base_url = vendor.url()});
  const TestControl now;
  std::vector<nanoseconds> asked_to_wait;
  int entered = 0;
  int inside = 0;
  const retry_hooks hooks{.before_send =
                              [&] {
                                ++entered;
                                EXPECT_EQ(++inside, 1);
                                return std::shared_ptr<void>(nullptr, [&inside](void*) { --inside; });
                              },
                          .on_retry_after = [&](nanoseconds time) { asked_to_wait.push_back(time); },
                          .random = [] { return 1.0; }};

  const retried result = send_with_retries(pool, now, {}, {.first = milliseconds(100)}, hooks);

  EXPECT_EQ(result.reply.body, "at last");
  EXPECT_EQ(result.retries, 2);
  EXPECT_EQ(entered, 3);
  EXPECT_EQ(inside, 0);
  EXPECT_EQ(asked_to_wait, std::vector<nanoseconds>{seconds(7)});
  EXPECT_EQ(now.sleeps(), (std::vector<nanoseconds>{milliseconds(100), milliseconds(7'700)}));
}

TEST(SendWithRetriesTest, ReturnsTheLastAnswerWhenItsTriesAreUsedUp) {
  Scripted vendor({busy});
  session_pool pool({.base_url = vendor.url()});
  const retried result = send_with_retries(pool, TestControl{}, {}, {.sends_max = 3});
  EXPECT_EQ(result.reply.status, 503);
  EXPECT_EQ(result.retries, 2);
  EXPECT_EQ(vendor.count(), 3U);
}

TEST(SendWithRetriesTest, DoesNotWaitPastTheDeadline) {
  Scripted vendor({slow_down});
  session_pool pool({.base_url = vendor.url()});
  const TestControl now(seconds(5));
  EXPECT_EQ(send_with_retries(pool, now, {}).reply.status, 429);
  EXPECT_TRUE(now.sleeps().empty());
}

TEST(SendWithRetriesTest, SendsAPostOnceWhenTheConnectionBreaks) {
  Scripted vendor({"", ok("again")});
  session_pool pool({.base_url = vendor.url()});
  EXPECT_EQ(thrown_code([&] { static_cast<void>(send_with_retries(pool, TestControl{}, {.method = "POST"})); }),
            "http.closed");
  EXPECT_EQ(vendor.count(), 1U);
}

TEST(SendWithRetriesTest, SendsAGetAgainWhenTheConnectionBreaks) {
  Scripted vendor({"", ok("again")});
  session_pool pool({.base_url = vendor.url()});
  const retried result = send_with_retries(pool, TestControl{}, {});
  EXPECT_EQ(result.reply.body, "again");
  EXPECT_EQ(result.retries, 1);
}

}  // namespace
}  // namespace element::http

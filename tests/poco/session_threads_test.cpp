#include <formulary/poco/session_pool.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/poco/hostile_server.hpp"
#include "tests/poco/test_control.hpp"
#include "tests/poco/thrown_error.hpp"

namespace element::http {
namespace {

/// Answers with the target it was asked for, so that a mixed-up answer shows. A connection's behaviour follows from its
/// number: every fifth one closes after three answers, every seventh is reset after its second request.
void echo(Peer& peer) {
  for (std::size_t count = 1;; ++count) {
    const std::string request = peer.read_request();
    if (request.empty()) return;
    if (peer.number() % 7 == 6 && count == 2) return peer.reset();
    const std::size_t from = request.find(' ') + 1;
    if (!peer.send(ok(request.substr(from, request.find(' ', from) - from)))) return;
    if (peer.number() % 5 == 4 && count == 3) return;
  }
}

TEST(SessionThreadsTest, EightThreadsGetTheirOwnAnswersWhileCallsAreCancelled) {
  constexpr int threads = 8;
  constexpr int calls = 250;
  HostileServer server(echo);
  session_pool pool({.base_url = server.url(), .limits = {.sessions_max = 6, .idle_sessions_max = 4}});
  std::atomic<int> answered{0};
  std::atomic<int> cancelled{0};

  const auto work = [&](int number) {
    std::minstd_rand random(static_cast<unsigned>(number));
    for (int call = 0; call < calls; ++call) {
      TestControl now;
      const std::string target = '/' + std::to_string(number) + '/' + std::to_string(call);
      const bool unwanted = random() % 8 == 0;
      std::thread canceller;
      if (unwanted) canceller = std::thread([&now] { now.cancel(); });
      const auto why = thrown_error([&] { EXPECT_EQ(pool.send(now, {.target = target}).body, target); });
      if (canceller.joinable()) canceller.join();
      ++(why ? cancelled : answered);
      // A fresh connection that is reset answers http.closed; everything else must be the cancellation.
      if (why && why->code() != "http.closed") {
        EXPECT_TRUE(unwanted && why->code() == "call.cancelled") << why->what();
      }
    }
  };
  std::vector<std::thread> crew;
  for (int number = 0; number < threads; ++number) crew.emplace_back(work, number);
  for (std::thread& one : crew) one.join();

  EXPECT_EQ(answered + cancelled, threads * calls);
  EXPECT_GT(answered, threads * calls / 2);
  EXPECT_LE(pool.idle_sessions(), 4U);
}

}  // namespace
}  // namespace element::http

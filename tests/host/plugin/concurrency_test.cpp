#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/host/plugin/probe_fixture.hpp"

namespace formulary {
namespace {

using namespace std::chrono_literals;

class ConcurrencyTest : public ProbeTest {
 protected:
  /// Runs `body(index)` on `count` threads.
  template <class Body>
  static void on_threads(int count, Body body) {
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(count));
    for (int index = 0; index < count; ++index) threads.emplace_back(body, index);
    for (std::thread& thread : threads) thread.join();
  }

  /// The most hooks that the plugin saw inside itself while 8 threads used 2 instances.
  std::string most_inside() {
    const auto second = plugin->open_instance({}, "{}");
    on_threads(8, [&](int index) {
      for (int round = 0; round < 200; ++round) {
        (void)(index % 2 == 0 ? handle : second)->invoke({}, request("/count-inside"));
      }
    });
    return call("/count-inside").body;
  }

  /// Whether two hooks can be inside the plugin together: each waits for the other.
  bool do_meet(ElementHandle& left, ElementHandle& right, std::chrono::milliseconds limit) {
    CallContext context;
    context.time_limit = limit;
    std::atomic<int> met{0};
    const auto meet = [&](ElementHandle& instance) {
      try {
        if (instance.invoke(context, request("/meet")).body == "met") ++met;
      } catch (const Error&) {  // not in time
      }
    };
    std::thread other([&] { meet(left); });
    meet(right);
    other.join();
    return met == 2;
  }
};

TEST_F(ConcurrencyTest, OneMeansOneHookInTheWholePlugin) {
  load("probe_one");
  EXPECT_EQ(most_inside(), "1");
  const auto second = plugin->open_instance({}, "{}");
  EXPECT_FALSE(do_meet(*handle, *second, 50ms));
}

TEST_F(ConcurrencyTest, InstancesMeansOneHookPerInstance) {
  load("probe_instances");
  EXPECT_FALSE(do_meet(*handle, *handle, 50ms));
  const auto second = plugin->open_instance({}, "{}");
  EXPECT_TRUE(do_meet(*handle, *second, 60s));
}

TEST_F(ConcurrencyTest, AllMeansAnyHook) {
  load("probe_all");
  EXPECT_TRUE(do_meet(*handle, *handle, 60s));
}

TEST_F(ConcurrencyTest, WaitingForItsTurnEndsWithTheDeadlineAndTheCancellation) {
  load("probe_one");
  const Pipe entered;
  std::stop_source inside;
  CallContext long_call;
  long_call.stop = inside.get_token();
  std::thread first([&] {
    EXPECT_EQ(thrown_by<Error>([&] { call("/wait-for-cancel", entered.write_end(), long_call); }).code(),
              ErrorCode::cancelled);
  });
  entered.wait();

  CallContext short_call;
  short_call.time_limit = 20ms;
  const auto late = thrown_by<Error>([&] { call("/echo", "", short_call); });
  EXPECT_EQ(late.code(), ErrorCode::timed_out);
  EXPECT_THAT(late.what(), testing::HasSubstr("waited for its turn"));

  std::stop_source waiting;
  CallContext cancelled_call;
  cancelled_call.stop = waiting.get_token();
  std::thread canceller([&] { waiting.request_stop(); });
  EXPECT_EQ(thrown_by<Error>([&] { call("/echo", "", cancelled_call); }).code(), ErrorCode::cancelled);
  canceller.join();

  inside.request_stop();
  first.join();
  EXPECT_EQ(call("/echo", "free again").body, "free again");
}

TEST_F(ConcurrencyTest, EightThreadsOnOneInstanceWithCancellations) {
  load("probe_all");
  std::atomic<int> answered{0};
  std::atomic<int> ended{0};
  on_threads(8, [&](int index) {
    for (int round = 0; round < 1000; ++round) {
      std::stop_source source;
      CallContext context;
      context.stop = source.get_token();
      const bool cancel = round % 20 == 0;
      std::thread other;
      if (cancel) other = std::thread([&] { source.request_stop(); });
      try {
        const std::string body = std::to_string(index) + '/' + std::to_string(round);
        const ResourceAnswer answer = handle->invoke(context, request(cancel ? "/sleep" : "/echo", body));
        if (answer.body == body) ++answered;
      } catch (const Error& error) {
        if (error.code() == ErrorCode::cancelled) ++ended;
      }
      if (other.joinable()) other.join();
    }
  });
  EXPECT_EQ(answered, 8 * 950);
  EXPECT_EQ(ended, 8 * 50);
}

TEST_F(ConcurrencyTest, AnInstanceIsNotClosedWhileAHookOfItRuns) {
  load("probe_all");
  const Pipe entered;
  const auto second = plugin->open_instance({}, "{}");
  ElementHandle& first = *handle;
  std::stop_source source;
  CallContext context;
  context.stop = source.get_token();
  std::thread running([&] {
    EXPECT_EQ(
        thrown_by<Error>([&] { (void)first.invoke(context, request("/wait-for-cancel", entered.write_end())); }).code(),
        ErrorCode::cancelled);
  });
  entered.wait();
  handle.reset();  // the instance must outlive its hook
  EXPECT_EQ(second->invoke({}, request("/count-open")).body, "2");
  source.request_stop();
  running.join();
  EXPECT_EQ(second->invoke({}, request("/count-open")).body, "1");
}

}  // namespace
}  // namespace formulary

#include <formulary/fake_host.hpp>

#include <gmock/gmock.h>

#include <latch>
#include <thread>

#include "one_hook_plugin.hpp"

namespace element::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using plugin = one_hook_plugin;

/// Runs `body` as a hook of a plugin that is started before and stopped after.
class FakeHostTest : public ::testing::Test {
 protected:
  outcome run(hook_body body, const call_options& options = {}) {
    plugin::body = std::move(body);
    plugin_runner runner(host_, plugin::entry);
    return runner.serialize_config("{}", options);
  }
  void TearDown() override { plugin::concurrent = ELEMENT_CONCURRENT_ONE; }

  fake_host host_;
};

TEST_F(FakeHostTest, GivesWhatTheHookWrote) {
  const outcome result = run([](const element_call* call) {
    write_text(call, "{\"a\":");
    std::size_t got = 0;
    auto* to = static_cast<char*>(call->ops->reserve(call, 8, &got));
    EXPECT_EQ(got, 8u);
    return call->ops->commit(call, std::string_view("1}").copy(to, got));
  });
  EXPECT_EQ(result.status, ELEMENT_OK);
  EXPECT_EQ(result.output, R"({"a":1})");
  EXPECT_THAT(host_.violations(), IsEmpty());
}

TEST_F(FakeHostTest, GivesWhyTheHookFailedAndDropsItsOutput) {
  const outcome result = run([](const element_call* call) {
    write_text(call, "{}");
    fail_with(call, ELEMENT_INTERNAL);
    return fail_with(call, ELEMENT_UNAVAILABLE, "one.busy");  // the last one wins
  });
  EXPECT_EQ(result.status, ELEMENT_UNAVAILABLE);
  EXPECT_EQ(result.output, "");
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code, "one.busy");
  EXPECT_EQ(result.error->message, "it failed");
  EXPECT_THAT(host_.violations(), IsEmpty());
}

TEST_F(FakeHostTest, IgnoresAReasonWhenTheHookReturnsOk) {
  const outcome result = run([](const element_call* call) {
    fail_with(call, ELEMENT_INTERNAL);
    return write_text(call, "{}");
  });
  EXPECT_TRUE(result.ok());
  EXPECT_FALSE(result.error);
}

TEST_F(FakeHostTest, PassesTheCallRecord) {
  call_options options;
  options.attempt = 3;
  options.idempotency_key = "key-1";
  options.trace_parent = "00-aa-bb-01";
  run(
      [](const element_call* call) {
        EXPECT_EQ(call->attempt, 3u);
        EXPECT_EQ(view(call->idempotency_key), "key-1");
        EXPECT_EQ(view(call->trace_parent), "00-aa-bb-01");
        EXPECT_EQ(call->deadline_ns, 0);
        return write_text(call, "{}");
      },
      options);
}

TEST_F(FakeHostTest, SleepsOnItsOwnClockOnly) {
  const auto before = host_.now();
  const outcome result = run([&](const element_call* call) {
    const host of(plugin::host);
    element::call(call, of).sleep(24h * 365);
    return write_text(call, "{}");
  });
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(host_.now() - before, 24h * 365);
}

TEST_F(FakeHostTest, EndsASleepAtTheDeadline) {
  const auto before = host_.now();
  const outcome result = run(
      [](const element_call* call) {
        const auto* clock =
            static_cast<const element_clock*>(plugin::host->service(plugin::host, raw(ELEMENT_SERVICE_CLOCK)));
        EXPECT_EQ(call->ops->poll(call), ELEMENT_OK);
        const element_status why = clock->sleep(plugin::host, call, 3'000'000'000);
        EXPECT_EQ(call->ops->poll(call), why);
        return fail_with(call, why);
      },
      {.time_limit = 2s});
  EXPECT_EQ(result.status, ELEMENT_DEADLINE_EXCEEDED);
  EXPECT_EQ(host_.now() - before, 2s);
}

TEST_F(FakeHostTest, CancelsWhenTheClockGetsThereAndRunsOnCancelOnce) {
  int calls = 0;
  const outcome result = run(
      [&](const element_call* call) {
        const auto* clock =
            static_cast<const element_clock*>(plugin::host->service(plugin::host, raw(ELEMENT_SERVICE_CLOCK)));
        call->ops->on_cancel(
            call, [](void* count) { ++*static_cast<int*>(count); }, &calls);
        EXPECT_EQ(clock->sleep(plugin::host, call, 999'000'000), ELEMENT_OK);
        EXPECT_EQ(calls, 0);
        const element_status why = clock->sleep(plugin::host, call, 60'000'000'000);
        EXPECT_EQ(clock->sleep(plugin::host, call, 1), why);
        call->ops->on_cancel(call, nullptr, nullptr);
        return fail_with(call, why);
      },
      {.cancel_after = 1s});
  EXPECT_EQ(result.status, ELEMENT_CANCELLED);
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(host_.violations(), IsEmpty());
}

TEST_F(FakeHostTest, RunsOnCancelAtOnceIfAlreadyCancelled) {
  std::stop_source source;
  source.request_stop();
  bool ran = false;
  run(
      [&](const element_call* call) {
        call->ops->on_cancel(
            call, [](void* flag) { *static_cast<bool*>(flag) = true; }, &ran);
        EXPECT_TRUE(ran);
        call->ops->on_cancel(call, nullptr, nullptr);
        return fail_with(call, ELEMENT_CANCELLED);
      },
      {.stop = source.get_token()});
}

TEST_F(FakeHostTest, WakesAHookFromAnotherThreadAndWaitsForARunningOnCancel) {
  std::stop_source source;
  std::latch registered(1);
  struct waiting {
    std::latch woken{1};
    std::atomic<bool> finished{false};
  } shared;
  std::jthread canceller([&] {
    registered.wait();
    source.request_stop();
  });
  run(
      [&](const element_call* call) {
        call->ops->on_cancel(
            call,
            [](void* to) {
              auto* both = static_cast<waiting*>(to);
              both->woken.count_down();
              std::this_thread::yield();
              both->finished = true;
            },
            &shared);
        registered.count_down();
        shared.woken.wait();
        call->ops->on_cancel(call, nullptr, nullptr);
        EXPECT_TRUE(shared.finished) << "taking it back must wait for it";
        return fail_with(call, call->ops->poll(call));
      },
      {.stop = source.get_token()});
  EXPECT_THAT(host_.violations(), IsEmpty());
}

TEST_F(FakeHostTest, RecordsLogAndMetrics) {
  run([](const element_call* call) {
    const host of(plugin::host);
    const metric requests(of, metric_kind::counter, "one_requests_total", "1", "Requests.");
    requests.record(2, {{"method", "GET"}});
    element::call(call, of).log(log_level::warn, "slow", {{"ms", "1200"}});
    of.log(log_level::info, "outside");
    return write_text(call, "{}");
  });
  const auto log = host_.log();
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[0].level, log_level::warn);
  EXPECT_EQ(log[0].message, "slow");
  EXPECT_THAT(log[0].fields, ElementsAre(std::pair<std::string, std::string>("ms", "1200")));
  EXPECT_TRUE(log[0].in_call);
  EXPECT_FALSE(log[1].in_call);
  ASSERT_EQ(host_.samples().size(), 1u);
  EXPECT_EQ(host_.samples()[0].metric, "one_requests_total");
  EXPECT_EQ(host_.samples()[0].value, 2);
}

TEST(FakeHostServices, AreAbsentWhenSwitchedOff) {
  const fake_host bare({.log = false, .metrics = false, .clock = false});
  for (const char* id : {ELEMENT_SERVICE_LOG, ELEMENT_SERVICE_METRICS, ELEMENT_SERVICE_CLOCK, "com.example.other/1"}) {
    EXPECT_EQ(bare.get()->service(bare.get(), raw(id)), nullptr) << id;
  }
}

struct Misuse {
  const char* rule;
  const char* sentence;
  hook_body body;
};

class BrokenRule : public FakeHostTest, public ::testing::WithParamInterface<Misuse> {};

TEST_P(BrokenRule, IsReported) {
  run(GetParam().body, {.output_max = 64});
  EXPECT_THAT(host_.violations(), Contains(HasSubstr(GetParam().sentence)));
}

element_status from_another_thread(const element_call* call) {
  std::jthread([&] { write_text(call, "{}"); }).join();
  return write_text(call, "{}");
}
element_status beyond_the_guard(const element_call* call) {
  std::size_t got = 0;
  auto* to = static_cast<char*>(call->ops->reserve(call, 4, &got));
  // The fifth is inside the fake's guard bytes, so that a sanitizer does not end the test.
  return call->ops->commit(call, std::string_view("12345").copy(to, 5) - 1);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BrokenRule,
    ::testing::Values(
        Misuse{"CommitMoreThanReserved", "ops->commit() of 9 bytes, but 4 were reserved",
               [](const element_call* call) {
                 std::size_t got = 0;
                 call->ops->reserve(call, 4, &got);
                 return call->ops->commit(call, 9);
               }},
        Misuse{"CommitWithoutReserve", "ops->commit() of 1 bytes, but 0 were reserved",
               [](const element_call* call) { return call->ops->commit(call, 1); }},
        Misuse{"CommitTwice", "but 0 were reserved",
               [](const element_call* call) {
                 std::size_t got = 0;
                 std::memcpy(call->ops->reserve(call, 2, &got), "{}", 2);
                 call->ops->commit(call, 2);
                 return call->ops->commit(call, 2);
               }},
        Misuse{"WriteBeyondReserved", "wrote beyond the 4 bytes", beyond_the_guard},
        Misuse{"NullOutput", "ops->write() got NULL for 3 bytes",
               [](const element_call* call) { return call->ops->write(call, nullptr, 3); }},
        Misuse{"SinkFromAnotherThread", "from a thread that is not the hook's", from_another_thread},
        Misuse{"CutShort", "although the sink had refused",
               [](const element_call* call) {
                 write_text(call, std::string(65, ' '));
                 return element_status{ELEMENT_OK};
               }},
        Misuse{"NotJson", "wrote not JSON at byte 0",
               [](const element_call* call) { return write_text(call, "hello"); }},
        Misuse{"NothingWritten", "wrote not JSON", [](const element_call*) { return element_status{ELEMENT_OK}; }},
        Misuse{"UnknownStatus", "which is none of 0 to 16", [](const element_call*) { return element_status{100}; }},
        Misuse{"FailsInSilence", "without telling ops->fail() why",
               [](const element_call*) { return element_status{ELEMENT_INTERNAL}; }},
        Misuse{"TwoStatuses", "returned status 13 but told ops->fail() 14",
               [](const element_call* call) {
                 fail_with(call, ELEMENT_UNAVAILABLE);
                 return element_status{ELEMENT_INTERNAL};
               }},
        Misuse{"FailWithOk", "which is no failure",
               [](const element_call* call) { return fail_with(call, ELEMENT_OK); }},
        Misuse{"FailWithoutCode", "got no code",
               [](const element_call* call) { return fail_with(call, ELEMENT_INTERNAL, ""); }},
        Misuse{"SmallErrorRecord", "smaller than in ABI 1.0",
               [](const element_call* call) {
                 element_error why{};
                 why.size = 8;
                 why.status = ELEMENT_INTERNAL;
                 call->ops->fail(call, &why);
                 return why.status;
               }},
        Misuse{"NullText", "NULL with a length for message",
               [](const element_call* call) {
                 element_error why{};
                 why.size = sizeof why;
                 why.status = ELEMENT_INTERNAL;
                 why.code = raw("one.x");
                 why.message = {nullptr, 5};
                 call->ops->fail(call, &why);
                 return why.status;
               }},
        Misuse{"OnCancelLeftBehind", "without taking its on_cancel function back",
               [](const element_call* call) {
                 call->ops->on_cancel(
                     call, [](void*) {}, nullptr);
                 return write_text(call, "{}");
               }},
        Misuse{"OnCancelTwice", "while another function was set",
               [](const element_call* call) {
                 call->ops->on_cancel(
                     call, [](void*) {}, nullptr);
                 EXPECT_EQ(call->ops->on_cancel(
                               call, [](void*) {}, nullptr),
                           ELEMENT_FAILED_PRECONDITION);
                 call->ops->on_cancel(call, nullptr, nullptr);
                 return write_text(call, "{}");
               }},
        Misuse{"HeartbeatRange", "ops->heartbeat() got 1001 of 1000",
               [](const element_call* call) {
                 call->ops->heartbeat(call, 1001, raw(""));
                 return write_text(call, "{}");
               }},
        Misuse{"ReleaseWithoutHold", "release() was called without a hold()",
               [](const element_call* call) {
                 plugin::host->release(plugin::host);
                 return write_text(call, "{}");
               }},
        Misuse{"HoldKept", "1 hold()s were not released",
               [](const element_call* call) {
                 plugin::host->hold(plugin::host);
                 return write_text(call, "{}");
               }},
        Misuse{"HoldOutsideAHook", "outside a hook and without another hold",
               [](const element_call* call) {
                 std::jthread([] { const hold one{host(plugin::host)}; }).join();
                 return write_text(call, "{}");
               }},
        Misuse{"UnknownMetric", "which define() never gave",
               [](const element_call* call) {
                 const auto* metrics = static_cast<const element_metrics*>(
                     plugin::host->service(plugin::host, raw(ELEMENT_SERVICE_METRICS)));
                 metrics->record(plugin::host, 7, 1, nullptr, 0);
                 return write_text(call, "{}");
               }}),
    [](const auto& one) { return std::string(one.param.rule); });

TEST_F(FakeHostTest, ReportsUseOfACallAfterItsHook) {
  const element_call* stale = nullptr;
  run([&](const element_call* call) {
    stale = call;
    return write_text(call, "{}");
  });
  EXPECT_EQ(write_text(stale, "late"), ELEMENT_FAILED_PRECONDITION);
  EXPECT_EQ(stale->ops->poll(stale), ELEMENT_CANCELLED);
  EXPECT_THAT(host_.violations(), ElementsAre("serialize_config: ops->write() was called after the hook had returned",
                                              "serialize_config: ops->poll() was called after the hook had returned"));
}

TEST_F(FakeHostTest, ReportsUseOfAServiceAfterStop) {
  run([](const element_call* call) { return write_text(call, "{}"); });
  host(plugin::host).log(log_level::info, "late");
  EXPECT_THAT(host_.violations(), Contains("log.write() was called after stop() had returned"));
}

TEST_F(FakeHostTest, ReportsAServiceUsedInAnOnCancelFunction) {
  std::stop_source source;
  source.request_stop();
  run(
      [](const element_call* call) {
        call->ops->on_cancel(
            call, [](void*) { host(plugin::host).log(log_level::info, "cancelled"); }, nullptr);
        call->ops->on_cancel(call, nullptr, nullptr);
        return fail_with(call, ELEMENT_CANCELLED);
      },
      {.stop = source.get_token()});
  EXPECT_THAT(host_.violations(), Contains("log.write() was called from an on_cancel function, which may only poll()"));
}

TEST_F(FakeHostTest, ReportsAnAnswerWithoutItsHead) {
  struct {
    const char* output;
    const char* fault;
  } const wrong[] = {{R"({"status":200})", "no head"},
                     {"[]\nbody", "a head that is no JSON object"},
                     {"{\"status\"}\nbody", "a head that is not JSON"},
                     {"{}\nbody", "a head without status"}};
  for (const auto& one : wrong) {
    fake_host host;
    plugin::body = [&](const element_call* call) { return write_text(call, one.output); };
    plugin_runner runner(host, plugin::entry);
    EXPECT_TRUE(runner.open_instance("{}").instance->invoke({.method = "GET"}).ok());
    EXPECT_THAT(host.violations(), ElementsAre(HasSubstr(one.fault))) << one.output;
  }
}

TEST_F(FakeHostTest, LetsHooksOverlapOnlyAsFarAsDeclared) {
  for (const auto& [declared, most] : {std::pair{concurrency::one, 1}, std::pair{concurrency::instances, 1}}) {
    plugin::concurrent = static_cast<std::uint32_t>(declared);
    std::atomic<int> inside{0};
    std::atomic<int> highest{0};
    plugin::body = [&](const element_call* call) {
      const int now = ++inside;
      if (now > highest) highest = now;
      std::this_thread::yield();
      --inside;
      return write_text(call, "{\"status\":200}\n");
    };
    fake_host host;
    plugin_runner runner(host, plugin::entry);
    const auto opened = runner.open_instance("{}");
    {
      std::vector<std::jthread> threads;
      threads.reserve(4);
      for (int count = 0; count < 4; ++count) {
        threads.emplace_back([&] {
          for (int turn = 0; turn < 50; ++turn) opened.instance->invoke({.method = "GET"});
        });
      }
    }
    EXPECT_EQ(highest, most);
  }
}

TEST_F(FakeHostTest, RefusesTablesThatAHostWouldRefuse) {
  static element_plugin table;
  const auto reset = [] { table = *plugin::entry(nullptr); };
  const element_entry_fn entry = [](const element_host*) -> const element_plugin* { return &table; };
  struct {
    const char* reason;
    void (*fault)();
  } const wrong[] = {
      {"wrong magic", [] { table.magic = 1; }},           {"smaller than", [] { table.size = 8; }},
      {"another ABI major", [] { table.abi_major = 2; }}, {"newer ABI minor", [] { table.abi_minor_needed = 9; }},
      {"a gap", [] { table.invoke = nullptr; }},          {"no descriptor", [] { table.descriptor = nullptr; }}};
  for (const auto& one : wrong) {
    reset();
    one.fault();
    try {
      plugin_runner runner(host_, entry);
      ADD_FAILURE() << one.reason;
    } catch (const std::runtime_error& refused) {
      EXPECT_THAT(refused.what(), HasSubstr(one.reason));
    }
  }
}

}  // namespace
}  // namespace element::testing

/// \file
/// Many executions that a host left open move again at the next start, and one that waits for its vendor takes little
/// memory. Times are printed, not judged: flow_bench measures them.
#include <time.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/host/engine/engine_fixture.hpp"

namespace formulary::testing {
namespace {

using namespace std::chrono_literals;

#if defined(NDEBUG) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
constexpr int executions = 10'000;
constexpr int waiting = 1'000;
constexpr std::int64_t kib_each_max = 64;
#else  // with sanitizers, where the figures say nothing
constexpr int executions = 300;
constexpr int waiting = 50;
constexpr std::int64_t kib_each_max = 100'000;
#endif

/// Of this process, all threads.
std::int64_t cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1'000 + time.tv_nsec / 1'000'000;
}

std::int64_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmRSS:") continue;
    std::int64_t kib = 0;
    status >> kib;
    return kib;
  }
  return 0;
}

TEST_F(EngineTest, WhatAHostLeftOpenMovesAgainSoonAfterTheNextStart) {
  std::atomic<bool> first_life = true;
  std::atomic<int> moved = 0;
  answer = [&](const HttpRequest& request) {
    if (first_life) {
      std::promise<void> stopped;
      const std::stop_callback callback(request.stop, [&stopped] { stopped.set_value(); });
      stopped.get_future().wait();
    }
    ++moved;
    moved.notify_all();
    return ok();
  };
  const auto formula = formula_of(R"("a")", http_step("a", "GET", "", R"(,"onSuccess":["s"])") + "," +
                                                R"j({"name":"s","type":"script","properties":{"body":"done({})"}})j");
  EngineSettings narrow = settings();
  narrow.running_max = 8;
  std::mutex ids_mutex;
  std::vector<std::int64_t> ids;
  {
    const auto running = engine(narrow);
    std::vector<std::jthread> submitters;
    for (int thread = 0; thread < 16; ++thread) {
      submitters.emplace_back([&] {
        for (int n = 0; n < executions / 16; ++n) {
          const auto id = running->submit({.formula = formula});
          const std::lock_guard lock(ids_mutex);
          ids.push_back(id);
        }
      });
    }
    submitters.clear();
    running->stop(0ms);
  }
  first_life = false;
  const auto cpu_before = cpu_ms();
  const auto began = std::chrono::steady_clock::now();
  const auto running = engine();
  const auto took_over = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(running->counters().recovered, executions / 16 * 16U);
  for (int now = moved; now < executions / 16 * 16; now = moved) moved.wait(now);
  const auto took = std::chrono::steady_clock::now() - began;
  const auto ms = [](auto time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  };
  std::cout << executions << " open executions: taken over in " << ms(took_over) << " ms, all of them moved after "
            << ms(took) << " ms\n";
  std::cout << "  in " << cpu_ms() - cpu_before << " ms of CPU\n";
  for (const auto id : ids) ASSERT_EQ(running->wait(id, 60s)->status, plan::ExecutionStatus::success);
  EXPECT_EQ(running->violations(), 0);
}

TEST_F(EngineTest, AnExecutionThatWaitsForItsVendorTakesLittleMemory) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::atomic<int> inside = 0;
  answer = [&](const HttpRequest&) {
    ++inside;
    inside.notify_all();
    released.wait();
    return ok();
  };
  EngineSettings wide = settings();
  wide.steps.workers = waiting + 8;
  const auto running = engine(wide);
  const auto formula = formula_of(R"("a")", http_step("a", "GET"));
  (void)running->counters();
  const std::int64_t before = resident_kib();
  std::vector<std::int64_t> ids;
  for (int n = 0; n < waiting; ++n) ids.push_back(running->submit({.formula = formula}));
  for (int now = inside; now < waiting; now = inside) inside.wait(now);
  const std::int64_t each = (resident_kib() - before) / waiting;
  std::cout << waiting << " executions wait at the same time: " << each << " KiB each\n";
  EXPECT_LE(each, kib_each_max);
  release.set_value();
  for (const auto id : ids) EXPECT_EQ(running->wait(id, 60s)->status, plan::ExecutionStatus::success);
}

}  // namespace
}  // namespace formulary::testing

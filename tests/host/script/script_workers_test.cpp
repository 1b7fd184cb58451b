#include "host/script/script_workers.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <set>
#include <thread>

#include "script_fixture.hpp"

namespace formulary {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

TEST(ScriptWorkers, RunManyScriptsOfManyThreadsWithoutMixingThem) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 2, .runs_per_worker = 300});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int count = 0; count < 200; ++count) {
        const std::string mark = std::to_string(thread * 1'000 + count);
        const ScriptResult result = workers.run(script("console.log(" + mark + "); done({n: " + mark + "})"));
        const bool right = result.ok && result.value == "{\"n\":" + mark + "}" && result.console == std::vector{mark};
        if (!right) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(workers.counts().runs, 1'600U);
  EXPECT_EQ(workers.counts().crashed + workers.counts().killed, 0U);
  EXPECT_GE(workers.counts().started, 6U);  // each after 300 runs
}

TEST(ScriptWorkers, FindTheirProgramInTheTreeThatTheyWereBuiltIn) {
  EXPECT_EQ(find_script_worker(), std::filesystem::canonical(SCRIPT_WORKER));
}

TEST(ScriptWorkers, OutliveTheThreadThatStartedThem) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1});
  std::thread([&] { EXPECT_THAT(workers.run(script("done(1)")), succeeded_with("1")); }).join();
  EXPECT_THAT(workers.run(script("done(2)")), succeeded_with("2"));
  EXPECT_EQ(workers.counts().started, 1U);
}

TEST(ScriptWorkers, StartNothingUntilAScriptComes) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 3});
  EXPECT_TRUE(workers.processes().empty());
  (void)workers.run(script("done(1)"));
  (void)workers.run(script("done(1)"));
  EXPECT_EQ(workers.processes().size(), 1U);  // one at a time needs one
}

TEST(ScriptWorkers, StartAllWhenAsked) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 3});
  workers.start();
  workers.start();
  EXPECT_EQ(workers.counts().started, 3U);
  EXPECT_EQ(workers.processes().size(), 3U);
}

TEST(ScriptWorkers, RenewAWorkerAfterItsRuns) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1, .runs_per_worker = 3});
  std::set<pid_t> seen;
  for (int count = 0; count < 9; ++count) {
    if (count == 0) workers.start();
    seen.insert(workers.processes().front());
    EXPECT_THAT(workers.run(script("done(1)")), succeeded_with("1"));
  }
  EXPECT_EQ(seen.size(), 3U);
}

/// A process that can be waited for although it is not our child, or is somebody else's to reap.
class Watched {
 public:
  explicit Watched(pid_t pid) : descriptor_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  ~Watched() { close(descriptor_); }

  [[nodiscard]] bool known() const { return descriptor_ >= 0; }
  [[nodiscard]] bool ends_within(std::chrono::milliseconds time) const {
    pollfd entry{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return poll(&entry, 1, static_cast<int>(time.count())) == 1;
  }

 private:
  int descriptor_;
};

TEST(ScriptWorkers, LoseOneRunWhenAWorkerIsKilledFromOutside) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1});
  workers.start();
  const pid_t worker = workers.processes().front();
  std::thread killer([&] {
    while (workers.counts().runs == 0) std::this_thread::yield();
    kill(worker, SIGKILL);
  });
  const ScriptResult result = workers.run(script("for (;;) {}"));
  killer.join();
  EXPECT_THAT(result, failed_with("script.crashed", "ended by signal 9"));
  EXPECT_THAT(workers.run(script("done(1)")), succeeded_with("1"));
  EXPECT_EQ(workers.counts().crashed, 1U);
}

TEST(ScriptWorkers, LoseNoRunWhenAnIdleWorkerIsKilled) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1});
  EXPECT_THAT(workers.run(script("done(1)")), succeeded_with("1"));
  const Watched worker(workers.processes().front());
  kill(workers.processes().front(), SIGKILL);
  ASSERT_TRUE(worker.ends_within(10s));
  EXPECT_THAT(workers.run(script("done(2)")), succeeded_with("2"));
  EXPECT_EQ(workers.counts().started, 2U);
  EXPECT_EQ(workers.counts().crashed, 0U);
}

TEST(ScriptWorkers, KillAWorkerThatHangsBeyondItsLimit) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1, .grace = 100ms});
  workers.start();
  const pid_t worker = workers.processes().front();
  std::thread stopper([&] {
    while (workers.counts().runs == 0) std::this_thread::yield();
    kill(worker, SIGSTOP);  // stops its watchdog too
  });
  EXPECT_THAT(workers.run(limited("for (;;) {}")), failed_with("script.timeout", "did not end within 200 ms"));
  stopper.join();
  EXPECT_EQ(workers.counts().killed, 1U);
  EXPECT_THAT(workers.run(script("done(1)")), succeeded_with("1"));
}

TEST(ScriptWorkers, EndWithTheirOwner) {
  std::vector<std::unique_ptr<Watched>> watched;
  {
    ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 2});
    workers.start();
    for (const pid_t pid : workers.processes()) watched.push_back(std::make_unique<Watched>(pid));
  }
  ASSERT_EQ(watched.size(), 2U);
  for (const auto& worker : watched) EXPECT_TRUE(!worker->known() || worker->ends_within(10s));
}

TEST(ScriptWorkers, EndWhenTheHostIsKilledEvenInTheMiddleOfAnEndlessScript) {
  FILE* host = popen((std::string("exec ") + DYING_SCRIPT_HOST + " " + SCRIPT_WORKER).c_str(), "r");
  ASSERT_NE(host, nullptr);
  int host_pid = 0;
  int worker_pid = 0;
  ASSERT_EQ(fscanf(host, "%d %d", &host_pid, &worker_pid), 2);
  const Watched worker(worker_pid);
  ASSERT_TRUE(worker.known());
  EXPECT_FALSE(worker.ends_within(0ms));
  kill(host_pid, SIGKILL);
  EXPECT_TRUE(worker.ends_within(10s));
  pclose(host);
}

TEST(ScriptWorkers, HaveNoDescriptorAndNoVariableOfTheHost) {
  ScriptWorkers workers({.program = SCRIPT_WORKER, .workers = 1});
  setenv("FORMULARY_TEST_SECRET", "s3cret", 1);
  const int leaked = dup(0);  // not close-on-exec, as a careless library would leave it
  EXPECT_THAT(workers.run(script("done(1)")), succeeded_with("1"));
  const std::string folder = "/proc/" + std::to_string(workers.processes().front());
  std::set<std::string> numbers;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/fd")) numbers.insert(entry.path().filename());
  close(leaked);
  EXPECT_THAT(numbers, testing::ElementsAre("0", "1", "2", "3", "4"));  // /dev/null, the socket, the watchdog's alarm
  for (const char* number : {"0", "1", "2"}) {
    EXPECT_EQ(std::filesystem::read_symlink(folder + "/fd/" + number), "/dev/null");
  }
  std::string environment;
  if (FILE* file = fopen((folder + "/environ").c_str(), "r")) {
    char chunk[4096];
    environment.assign(chunk, fread(chunk, 1, sizeof chunk, file));
    fclose(file);
  }
  EXPECT_EQ(environment.find("s3cret"), std::string::npos);
  EXPECT_TRUE(environment.empty());
}

}  // namespace
}  // namespace formulary

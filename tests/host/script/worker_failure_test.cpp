#include "host/base/error.hpp"
#include "host/script/script_workers.hpp"
#include "script_fixture.hpp"
#include "tests/host/script/odd_script_worker.hpp"

namespace formulary {
namespace {

using std::chrono_literals::operator""ms;

ScriptWorkers odd_workers(OddWorker how) {
  return ScriptWorkers({.program = ODD_SCRIPT_WORKER,
                        .workers = 1,
                        .heap_mib = static_cast<std::size_t>(how),
                        .grace = 100ms,
                        .start_limit = how == OddWorker::is_silent ? 200ms : 10'000ms});
}

struct BadStart {
  const char* name;
  OddWorker how;
  const char* message;
};

class WorkerThatCannotStart : public testing::TestWithParam<BadStart> {};

TEST_P(WorkerThatCannotStart, IsReportedWithItsReason) {
  ScriptWorkers workers = odd_workers(GetParam().how);
  for (int time = 0; time < 2; ++time) {  // and again when it is tried again
    try {
      (void)workers.run(script("done(1)"));
      FAIL() << "ran";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unavailable);
      EXPECT_THAT(error.what(), testing::HasSubstr(GetParam().message));
    }
  }
  EXPECT_TRUE(workers.processes().empty());
}

INSTANTIATE_TEST_SUITE_P(
    ScriptWorkers, WorkerThatCannotStart,
    testing::Values(BadStart{"Ends", OddWorker::ends_at_once, "ended with status 5 while it started"},
                    BadStart{"Is_not_confined", OddWorker::is_not_confined, "cannot confine itself on this system"},
                    BadStart{"Is_silent", OddWorker::is_silent, "did not get ready in time"},
                    BadStart{"Another_version", OddWorker::is_another_version, "not the worker of this version"},
                    BadStart{"Another_program", OddWorker::is_another_program, "not the worker of this version"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ScriptWorkersThatAreMissing, AreReportedWithTheirPath) {
  ScriptWorkers workers({.program = "/nowhere/script-worker", .workers = 1});
  EXPECT_THROW(workers.start(), Error);
  try {
    (void)workers.run(script("done(1)"));
    FAIL() << "ran";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unavailable);
    EXPECT_THAT(error.what(), testing::HasSubstr("cannot start '/nowhere/script-worker': No such file"));
  }
}

struct BadRun {
  const char* name;
  OddWorker how;
  const char* code;
  const char* message;
};

class WorkerThatFailsInARun : public testing::TestWithParam<BadRun> {};

TEST_P(WorkerThatFailsInARun, CostsThatRunAndIsReplaced) {
  ScriptWorkers workers = odd_workers(GetParam().how);
  for (std::uint64_t time = 1; time <= 2; ++time) {
    EXPECT_THAT(workers.run(limited("done(1)")), failed_with(GetParam().code, GetParam().message));
    EXPECT_EQ(workers.counts().started, time + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(
    ScriptWorkers, WorkerThatFailsInARun,
    testing::Values(
        BadRun{"Exits", OddWorker::exits, "script.crashed", "ended with status 5"},
        BadRun{"Sends_nonsense", OddWorker::sends_nonsense, "script.crashed", "the process that ran the script"},
        BadRun{"Sends_a_huge_frame", OddWorker::sends_huge_frame, "script.crashed", "ended by signal 9"},
        BadRun{"Sends_half_a_frame", OddWorker::sends_half_a_frame, "script.crashed", "ended with status 0"},
        BadRun{"Runs_out_of_memory", OddWorker::claims_memory_ran_out, "script.memory", "more memory than it may have"},
        BadRun{"Wants_what_is_not_there", OddWorker::wants_what_is_not_there, "script.crashed", "ended by signal 9"},
        BadRun{"Names_a_step_that_is_not_there", OddWorker::names_a_step_that_is_not_there, "script.crashed",
               "the process that ran the script"},
        BadRun{"Hangs", OddWorker::hangs, "script.timeout", "did not end within 200 ms"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ScriptWorkersThatDieInAChain, LayItToTheStepThatRan) {
  ScriptWorkers workers = odd_workers(OddWorker::exits_in_the_second_step);
  ScriptChain chain;
  chain.steps.resize(3);
  chain.steps[0].on_success = 2;
  const auto results = workers.run_chain(chain);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].step, 0U);
  EXPECT_THAT(results[0].result, succeeded_with("1"));
  EXPECT_EQ(results[1].step, 2U);
  EXPECT_THAT(results[1].result, failed_with("script.crashed", "ended with status"));
}

TEST(ScriptWorkersThatSpeakUnasked, AreReplacedBeforeTheyGetAScript) {
  ScriptWorkers workers = odd_workers(OddWorker::speaks_unasked);
  const ScriptResult result = workers.run(limited("done(1)"));
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.error_code, "script.crashed");
}

}  // namespace
}  // namespace formulary

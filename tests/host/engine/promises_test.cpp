/// \file
/// What the engine promises, on a real data folder, with a disk that fails, a clock that jumps, and bodies that are
/// large.
#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "host/base/error.hpp"
#include "host/store/sqlite.hpp"
#include "tests/host/engine/engine_fixture.hpp"
#include "tests/support/error_matchers.hpp"
#include "tests/support/fault_vfs.hpp"

namespace formulary::testing {
namespace {

using namespace std::chrono_literals;
using plan::ExecutionStatus;

/// A base, so that it outlives the storage.
struct FaultyDisk {
  std::atomic<int> result{SQLITE_OK};
  FaultVfs vfs{[this](DiskOperation) { return result.load(); }};
};

class EngineOnAFaultyDisk : protected FaultyDisk, public EngineTest {};

TEST_F(EngineOnAFaultyDisk, ATriggerIsRefusedWhileTheDiskTakesNothingAndNothingAcknowledgedIsLost) {
  EngineSettings impatient = settings();
  impatient.journal.retry_first = 1ms;
  const auto running = engine(impatient);
  const ExecutionOrder order{.formula = formula_of(R"("a")", http_step("a", "POST"))};
  std::promise<void> release;
  answer = [released = release.get_future().share()](const HttpRequest&) { return released.wait(), ok(); };
  const auto acknowledged = running->submit(order);
  EXPECT_TRUE(running->ready());

  for (const int fault : {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_READONLY, SQLITE_CANTOPEN}) {
    result = fault;
    EXPECT_THAT([&] { (void)running->submit(order); }, throws_error(ErrorCode::unavailable, "the disk does not take"));
    const auto failed = running->counters().journal.failed_commits;
    while (running->counters().journal.failed_commits < failed + 3) std::this_thread::yield();
    EXPECT_FALSE(running->ready()) << "it tried again meanwhile, and nothing was taken";
    result = SQLITE_OK;
    while (!running->ready()) std::this_thread::yield();
  }
  release.set_value();
  EXPECT_EQ(running->wait(acknowledged, 30s)->status, ExecutionStatus::success);
  EXPECT_EQ(running->wait(running->submit(order), 30s)->status, ExecutionStatus::success);
  EXPECT_EQ(History(storage()).list({}).entries.size(), 2U) << "what was refused is nowhere";
  EXPECT_EQ(running->violations(), 0);
}

class EngineBehindAJumpingClock : public EngineTest, public ::testing::WithParamInterface<std::chrono::seconds> {
 protected:
  /// Only the time of day jumps.
  class JumpingClock final : public Clock {
   public:
    explicit JumpingClock(const Clock& steady) : steady_(steady) {}
    [[nodiscard]] WallTime wall() const override { return steady_.wall() + std::chrono::seconds(jumped.load()); }
    [[nodiscard]] MonotonicTime monotonic() const override { return steady_.monotonic(); }
    std::atomic<std::int64_t> jumped{0};

   private:
    const Clock& steady_;
  };
  JumpingClock jumping{clock};
};

TEST_P(EngineBehindAJumpingClock, LosesNoWaitAndSendsNothingTwice) {
  std::atomic<int> calls = 0;
  answer = [&calls](const HttpRequest&) { return HttpResponse{.status = ++calls == 1 ? 503 : 200}; };
  EnginePorts jumpy = ports();
  jumpy.steps.clock = &jumping;
  Engine running(jumpy, settings());
  const auto id = running.submit(
      {.formula = formula_of(R"("a")",
                             http_step("a", "POST", R"(,"retry":"true","retryAttempts":"1","retryDelay":"600000")"))});
  const History history(storage());
  while (history.execution(id).state != ExecutionState::timer) std::this_thread::yield();
  jumping.jumped = GetParam().count();
  clock.advance(601s);
  while (history.execution(id).state != ExecutionState::finished) {
    timers.fire_kept();
    std::this_thread::yield();
  }
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(history.execution(id).status, "success");
}
INSTANTIATE_TEST_SUITE_P(Jumps, EngineBehindAJumpingClock, ::testing::Values(1h, -1h, 24h, -24h));

class EnginePromises : public EngineTest {
 protected:
  [[nodiscard]] std::int64_t number(const std::string& sql) {
    Database connection = storage()->connect();
    Statement statement = connection.prepare(sql);
    return statement.step() ? statement.number(0) : -1;
  }
};

TEST_F(EnginePromises, AnExecutionEndsOnTheVersionOfTheFormulaThatItBeganWith) {
  const std::string same_id = R"({"id":9,"name":"f","triggers":[{"type":"manual","onSuccess":["a"]}],"steps":[)";
  const auto old_one = Formula::parse(same_id + http_step("a", "GET", "", R"(,"onSuccess":["old"])") + "," +
                                      http_step("old", "GET") + "]}");
  const auto new_one = Formula::parse(same_id + http_step("a", "GET", "", R"(,"onSuccess":["new"])") + "," +
                                      http_step("new", "GET") + "]}");
  std::promise<void> inside;
  std::atomic<bool> first = true;
  answer = [&](const HttpRequest& request) -> HttpResponse {
    if (!first.exchange(false)) return ok();
    std::promise<void> stopped;
    const std::stop_callback callback(request.stop, [&stopped] { stopped.set_value(); });
    inside.set_value();
    stopped.get_future().wait();
    throw Error(ErrorCode::cancelled, "cancelled");
  };
  std::int64_t id = 0;
  {
    const auto before = engine();
    id = before->submit({.formula = old_one});
    inside.get_future().wait();
    before->stop(0ms);
  }
  const auto after = engine();
  (void)after->wait(after->submit({.formula = new_one}), 30s);
  EXPECT_EQ(after->wait(id, 30s)->status, ExecutionStatus::success);
  EXPECT_EQ(History(storage()).steps(id).entries.back().name, "old");
}

TEST_F(EnginePromises, AnEndIsNeverOverwritten) {
  const auto running = engine();
  const auto id = running->submit({.formula = formula_of(R"("a")", http_step("a", "POST"))});
  EXPECT_EQ(running->wait(id, 30s)->status, ExecutionStatus::success);
  const ExecutionRecord end = History(storage()).execution(id);
  EXPECT_THAT([&] { running->cancel(id); }, throws_error(ErrorCode::conflict, "it has ended"));
  EXPECT_THAT([&] { running->resume(id, SendAgain{}); }, throws_error(ErrorCode::conflict, "it has ended"));
  clock.advance(24h);
  timers.fire_kept();
  const ExecutionRecord later = History(storage()).execution(id);
  EXPECT_EQ(later.status, end.status);
  EXPECT_EQ(later.ended_ms, end.ended_ms);
}

TEST_F(EnginePromises, ALargeBodyIsKeptOnceAndCompressedAndTheHistoryHasAllOfIt) {
  const std::string large = '"' + std::string(1'000'000, 'x') + '"';
  answer = [&large](const HttpRequest&) { return ok(large); };
  const auto running = engine();
  const auto formula = formula_of(R"("a")", http_step("a", "GET", "", R"(,"onSuccess":["b"])") + "," +
                                                http_step("b", "POST", R"(,"body":"${steps.a.response.body}")"));
  std::int64_t last = 0;
  for (int n = 0; n < 5; ++n) {
    last = running->submit({.formula = formula});
    EXPECT_EQ(running->wait(last, 30s)->status, ExecutionStatus::success);
  }
  EXPECT_GE(number("SELECT count(*) FROM body"), 1);
  EXPECT_LE(number("SELECT count(*) FROM body"), 2) << "as JSON and as text";
  EXPECT_EQ(number("SELECT count(DISTINCT execution) FROM body_use"), 5);
  EXPECT_LT(number("SELECT sum(length(data)) FROM body"), 100'000);
  EXPECT_LT(number("SELECT sum(length(data)) FROM journal"), 1'000'000) << "it is in no journal";
  bool found = false;
  for (const StepExecution& step : History(storage()).steps(last).entries) {
    for (const auto& [key, value] : step.values) found = found || (key == "a.response.body" && value == large);
  }
  EXPECT_TRUE(found);
}

TEST_F(EnginePromises, OldExecutionsAreForgottenInTheBackgroundAndTheirSpaceIsGivenBack) {
  EngineSettings tidy = settings();
  std::atomic<int> calls = 0;
  answer = [&calls](const HttpRequest&) {
    std::string body;  // 200 kB that do not compress, and are below the bound of bodies of their own
    for (std::uint32_t word = 1; body.size() < 200'000; word = word * 1'664'525U + 1'013'904'223U) {
      body += std::to_string(word + static_cast<std::uint32_t>(calls));
    }
    ++calls;
    return ok('"' + body + '"');
  };
  const auto formula = formula_of(R"("a")", http_step("a", "GET"));
  {
    const auto before = engine(tidy);
    for (int n = 0; n < 20; ++n) (void)before->wait(before->submit({.formula = formula}), 30s);
  }
  const std::int64_t pages = number("PRAGMA page_count");
  clock.advance(24h * 31);
  tidy.retention.interval = 0s;  // one pass after the other
  const auto after = engine(tidy);
  const auto kept = after->submit({.formula = formula});
  (void)after->wait(kept, 30s);
  const History history(storage());
  while (history.list({}).entries.size() > 1 || number("PRAGMA freelist_count") > 0) std::this_thread::yield();
  EXPECT_EQ(history.list({}).entries.front().id, kept);
  EXPECT_LT(number("PRAGMA page_count"), pages / 2);
}

}  // namespace
}  // namespace formulary::testing

#include "host/engine/engine.hpp"

#include <future>
#include <set>
#include <thread>

#include "host/store/sqlite.hpp"
#include "tests/host/engine/engine_fixture.hpp"
#include "tests/support/error_matchers.hpp"

namespace formulary::testing {
namespace {

using namespace std::chrono_literals;
using plan::ExecutionStatus;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const char* const script_step = R"j({"name":"s","type":"script","properties":{"body":"done({})"},"onSuccess":["b"]})j";

TEST_F(EngineTest, RunsAnExecutionToItsEndAndKeepsWhatItDid) {
  const auto running = engine();
  const auto formula = formula_of(
      R"("a")", http_step("a", "GET", "", R"(,"onSuccess":["s"])") + "," + script_step + "," + http_step("b", "POST"));
  const std::int64_t id = running->submit({.formula = formula, .args = json::object{{"x", 1}}});
  const auto execution = running->wait(id, 30s);
  ASSERT_TRUE(execution);
  EXPECT_EQ(execution->status, ExecutionStatus::success);
  EXPECT_EQ(execution->id, std::to_string(id));
  EXPECT_THAT(sent(), ElementsAre("GET a", "POST b"));
  EXPECT_EQ(running->violations(), 0);

  const History history(storage());
  EXPECT_EQ(history.execution(id).status, "success");
  const auto page = history.steps(id);
  ASSERT_THAT(page.entries, SizeIs(4));
  EXPECT_EQ(page.entries[0].name, "trigger");
  EXPECT_EQ(page.entries[3].name, "b");
  EXPECT_EQ(history.step(page.entries[3].id).values, page.entries[3].values);
  const auto first = history.steps(id, 0, 3);
  EXPECT_THAT(first.entries, SizeIs(3));
  EXPECT_THAT(history.steps(id, first.next, 3).entries, SizeIs(1));
  EXPECT_THAT(history.list({}).entries, SizeIs(1));
  EXPECT_THAT([&] { (void)history.steps(99); }, throws_error(ErrorCode::not_found, "there is none"));
  EXPECT_THAT([&] { (void)history.step(1); }, throws_error(ErrorCode::not_found, "there is none"));
  EXPECT_EQ(running->wait(id, 1s)->result, execution->result) << "computed again from the journal";
}

TEST_F(EngineTest, APureFormulaThatSomebodyWaitsForCostsOneCommit) {
  const auto running = engine();
  const auto formula = formula_of(
      R"("a")", http_step("a", "GET", "", R"(,"onSuccess":["s"])") + "," + script_step + "," + http_step("b", "GET"));
  (void)running->run({.formula = formula});
  const auto before = running->counters().journal.commits;
  EXPECT_EQ(running->run({.formula = formula}).status, ExecutionStatus::success);
  EXPECT_EQ(running->counters().journal.commits - before, 1U);
  const auto unsafe = formula_of(R"("b")", http_step("b", "POST"));
  (void)running->run({.formula = unsafe});
  EXPECT_EQ(running->counters().journal.commits - before, 3U) << "the intent and the end";
}

TEST_F(EngineTest, KeysAreTheSameForEachAttemptAndDifferBetweenInstallations) {
  std::multiset<std::string> keys;
  answer = [&keys](const HttpRequest& request) {
    for (const auto& [name, value] : request.headers) {
      if (name == "Idempotency-Key") keys.insert(value);
    }
    return HttpResponse{.status = keys.size() % 2 == 1 ? 503 : 200};
  };
  const auto formula = formula_of(R"("a")", http_step("a", "POST", R"(,"retry":"true","retryAttempts":"1")"));
  EXPECT_EQ(engine()->run({.formula = formula}).status, ExecutionStatus::success);
  ASSERT_THAT(keys, SizeIs(2));
  EXPECT_EQ(*keys.begin(), *keys.rbegin());
  const std::string first = *keys.begin();
  keys.clear();
  const auto other = Storage::open({.folder = folder.parent_path() / "other"});
  EnginePorts there = ports();
  there.storage = other;
  Engine second(there, settings());
  EXPECT_EQ(second.run({.formula = formula}).id, "1") << "the same id in another folder";
  EXPECT_EQ(keys.count(first), 0U);
}

TEST_F(EngineTest, SecretsAreSealedInTheJournalAndRedactedInTheHistory) {
  secrets = {"very-secret-word"};
  answer = [](const HttpRequest&) { return ok(R"({"token":"very-secret-word"})"); };
  const auto running = engine();
  const auto formula = formula_of(R"("a")", http_step("a", "GET"));
  const Execution execution =
      running->run({.formula = formula, .configuration = {{"password", "very-secret-word"}}, .keep_steps = true});
  EXPECT_THAT(to_text(to_json(execution)), Not(HasSubstr("very-secret-word")));
  EXPECT_THAT(execution.steps, SizeIs(2));
  storage()->connect().run("PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_THAT(read_file(database()), Not(HasSubstr("very-secret-word")));
  EXPECT_EQ(running->wait(std::stoll(execution.id), 1s)->result, execution.result);
}

TEST_F(EngineTest, TooManyOpenExecutionsAreRefusedWithAClearSentence) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  answer = [released](const HttpRequest&) { return released.wait(), ok(); };
  EngineSettings bounded = settings();
  bounded.open_max = 2;
  const auto running = engine(bounded);
  const ExecutionOrder order{.formula = formula_of(R"("a")", http_step("a", "GET"))};
  const auto first = running->submit(order);
  (void)running->submit(order);
  EXPECT_FALSE(running->ready());
  EXPECT_THAT([&] { (void)running->submit(order); }, throws_error(ErrorCode::rate_limited, "429"));
  release.set_value();
  EXPECT_TRUE(running->wait(first, 30s));
  EXPECT_EQ(running->counters().refused, 1U);
}

TEST_F(EngineTest, SingleThreadedRunsOneAtATimeInTheOrderOfSubmission) {
  std::mutex mutex;
  std::vector<std::string> order;
  int at_once = 0;
  int most = 0;
  answer = [&](const HttpRequest& request) {
    {
      const std::lock_guard lock(mutex);
      most = std::max(most, ++at_once);
      order.push_back(request.body);
    }
    std::this_thread::yield();
    const std::lock_guard lock(mutex);
    --at_once;
    return ok();
  };
  const auto running = engine();
  const auto formula = formula_of(R"("a")", http_step("a", "POST", R"(,"body":"${trigger.args}")"));
  std::vector<std::int64_t> ids;
  std::vector<std::string> expected;
  for (int n = 0; n < 20; ++n) {
    ids.push_back(running->submit({.formula = formula, .formula_instance = 3, .args = n, .single_threaded = true}));
    expected.push_back(std::to_string(n));
  }
  for (const auto id : ids) EXPECT_EQ(running->wait(id, 30s)->status, ExecutionStatus::success);
  EXPECT_EQ(most, 1);
  EXPECT_EQ(order, expected);
}

TEST_F(EngineTest, AFormulaInstanceRunsNoMoreAtOnceThanItMayAndTheOthersGoOn) {
  std::promise<void> release;
  const auto open = release.get_future().share();
  std::promise<void> both_in;
  std::atomic<int> in = 0;
  std::atomic<int> most = 0;
  std::atomic<int> at_once = 0;
  answer = [&, open](const HttpRequest& request) {
    if (request.body == "other") return ok();
    most = std::max<int>(most, ++at_once);
    if (++in == 2) both_in.set_value();
    open.wait();
    --at_once;
    return ok();
  };
  EngineSettings bounded = settings();
  bounded.instance_running_max = 2;
  const auto running = engine(bounded);
  const auto formula = formula_of(R"("a")", http_step("a", "POST", R"(,"body":"${trigger.args}")"));
  std::vector<std::int64_t> ids;
  for (int n = 0; n < 5; ++n) {
    ids.push_back(running->submit({.formula = formula, .formula_instance = 3, .args = "held"}));
  }
  both_in.get_future().wait();
  EXPECT_EQ(running->run({.formula = formula, .formula_instance = 4, .args = "other"}).status,
            ExecutionStatus::success);
  EXPECT_EQ(running->counters().queued, 3U);
  release.set_value();
  for (const auto id : ids) EXPECT_EQ(running->wait(id, 30s)->status, ExecutionStatus::success);
  EXPECT_EQ(in, 5);
  EXPECT_EQ(most, 2);
}

TEST_F(EngineTest, AnElementInstanceGetsNoMoreCallsAtOnceThanItTakes) {
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  EnginePorts limited = ports();
  limited.calls_max = [](std::string_view) { return std::size_t{2}; };
  limited.steps.call_element = [&](std::string_view, const ResourceRequest&, const CallContext&) {
    most = std::max<int>(most, ++at_once);
    std::this_thread::yield();
    --at_once;
    return ResourceAnswer{.status = 200};
  };
  Engine running(limited, settings());
  const auto formula = formula_of(
      R"("a")",
      R"({"name":"a","type":"elementRequest","properties":{"elementInstanceId":"12","method":"GET","api":"/x"}})");
  std::vector<std::int64_t> ids;
  for (int n = 0; n < 30; ++n) ids.push_back(running.submit({.formula = formula}));
  for (const auto id : ids) EXPECT_EQ(running.wait(id, 30s)->status, ExecutionStatus::success);
  EXPECT_LE(most, 2);
}

TEST_F(EngineTest, AnExecutionIsOneTraceAndEachCallASpanOfIt) {
  std::mutex mutex;
  std::vector<std::string> traces;
  EnginePorts traced = ports();
  traced.steps.call_element = [&](std::string_view, const ResourceRequest&, const CallContext& context) {
    const std::lock_guard lock(mutex);
    traces.push_back(context.trace_parent);
    return ResourceAnswer{.status = 200};
  };
  Engine running(traced, settings());
  const std::string call =
      R"(","type":"elementRequest","properties":{"elementInstanceId":"12","method":"GET","api":"/x"})";
  const auto formula = formula_of(R"("a")", R"({"name":"a)" + call + R"(,"onSuccess":["b"]},{"name":"b)" + call + "}");
  EXPECT_EQ(running.wait(running.submit({.formula = formula}), 30s)->status, ExecutionStatus::success);
  EXPECT_EQ(running.wait(running.submit({.formula = formula}), 30s)->status, ExecutionStatus::success);
  ASSERT_EQ(traces.size(), 4U);
  EXPECT_THAT(traces, ::testing::Each(::testing::MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-01")));
  EXPECT_EQ(std::set<std::string>(traces.begin(), traces.end()).size(), 4U);
  EXPECT_EQ(traces[0].substr(0, 35), traces[1].substr(0, 35));
  EXPECT_NE(traces[1].substr(0, 35), traces[2].substr(0, 35));
}

TEST_F(EngineTest, CancelEndsAnExecutionThatWaits) {
  answer = [](const HttpRequest&) { return HttpResponse{.status = 503}; };
  const auto running = engine();
  const auto formula =
      formula_of(R"("a")", http_step("a", "POST", R"(,"retry":"true","retryAttempts":"1","retryDelay":"600000")"));
  const auto id = running->submit({.formula = formula});
  running->cancel(id, "no longer wanted");
  const auto execution = running->wait(id, 30s);
  ASSERT_TRUE(execution);
  EXPECT_EQ(execution->status, ExecutionStatus::cancelled);
  EXPECT_THAT([&] { running->cancel(id); }, throws_error(ErrorCode::conflict, "it has ended as cancelled"));
  EXPECT_THAT([&] { running->cancel(99); }, throws_error(ErrorCode::not_found, "there is none"));
}

TEST_F(EngineTest, CancelReachesACallWhileEveryWorkerWaitsInOne) {
  std::atomic<int> inside = 0;
  answer = [&inside](const HttpRequest& request) -> HttpResponse {
    std::promise<void> stopped;
    const std::stop_callback callback(request.stop, [&stopped] { stopped.set_value(); });
    ++inside;
    inside.notify_all();
    stopped.get_future().wait();
    throw Error(ErrorCode::cancelled, "cancelled");
  };
  EngineSettings narrow = settings();
  narrow.steps.workers = 2;
  const auto running = engine(narrow);
  const ExecutionOrder order{.formula = formula_of(R"("a")", http_step("a", "GET"))};
  const auto first = running->submit(order);
  const auto second = running->submit(order);
  for (int now = inside; now < 2; now = inside) inside.wait(now);
  running->cancel(first);
  EXPECT_EQ(running->wait(first, 30s)->status, ExecutionStatus::cancelled);
  running->cancel(second);
  EXPECT_EQ(running->wait(second, 30s)->status, ExecutionStatus::cancelled);
}

TEST_F(EngineTest, CancelEndsAnExecutionThatHasNotHadItsTurn) {
  const auto running = engine();
  const ExecutionOrder order{
      .formula = formula_of(R"("a")", http_step("a", "GET")), .formula_instance = 1, .single_threaded = true};
  // Several times, since the word of the cancellation and that of the disk come at the same time.
  constexpr std::size_t rounds = 20;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::promise<void> release;
    const auto released = release.get_future().share();
    answer = [released](const HttpRequest&) { return released.wait(), ok(); };
    const auto first = running->submit(order);
    const auto second = running->submit(order);
    EXPECT_EQ(running->counters().queued, 1U);
    running->cancel(second);
    EXPECT_EQ(running->wait(second, 30s)->status, ExecutionStatus::cancelled);
    release.set_value();
    EXPECT_EQ(running->wait(first, 30s)->status, ExecutionStatus::success);
  }
  EXPECT_THAT(sent(), SizeIs(rounds));
}

TEST_F(EngineTest, AStopParksWhatRunsAndTheNextStartGoesOn) {
  std::promise<void> inside;
  bool first = true;
  answer = [&](const HttpRequest& request) -> HttpResponse {
    if (!std::exchange(first, false)) return ok();
    std::promise<void> stopped;
    const std::stop_callback callback(request.stop, [&stopped] { stopped.set_value(); });
    inside.set_value();
    stopped.get_future().wait();
    throw Error(ErrorCode::cancelled, "cancelled");
  };
  const auto formula = formula_of(R"("a")", http_step("a", "GET"));
  std::int64_t id = 0;
  {
    const auto running = engine();
    id = running->submit({.formula = formula});
    inside.get_future().wait();
    EXPECT_FALSE(running->stop(0ms));
    EXPECT_THAT([&] { (void)running->submit({.formula = formula}); }, throws_error(ErrorCode::unavailable, "stopping"));
    EXPECT_EQ(History(storage()).execution(id).state, ExecutionState::ready);
    EXPECT_EQ(running->violations(), 0);
  }
  const auto running = engine();
  EXPECT_EQ(running->counters().recovered, 1U);
  EXPECT_EQ(running->wait(id, 30s)->status, ExecutionStatus::success);
  EXPECT_THAT(sent(), ElementsAre("GET a", "GET a"));
}

TEST_F(EngineTest, AnUnsafeRequestThatWasOutIsInDoubtUntilAPersonDecides) {
  std::promise<void> inside;
  bool first = true;
  answer = [&](const HttpRequest& request) -> HttpResponse {
    if (!std::exchange(first, false)) return ok();
    std::promise<void> stopped;
    const std::stop_callback callback(request.stop, [&stopped] { stopped.set_value(); });
    inside.set_value();
    stopped.get_future().wait();
    throw Error(ErrorCode::cancelled, "cancelled");
  };
  const auto formula = formula_of(R"("a")", http_step("a", "POST"));
  std::int64_t id = 0;
  {
    const auto running = engine();
    id = running->submit({.formula = formula});
    inside.get_future().wait();
    running->stop(0ms);
  }
  const auto running = engine();
  const auto doubted = running->wait(id, 30s);
  ASSERT_TRUE(doubted);
  EXPECT_EQ(doubted->status, ExecutionStatus::failed);
  EXPECT_EQ(doubted->error->code, "in_doubt");
  EXPECT_EQ(History(storage()).execution(id).status, "failed");
  EXPECT_EQ(History(storage()).execution(id).reason, "in_doubt");
  EXPECT_EQ(running->counters().in_doubt, 1U);
  EXPECT_EQ(running->violations(), 0);
  EXPECT_THAT(sent(), ElementsAre("POST a")) << "never again by itself";

  running->resume(id, SendAgain{});
  const auto execution = running->wait(id, 30s);
  ASSERT_TRUE(execution);
  EXPECT_EQ(execution->status, ExecutionStatus::success);
  EXPECT_THAT(sent(), ElementsAre("POST a", "POST a"));
  EXPECT_THAT([&] { running->resume(id, SendAgain{}); }, throws_error(ErrorCode::conflict, "it has ended"));
}

TEST_F(EngineTest, ASleepingExecutionLeavesTheMemoryAndComesBackOnce) {
  std::atomic<int> calls = 0;
  answer = [&calls](const HttpRequest&) { return HttpResponse{.status = ++calls == 1 ? 503 : 200}; };
  const auto running = engine();
  const auto id = running->submit(
      {.formula = formula_of(R"("a")",
                             http_step("a", "POST", R"(,"retry":"true","retryAttempts":"1","retryDelay":"600000")"))});
  const History history(storage());
  while (history.execution(id).state != ExecutionState::timer) std::this_thread::yield();
  clock.advance(601s);
  while (history.execution(id).state != ExecutionState::finished) {
    timers.fire_kept();
    std::this_thread::yield();
  }
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(history.execution(id).status, "success");
}

TEST_F(EngineTest, EachEventOfANotificationIsAnExecutionThatCanBeFound) {
  const auto running = engine();
  const auto formula = Formula::parse(
      R"j({"name":"f","configuration":[{"key":"i","name":"i","type":"elementInstance","required":false}],"triggers":[{"type":"event","properties":{"elementInstanceId":"${config.i}"},"onSuccess":["s"]}],
      "steps":[{"name":"s","type":"script","properties":{"body":"done({})"}}]})j");
  const auto ids = running->on_event(
      {.formula = formula, .configuration = {{"i", 7}}},
      parse_json(R"({"message":{"instance_id":7,"eventId":35,"events":[{"objectId":"c-1"},{"objectId":"c-2"}]}})",
                 "n"));
  ASSERT_THAT(ids, SizeIs(2));
  for (const auto id : ids) (void)running->wait(id, 30s);
  const History history(storage());
  EXPECT_THAT(history.list({.event_id = "35"}).entries, SizeIs(2));
  EXPECT_THAT(history.list({.object_id = "c-2"}).entries, SizeIs(1));
}

TEST_F(EngineTest, AFormulaThatCannotRunIsRefusedBeforeAnythingIsKept) {
  const auto running = engine();
  EXPECT_THAT([&] { (void)running->submit({.formula = formula_of(R"("nowhere")", http_step("a", "GET"))}); },
              throws_error(ErrorCode::formula_invalid, "nowhere"));
  EXPECT_THAT(History(storage()).list({}).entries, SizeIs(0));
}

}  // namespace
}  // namespace formulary::testing

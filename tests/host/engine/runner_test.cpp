#include "host/engine/runner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/engine_fakes.hpp"

namespace formulary {
namespace {

using namespace std::chrono_literals;
using plan::ExecutionStatus;
using plan::StepStatus;

std::string http_step(const std::string& name, const std::string& more = "", const std::string& edges = "") {
  return R"({"name":")" + name + R"(","type":"httpRequest","properties":{"method":"POST","url":"https://x.org/)" +
         name + "\"" + more + "}" + edges + "}";
}

std::shared_ptr<const Formula> formula_of(const std::string& start, const std::string& steps) {
  return Formula::parse(R"({"id":9,"name":"f","triggers":[{"type":"manual","onSuccess":[)" + start +
                        R"(]}],"steps":[)" + steps + "]}");
}

class RunnerTest : public ::testing::Test {
 protected:
  RunnerPorts ports() { return {.transport = &transport, .scripts = &scripts, .timers = &timers, .clock = &clock}; }
  static HttpResponse ok(const std::string& body = "") { return {.status = 200, .body = body}; }

  /// What the other side does; set before the run.
  std::function<HttpResponse(const HttpRequest&)> answer = [](const HttpRequest&) { return ok(); };
  std::function<ScriptResult(const ScriptRequest&)> script = [](const ScriptRequest&) {
    return ScriptResult{.ok = true, .value = "{}"};
  };
  formulary::testing::FunctionTransport transport{[this](const HttpRequest& request) { return answer(request); }};
  formulary::testing::FunctionScripts scripts{[this](const ScriptRequest& request) { return script(request); }};
  formulary::testing::PromptTimers timers;
  formulary::testing::SetClock clock;
};

TEST_F(RunnerTest, BranchesRunAtTheSameTime) {
  std::barrier both(2);
  answer = [&both](const HttpRequest&) {
    both.arrive_and_wait();  // one alone would wait for ever
    return ok();
  };
  Runner runner(ports(), {.workers = 2});
  const auto execution = runner.run({.formula = formula_of(R"("a","b")", http_step("a") + "," + http_step("b"))});
  EXPECT_EQ(execution.status, ExecutionStatus::success);
  EXPECT_EQ(execution.steps.size(), 3U);
}

TEST_F(RunnerTest, ObserversHearEachStepInOrder) {
  int calls = 0;
  answer = [&calls](const HttpRequest&) { return HttpResponse{.status = ++calls < 2 ? 503 : 200}; };
  std::vector<std::string> lines;
  FormulaRun order{.formula =
                       formula_of(R"("a")", http_step("a", R"(,"retry":"true","retryAttempts":"2","retryDelay":"40")",
                                                      R"(,"onSuccess":["b"])") +
                                                "," + http_step("b"))};
  order.observe = [&lines](const StepLine& line) {
    const char* kinds[] = {"started", "waits", "ended"};
    lines.push_back(
        line.name + ' ' + kinds[static_cast<int>(line.kind)] + ' ' + std::to_string(line.attempt) +
        (line.kind == StepLine::Kind::waits ? ' ' + std::to_string(line.duration.count()) + " ms: " + line.error : ""));
  };
  Runner runner(ports(), {});
  EXPECT_EQ(runner.run(order).status, ExecutionStatus::success);
  EXPECT_EQ(lines, (std::vector<std::string>{"trigger ended 1", "a started 1",
                                             "a waits 1 40 ms: POST https://x.org/a answered 503", "a started 2",
                                             "a ended 2", "b started 1", "b ended 1"}));
}

TEST_F(RunnerTest, EveryAttemptOfAnUnsafeRequestCarriesTheSameKey) {
  std::multiset<std::string> keys;
  answer = [&keys](const HttpRequest& request) {
    for (const auto& [name, value] : request.headers) {
      if (name == "Idempotency-Key") keys.insert(value);
    }
    return HttpResponse{.status = keys.size() < 3 ? 500 : 200};
  };
  Runner runner(ports(), {});
  const auto formula =
      formula_of(R"("a")", http_step("a", R"(,"retry":"true","retryAttempts":"2")", R"(,"onSuccess":["b"])") + "," +
                               http_step("b"));
  EXPECT_EQ(runner.run({.formula = formula}).status, ExecutionStatus::success);
  ASSERT_EQ(keys.size(), 4U);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 2U)
      << "one key for the three attempts of a, one for b";
}

std::shared_ptr<const Formula> message_formula() {
  return formula_of(
      R"("a")",
      R"({"name":"a","type":"amqpRequest","properties":{"url":"amqp://u:s3cret@h/v","exchange":"e","queue":"q","body":"${trigger.args}"}})");
}

TEST_F(RunnerTest, AMessageIsPublishedOnceWithTheStepsKeyAndTimeLimit) {
  std::vector<AmqpMessage> messages;
  formulary::testing::FunctionPublisher publisher{[&](const AmqpMessage& message) { messages.push_back(message); }};
  RunnerPorts with_broker = ports();
  with_broker.publisher = &publisher;
  Runner runner(with_broker, {.request_time_limit = 7s});
  const auto execution = runner.run({.formula = message_formula(), .args = json::object{{"x", 1}}});
  EXPECT_EQ(execution.status, ExecutionStatus::success);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].url, "amqp://u:s3cret@h/v");
  EXPECT_EQ(messages[0].exchange + '/' + messages[0].routing_key, "e/q");
  EXPECT_EQ(messages[0].body, R"({"x":1})");
  EXPECT_EQ(messages[0].content_type, "application/json");
  EXPECT_EQ(messages[0].message_id.size(), 32U);
  EXPECT_EQ(messages[0].time_limit, 7s);
}

TEST_F(RunnerTest, ABrokersRefusalFailsItsStepAndIsNotRepeated) {
  int calls = 0;
  formulary::testing::FunctionPublisher publisher{[&](const AmqpMessage&) {
    ++calls;
    throw Error(ErrorCode::unavailable, "amqp broker h:5672: the connection ended before it confirmed the message");
  }};
  RunnerPorts with_broker = ports();
  with_broker.publisher = &publisher;
  Runner runner(with_broker, {});
  const auto execution = runner.run({.formula = message_formula(), .args = "text"});
  EXPECT_EQ(execution.status, ExecutionStatus::failed);
  EXPECT_EQ(calls, 1);
  ASSERT_TRUE(execution.steps.back().error);
  EXPECT_NE(execution.steps.back().error->message.find("before it confirmed"), std::string::npos);
}

TEST_F(RunnerTest, AKeyThatTheFormulaGivesItselfStays) {
  std::vector<std::string> keys;
  answer = [&keys](const HttpRequest& request) {
    for (const auto& [name, value] : request.headers) {
      if (name.size() == 15) keys.push_back(value);
    }
    return ok();
  };
  Runner runner(ports(), {});
  (void)runner.run({.formula = formula_of(R"("a")", http_step("a", R"(,"headers":"{\"idempotency-key\":\"mine\"}")"))});
  EXPECT_EQ(keys, std::vector<std::string>{"mine"});
}

TEST_F(RunnerTest, CancellingEndsWithinATenthOfASecondEvenIfNobodyListens) {
  const auto formula = formula_of(
      R"("a")", R"j({"name":"a","type":"script","properties":{"body":"done()"},"onSuccess":["b"]},)j" + http_step("b"));
  auto best = std::chrono::steady_clock::duration::max();
  for (int attempt = 0; attempt < 5 && best >= 100ms; ++attempt) {  // a busy machine may wake the thread late
    std::promise<void> inside;
    std::promise<void> release;
    script = [&](const ScriptRequest&) {
      inside.set_value();
      release.get_future().wait();
      return ScriptResult{.ok = true};
    };
    std::stop_source stop;
    Runner runner(ports(), {});
    auto result =
        std::async(std::launch::async, [&] { return runner.run({.formula = formula, .stop = stop.get_token()}); });
    inside.get_future().wait();
    const auto asked = std::chrono::steady_clock::now();
    stop.request_stop();
    const Execution execution = result.get();  // while the script still blocks
    best = std::min(best, std::chrono::steady_clock::now() - asked);
    release.set_value();
    ASSERT_EQ(execution.status, ExecutionStatus::cancelled);
    ASSERT_EQ(execution.steps.size(), 2U);
    EXPECT_EQ(execution.steps[1].status, StepStatus::cancelled);
    EXPECT_EQ(execution.error->code, "cancelled");
  }
  EXPECT_LT(best, 100ms);
}

TEST_F(RunnerTest, CancellingReachesTheCallThatIsOut) {
  std::promise<void> inside;
  std::promise<void> heard;
  answer = [&](const HttpRequest& request) -> HttpResponse {
    std::promise<void> stopped;
    const std::stop_callback callback(request.stop, [&stopped] { stopped.set_value(); });
    inside.set_value();
    stopped.get_future().wait();
    heard.set_value();
    throw Error(ErrorCode::cancelled, "cancelled");
  };
  std::stop_source stop;
  Runner runner(ports(), {});
  auto result = std::async(std::launch::async, [&] {
    return runner.run({.formula = formula_of(R"("a")", http_step("a")), .stop = stop.get_token()});
  });
  inside.get_future().wait();
  stop.request_stop();
  EXPECT_EQ(result.get().status, ExecutionStatus::cancelled);
  EXPECT_EQ(heard.get_future().wait_for(30s), std::future_status::ready);
}

TEST_F(RunnerTest, AStopThatWasRequestedBeforeDoesNothingAtAll) {
  int calls = 0;
  answer = [&calls](const HttpRequest&) { return ++calls, ok(); };
  std::stop_source stop;
  stop.request_stop();
  Runner runner(ports(), {});
  const auto execution = runner.run({.formula = formula_of(R"("a")", http_step("a")), .stop = stop.get_token()});
  EXPECT_EQ(execution.status, ExecutionStatus::cancelled);
  EXPECT_EQ(calls, 0);
}

TEST_F(RunnerTest, ACallThatIgnoresItsTimeLimitIsGivenUpAndItsLateAnswerIsNotTheNextOnes) {
  std::promise<void> first_in;
  std::promise<void> first_release;
  std::promise<void> second_in;
  std::promise<void> second_release;
  std::atomic<int> calls = 0;
  answer = [&](const HttpRequest& request) {
    if (request.url.ends_with("other")) return ok();
    const int call = ++calls;
    (call == 1 ? first_in : second_in).set_value();
    (call == 1 ? first_release : second_release).get_future().wait();
    return ok(R"({"call":)" + std::to_string(call) + "}");
  };
  Runner runner(ports(), {.workers = 2, .request_time_limit = 10s});
  auto result = std::async(std::launch::async, [&] {
    return runner.run({.formula = formula_of(R"("a")", http_step("a", R"(,"retry":"true","retryAttempts":"1")"))});
  });
  first_in.get_future().wait();
  clock.advance(16s);  // the time limit and its grace
  auto second = second_in.get_future();
  while (second.wait_for(0s) != std::future_status::ready) {
    timers.fire_kept();
    std::this_thread::yield();
  }
  first_release.set_value();
  // Both workers are taken, so this one runs after the late answer was handed in.
  (void)runner.run({.formula = formula_of(R"("other")", http_step("other"))});
  second_release.set_value();
  const Execution execution = result.get();
  EXPECT_EQ(execution.status, ExecutionStatus::success);
  EXPECT_EQ(execution.steps.back().attempts, 2);
  EXPECT_EQ(to_text(execution.result.at("response").at("body")), R"({"call":2})");
}

TEST_F(RunnerTest, WhatAPluginReportsWithAStatusIsAnAnswer) {
  RunnerPorts with_elements = ports();
  with_elements.call_element = [](std::string_view, const ResourceRequest&, const CallContext&) -> ResourceAnswer {
    throw PluginError(ErrorCode::not_found, "candidate c-1 does not exist",
                      {.plugin_code = "sr.no_candidate", .http_status = 404});
  };
  Runner runner(with_elements, {});
  const auto execution = runner.run(
      {.formula = formula_of(
           R"("a")",
           R"({"name":"a","type":"elementRequest","properties":{"elementInstanceId":"12","method":"GET","api":"/candidates/c-1","acceptableStatusCodes":"200,404"}})")});
  EXPECT_EQ(execution.status, ExecutionStatus::success);
  EXPECT_EQ(to_text(execution.result.at("response").at("body")),
            R"({"message":"candidate c-1 does not exist","code":"sr.no_candidate"})");
}

TEST_F(RunnerTest, WhateverIsThrownFailsTheStepAndNothingElse) {
  answer = [](const HttpRequest& request) -> HttpResponse {
    if (request.url.ends_with('a')) throw std::runtime_error("not an Error");
    throw 7;
  };
  Runner runner(ports(), {});
  const auto execution = runner.run({.formula = formula_of(R"("a","b")", http_step("a") + "," + http_step("b"))});
  EXPECT_EQ(execution.status, ExecutionStatus::failed);
  EXPECT_EQ(execution.steps.size(), 3U);
  EXPECT_EQ(execution.steps.back().error->code, "internal");
}

TEST_F(RunnerTest, AnObserverThatThrowsEndsTheRunAndStopsWhatIsOut) {
  FormulaRun order{.formula = formula_of(R"("a")", http_step("a"))};
  order.observe = [](const StepLine& line) {
    if (line.kind == StepLine::Kind::started) throw Error(ErrorCode::unavailable, "the pipe is closed");
  };
  Runner runner(ports(), {});
  EXPECT_THROW((void)runner.run(order), Error);
}

TEST_F(RunnerTest, ScriptsKnowTheExecutionAndTheStartOfIt) {
  std::vector<ScriptRequest> seen;
  script = [&seen](const ScriptRequest& request) {
    seen.push_back(request);
    return ScriptResult{.ok = true, .value = "{}"};
  };
  Runner runner(ports(), {});
  const std::string step = R"j({"name":"a","type":"script","properties":{"body":"done({})"}})j";
  const auto first = runner.run({.formula = formula_of(R"("a")", step), .instance_name = "mine"});
  const auto second = runner.run({.formula = formula_of(R"("a")", step)});
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].now_ms, 1'700'000'000'000);
  EXPECT_NE(seen[0].seed, seen[1].seed);
  const auto info = parse_json(*seen[0].inputs.info, "info");
  EXPECT_EQ(info.at("formulaExecutionId").as_string(), first.id);
  EXPECT_EQ(info.at("formulaId").as_int64(), 9);
  EXPECT_EQ(info.at("formulaName").as_string(), "f");
  EXPECT_EQ(info.at("formulaInstanceName").as_string(), "mine");
  EXPECT_EQ(info.at("formulaStartTime").as_int64(), 1'700'000'000'000);
  EXPECT_NE(first.id, second.id);
}

TEST_F(RunnerTest, ExecutionsReadAsThePlatformShowsThem) {
  answer = [](const HttpRequest&) { return HttpResponse{.status = 404}; };
  Runner runner(ports(), {});
  const json::object shown =
      to_json(runner.run({.formula = formula_of(R"("a")", http_step("a")), .args = json::object{{"x", 1}}}));
  EXPECT_EQ(shown.at("status").as_string(), "failed");
  EXPECT_EQ(shown.at("createdDate").as_string(), "2023-11-14T22:13:20Z");
  const auto& steps = shown.at("stepExecutions").as_array();
  EXPECT_EQ(to_text(steps.at(0)),
            R"({"id":1,"stepName":"trigger","type":"trigger","status":"success","createdDate":"2023-11-14T22:13:20Z",)"
            R"("updatedDate":"2023-11-14T22:13:20Z","attempts":1,"durationMs":0,)"
            R"("stepExecutionValues":[{"id":1,"key":"trigger.args","value":"{\"x\":1}"}]})");
  EXPECT_EQ(steps.at(1).at("error").at("code").as_string(), "http.404");
}

TEST_F(RunnerTest, ManyExecutionsShareOneRunner) {
  std::atomic<int> calls = 0;
  answer = [&calls](const HttpRequest&) { return ++calls, ok(R"({"x":1})"); };
  const auto formula = formula_of(
      R"("a","b")", http_step("a", "", R"(,"onSuccess":["c","b"])") + "," + http_step("b") + "," + http_step("c"));
  Runner runner(ports(), {.workers = 4});
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> succeeded = 0;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int run = 0; run < 50; ++run) {
        const auto execution = runner.run({.formula = formula});
        if (execution.status == ExecutionStatus::success && execution.steps.size() == 5) ++succeeded;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 200);
  EXPECT_EQ(calls, 800);
}

}  // namespace
}  // namespace formulary

// Chains: steps that follow each other in one crossing, what they see, and where they stop.
#include <atomic>
#include <csignal>
#include <numeric>
#include <stop_token>
#include <thread>

#include "host/script/script_frame.hpp"
#include "script_fixture.hpp"

namespace formulary {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ScriptChain::Step step(std::string name, std::string body) {
  return {
      .kind = ScriptKind::step, .name = std::move(name), .body = std::move(body), .on_success = {}, .on_failure = {}};
}

ScriptChain::Step filter_step(std::string name, std::string body) {
  ScriptChain::Step made = step(std::move(name), std::move(body));
  made.kind = ScriptKind::filter;
  return made;
}

/// Each leads to the next, whatever its outcome.
ScriptChain chain(std::vector<ScriptChain::Step> steps) {
  ScriptChain made;
  for (std::size_t index = 0; index + 1 < steps.size(); ++index) {
    steps[index].on_success = index + 1;
    steps[index].on_failure = index + 1;
  }
  made.steps = std::move(steps);
  made.version = "chain-1";
  made.now_ms = 1'700'000'000'000;
  made.time_limit = std::chrono::milliseconds(20'000);
  made.inputs.trigger = json_text(R"({"id":"t-1"})");
  made.inputs.steps = {{"before", json_text(R"({"n":1})")}};
  return made;
}

std::vector<std::string> shown(const std::vector<ChainedResult>& results) {
  std::vector<std::string> all;
  all.reserve(results.size());
  for (const auto& entry : results) all.push_back(std::to_string(entry.step) + ' ' + value_of(entry.result));
  return all;
}

class ScriptChains : public ScriptTest {
 protected:
  std::vector<std::string> run_all(const ScriptChain& made) { return shown(workers.run_chain(made)); }
};

TEST_F(ScriptChains, LetEachStepSeeWhatTheStepsBeforeBrought) {
  EXPECT_THAT(run_all(chain({step("one", "done({a: steps.before.n + 1})"), step("two", "done({b: steps.one.a + 1})"),
                             step("three", "done(Object.keys(steps).map((name) => [name, steps[name]]))")})),
              ElementsAre(R"(0 {"a":2})", R"(1 {"b":3})", R"(2 [["before",{"n":1}],["one",{"a":2}],["two",{"b":3}]])"));
  EXPECT_EQ(workers.counts().runs, 3U);
}

TEST_F(ScriptChains, ShowTheOutcomesThatAreNoObjectsAsTheHostWould) {
  EXPECT_THAT(run_all(chain({step("text", "done('x')"), step("list", "done([1])"), step("none", "done()"),
                             step("null", "done(null)"), filter_step("yes", "done(true)"), filter_step("no", "done(0)"),
                             step("bad", "throw new Error('a \"quoted\" word\\n')"),
                             step("all", "done({...steps, before: undefined})")})),
              ElementsAre(R"(0 "x")", "1 [1]", "2 ", "3 null", "4 true", "5 false", HasSubstr("script.exception"),
                          R"(7 {"text":"x","list":[1],"none":{},"null":null,"yes":{"continue":true},)"
                          R"json("no":{"continue":false},"bad":{"error":"Error: a \"quoted\" word\n (line 1)"}})json"));
}

TEST_F(ScriptChains, GoWhereTheOutcomeLeads) {
  ScriptChain made = chain({filter_step("if", "done(trigger.id === 't-2')"), step("then", "done('then')"),
                            step("else", "throw 'no'"), step("handle", "done(steps.else.error)")});
  made.steps[0].on_failure = 2;
  made.steps[2].on_success = 1;
  EXPECT_THAT(run_all(made), ElementsAre("0 false", "2 script.exception: no (line 1)", R"js(3 "no (line 1)")js"));
  made.inputs.trigger = json_text(R"({"id":"t-2"})");
  made.steps[1].on_success.reset();
  EXPECT_THAT(run_all(made), ElementsAre("0 true", R"(1 "then")"));
}

TEST_F(ScriptChains, StopBeforeAStepThatRanAlready) {
  ScriptChain made = chain({step("a", "done(1)"), step("b", "done(2)")});
  made.steps[1].on_success = 0;
  EXPECT_THAT(run_all(made), ElementsAre("0 1", "1 2"));
}

TEST_F(ScriptChains, GiveEachStepItsOwnCopyItsOwnSeedAndItsOwnClock) {
  ScriptChain made = chain({step("a", "steps.before.n = 5; trigger.x = 1; setTimeout(() => done(Date.now()), 3)"),
                            step("b", "done([steps.before, trigger, Date.now(), Math.random()])"),
                            step("c", "done(Math.random())"), step("d", "done(Math.random())")});
  made.steps[3].seed = 9;
  const auto results = workers.run_chain(made);
  ASSERT_EQ(results.size(), 4U);
  EXPECT_THAT(results[0].result, succeeded_with("1700000000003"));
  EXPECT_THAT(results[1].result.value, testing::StartsWith(R"([{"n":1},{"id":"t-1"},1700000000000,0.)"));
  EXPECT_THAT(results[1].result.value, HasSubstr(results[2].result.value));
  EXPECT_NE(results[2].result.value, results[3].result.value);
}

TEST_F(ScriptChains, ReplaceTheOutputOfAStepThatRanBefore) {
  EXPECT_THAT(run_all(chain({step("before", "done({n: steps.before.n + 1})"), step("after", "done(steps)")})),
              ElementsAre(R"(0 {"n":2})", R"(1 {"before":{"n":2}})"));
}

TEST_F(ScriptChains, StopAStepAtItsLimitAndGoOnWithTheNext) {
  ScriptChain made = chain({step("a", "done(1)"), step("b", "for (;;) {}"), step("c", "done(steps.b)")});
  made.time_limit = std::chrono::milliseconds(200);
  EXPECT_THAT(run_all(made), ElementsAre("0 1", HasSubstr("1 script.timeout"), HasSubstr("did not end within 200 ms")));
  EXPECT_EQ(workers.counts().started, 1U);
}

TEST_F(ScriptChains, EndWithAStepThatNeedsTooMuchMemory) {
  ScriptChain made = chain({step("a", "done(1)"), step("b", "const a = []; for (;;) a.push(new Array(1000).fill(1))"),
                            step("c", "done(2)")});
  EXPECT_THAT(run_all(made), ElementsAre("0 1", HasSubstr("1 script.memory")));
  EXPECT_THAT(run_all(chain({step("a", "done(3)")})), ElementsAre("0 3"));
}

TEST_F(ScriptChains, BoundEachOutputByItselfAndStopWhenTheyAreManyBytes) {
  ScriptChain made = chain({step("a", "done('x'.repeat(100))"), step("b", "done(1)")});
  made.output_max = 50;
  EXPECT_THAT(run_all(made), ElementsAre(HasSubstr("0 script.output: done() got a text of 100 characters"), "1 1"));
  std::vector<ScriptChain::Step> many;
  many.reserve(40);
  for (int index = 0; index < 40; ++index)
    many.push_back(step("s" + std::to_string(index), "done('x'.repeat(100000))"));
  const auto results = workers.run_chain(chain(many));
  EXPECT_GT(results.size(), 10U);
  EXPECT_LT(results.size(), 13U);  // the caller goes on from there
}

TEST_F(ScriptChains, BringLargeInputsOnlyWhenTheyAreTouched) {
  ScriptChain made = chain({step("untouched", "done(typeof steps.before)"),
                            step("touched", "done([steps.large.length, trigger.text.length])"),
                            step("again", "const name = 'large'; done([steps[name].length, steps.large.length])"),
                            step("all", "done(JSON.stringify(steps).length)")});
  made.inputs.trigger = json_text(R"({"text":")" + std::string(500'000, 'x') + "\"}");
  made.inputs.steps.emplace_back("large", json_text('"' + std::string(3'000'000, 'y') + '"'));
  made.inputs.steps.emplace_back("unused", json_text('"' + std::string(3'000'000, 'z') + '"'));
  EXPECT_THAT(run_all(made), ElementsAre(R"(0 "object")", "1 [3000000,500000]", "2 [3000000,3000000]", "3 6000115"));
  EXPECT_EQ(workers.counts().crashed, 0U);
}

TEST_F(ScriptChains, MayHaveStepsOfAnyName) {
  ScriptChain made = chain({step("look", "done(Object.entries(steps).map(([name, value]) => name + value.v))"),
                            step("named", R"js(done([steps['a-b'].v, steps["7"].v, steps.constructor.v, steps['été'].v,
                              steps.hasOwnProperty('a-b'), steps.__proto__ === Object.prototype, typeof steps.nothing]))js")});
  made.inputs.steps.clear();
  for (const char* name : {"a-b", "7", "constructor", "été"}) {
    made.inputs.steps.emplace_back(name, json_text(R"({"v":1})"));
    made.inputs.steps.emplace_back(std::string(name) + "-large",
                                   json_text(R"({"v":2,"text":")" + std::string(20'000, 'x') + "\"}"));
  }
  EXPECT_THAT(run_all(made),
              ElementsAre(R"(0 ["71","a-b1","a-b-large2","7-large2","constructor1","constructor-large2",)"
                          R"("été1","été-large2"])",
                          R"(1 [1,1,1,1,true,true,"undefined"])"));
}

struct Reach {
  const char* name;
  const char* body;
};

class InputsHoweverReached : public ScriptTest, public testing::WithParamInterface<Reach> {};

TEST_P(InputsHoweverReached, AreThere) {
  ScriptRequest request = shared(GetParam().body);
  request.context.clear();
  request.inputs.trigger = json_text(R"({"v":"T"})");
  request.inputs.info = json_text(R"({"v":"I"})");
  request.inputs.config = json_text(R"({"v":"C"})");
  request.inputs.steps = {{"one", json_text(R"({"v":"S"})")}, {"two", json_text(R"({"v":"S"})")}};
  EXPECT_THAT(workers.run(request), succeeded_with(R"("TSIC")"));
}

INSTANTIATE_TEST_SUITE_P(
    Script, InputsHoweverReached,
    testing::Values(
        Reach{"By_name", "done(trigger.v + steps.one.v + info.v + config.v)"},
        Reach{"By_brackets", "done(trigger['v'] + steps['one'].v + info.v + config.v)"},
        Reach{"By_optional_chains",
              "done(trigger?.v + steps?.one?.v + steps?.['two'].v.slice(1) + info?.v + config?.v)"},
        Reach{"By_a_computed_name", "const n = 'one'; done(trigger.v + steps[n].v + info.v + config.v)"},
        Reach{"By_a_template", "done(`${trigger.v}${steps[`one`].v}${info.v}${config.v}`)"},
        Reach{"By_arguments", "const [t, s, i, c, d] = arguments; d(t.v + s.one.v + i.v + c.v)"},
        Reach{"By_escapes", "done(tr\\u0069gger.v + st\\u0065ps.one.v + inf\\u006f.v + conf\\u0069g.v)"},
        Reach{"By_an_alias", "const s = steps; done(trigger.v + s.two.v + info.v + config.v)"},
        Reach{"By_destructuring", "const {one: {v}} = steps; done(trigger.v + v + info.v + config.v)"},
        Reach{"By_a_spread", "const all = {...steps}; done(trigger.v + all.two.v + info.v + config.v)"},
        Reach{"By_lodash", "done(trigger.v + require('lodash').get(steps, 'one.v') + info.v + config.v)"},
        Reach{"Over_a_line_end", "done(trigger\n.v + steps\n  .one\n  .v + info.v + config.v)"},
        Reach{"With_a_comment_between", "done(trigger.v + steps/* all */.one.v + info.v + config.v)"},
        Reach{"By_hasOwnProperty", "done(trigger.v + (steps.hasOwnProperty('one') ? 'S' : '') + info.v + config.v)"},
        Reach{"By_in", "done(trigger.v + ('two' in steps ? 'S' : '') + info.v + config.v)"},
        Reach{"After_a_change", "steps.three = {v: 'S'}; done(trigger.v + steps.three.v + info.v + config.v)"},
        Reach{"As_text", "done(trigger.v + JSON.parse(JSON.stringify(steps)).two.v + info.v + config.v)"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(ScriptChains, RefuseAChainThatIsNone) {
  EXPECT_THAT(run_all(ScriptChain{}),
              ElementsAre(HasSubstr("0 script.input: a chain has 1 to 1000 steps; this one has 0")));
  ScriptChain made = chain({step("a", "done(trigger)")});
  made.inputs.trigger = json_text("{");
  EXPECT_THAT(run_all(made), ElementsAre(HasSubstr("script.input: an input of the script is no JSON")));
}

TEST_F(ScriptChains, RunAgainWhenTheirWorkerIsKilledFromOutside) {
  workers.start();
  const pid_t worker = workers.processes().front();
  std::thread killer([&] {
    while (workers.counts().runs == 0) std::this_thread::yield();
    kill(worker, SIGKILL);
  });
  const auto results = run_all(chain({step("a", "setTimeout(() => done(1), 300)"), step("b", "done(steps.a + 1)")}));
  killer.join();
  EXPECT_THAT(results, ElementsAre("0 1", "1 2"));
  EXPECT_EQ(workers.counts().crashed, 1U);
}

TEST(ScriptRunnerByDefault, RunsTheFirstStepOfAChain) {
  class OneByOne final : public ScriptRunner {
   public:
    [[nodiscard]] ScriptResult run(const ScriptRequest& request) override {
      return {.ok = true, .value = request.name + *request.inputs.trigger + request.version};
    }
  } runner;
  EXPECT_THAT(shown(runner.run_chain(chain({step("a", ""), step("b", "")}))), ElementsAre(R"(0 a{"id":"t-1"}chain-1)"));
}

TEST_F(ScriptChains, EndAtOnceWhenTheyAreStopped) {
  std::stop_source stop;
  ScriptChain made = chain({step("a", "done(1)"), step("b", "for (;;) {}")});
  made.stop = stop.get_token();
  workers.start();
  std::thread stopper([&] {
    while (workers.counts().runs == 0) std::this_thread::yield();
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto results = workers.run_chain(made);
  stopper.join();
  EXPECT_THAT(results.back().result, failed_with("script.cancelled", "was cancelled"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));  // far below the limit
  EXPECT_EQ(workers.counts().crashed + workers.counts().killed, 0U);
  EXPECT_THAT(run("done(1)"), succeeded_with("1"));
}

TEST_F(ScriptChains, AreNotBegunWhenTheyWereStoppedBefore) {
  std::stop_source stop;
  stop.request_stop();
  ScriptRequest request = script("done(1)");
  request.stop = stop.get_token();
  EXPECT_THAT(workers.run(request), failed_with("script.cancelled", ""));
  EXPECT_EQ(workers.counts().started, 0U);
}

TEST_F(ScriptChains, StopWaitingForAWorkerWhenTheyAreStopped) {
  std::stop_source stop_first;
  std::stop_source stop_second;
  ScriptRequest first = script("for (;;) {}");
  first.stop = stop_first.get_token();
  std::thread busy([&] { EXPECT_THAT(workers.run(first), failed_with("script.cancelled", "")); });
  while (workers.counts().runs == 0) std::this_thread::yield();
  ScriptRequest second = script("done(1)");
  second.stop = stop_second.get_token();
  std::thread waiting([&] { EXPECT_THAT(workers.run(second), failed_with("script.cancelled", "")); });
  stop_second.request_stop();
  waiting.join();
  stop_first.request_stop();
  busy.join();
  EXPECT_EQ(workers.counts().runs, 1U);
}

TEST_F(ScriptChains, StopWithoutHarmAtAnyMoment) {
  for (int count = 0; count < 30; ++count) {
    std::stop_source stop;
    ScriptRequest request = shared("let n = 0; for (let i = 0; i < 3e5; i++) n += i; done(n)");
    request.stop = stop.get_token();
    std::thread stopper([&stop, count] {
      for (int spin = 0; spin < count * 2'000; ++spin) std::atomic_signal_fence(std::memory_order_seq_cst);
      stop.request_stop();
    });
    const ScriptResult result = workers.run(request);
    stopper.join();
    EXPECT_TRUE(result.ok || result.error_code == "script.cancelled") << value_of(result);
  }
  EXPECT_THAT(run("done(1)"), succeeded_with("1"));
}

}  // namespace
}  // namespace formulary

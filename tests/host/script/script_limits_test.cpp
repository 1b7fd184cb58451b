#include <chrono>

#include "host/script/script_frame.hpp"
#include "script_fixture.hpp"

namespace formulary {
namespace {

using std::chrono_literals::operator""ms;

struct Endless {
  const char* name;
  const char* body;
};

class EndlessScript : public ScriptTest, public testing::WithParamInterface<Endless> {};

TEST_P(EndlessScript, IsStoppedInASharedRealmAndTheNextRunThereIsClean) {
  const std::string clean = run_shared(look_for_traces).value;
  ScriptRequest request = limited(GetParam().body);
  request.version = "version-1";
  EXPECT_THAT(workers.run(request), failed_with("script.timeout", "did not end within 200 ms"));
  const ScriptResult next = run_shared(look_for_traces);
  EXPECT_THAT(next, succeeded_with(clean));
  EXPECT_THAT(next.console, testing::IsEmpty());
  EXPECT_EQ(workers.counts().started, 1U);
}

TEST_P(EndlessScript, IsStoppedAtItsLimitAndTheWorkerLivesOn) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(workers.run(limited(GetParam().body)), failed_with("script.timeout", "did not end within 200 ms"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 200ms);
  EXPECT_THAT(run("done(1)"), succeeded_with("1"));
  EXPECT_EQ(workers.counts().started, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Script, EndlessScript,
    testing::Values(
        Endless{"A_loop", "for (;;) {}"},
        Endless{"A_loop_that_catches_everything",
                "for (;;) { try { for (;;) {} } catch (e) {} finally { for (;;) {} } }"},
        Endless{"A_loop_after_done", "done(1); for (;;) {}"},
        Endless{"A_chain_of_promises", "const f = () => Promise.resolve().then(f); f()"},
        Endless{"A_chain_of_rejections", "const f = () => { Promise.reject(1); Promise.resolve().then(f); }; f()"},
        Endless{"A_loop_in_a_promise", "Promise.resolve().then(() => { for (;;) {} })"},
        Endless{"A_loop_in_toJSON", "done({toJSON() { for (;;) {} }})"},
        Endless{"A_loop_in_the_text_of_an_error", "throw {toJSON() { for (;;) {} }}"},
        Endless{"A_loop_in_a_getter_of_the_console", "console.log({get a() { for (;;) {} }})"},
        Endless{"An_exploding_regular_expression", "done(/^(a+)+$/.test('a'.repeat(50) + '!'))"},
        Endless{"A_replace_that_never_matches_in_time", "done('x'.repeat(40).replace(/(x+x+)+y/g, () => 'z'))"},
        Endless{"A_loop_in_a_timer", "setTimeout(() => { for (;;) {} }, 1)"},
        Endless{"A_loop_in_an_async_function", "(async () => { for (;;) await null; })()"},
        Endless{"A_loop_in_a_generator", "done([...(function* () { for (;;); })()])"},
        Endless{"A_loop_in_lodash", "require('lodash').times(1e9, (n) => n); done(1)"},
        Endless{"A_loop_in_moment", "const m = require('moment'); for (;;) m().format()"},
        Endless{"A_sort_with_an_endless_comparison", "[2, 1].sort(() => { for (;;) {} })"},
        Endless{"A_proxy_that_never_ends", "done(new Proxy({}, {ownKeys() { for (;;) {} }}))"}),
    [](const auto& row) { return std::string(row.param.name); });

struct Greedy {
  const char* name;
  const char* body;
};

class GreedyScript : public ScriptTest, public testing::WithParamInterface<Greedy> {
 protected:
  ScriptWorkers small{{.program = SCRIPT_WORKER, .workers = 1, .heap_mib = 32, .array_buffers_mib = 16}};
};

TEST_P(GreedyScript, IsStoppedInASharedRealmToo) {
  const std::string clean = small.run(shared(look_for_traces)).value;
  EXPECT_THAT(small.run(shared(GetParam().body)), failed_with("script.memory", ""));
  EXPECT_THAT(small.run(shared(look_for_traces)), succeeded_with(clean));
  EXPECT_EQ(small.counts().killed, 0U);
}

TEST_P(GreedyScript, IsStoppedAtTheBoundAndTheNextRunIsClean) {
  EXPECT_THAT(small.run(script(GetParam().body)), failed_with("script.memory", ""));
  EXPECT_THAT(small.run(script("done(1)")), succeeded_with("1"));
  EXPECT_EQ(small.counts().killed, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Script, GreedyScript,
    testing::Values(
        Greedy{"Arrays", "const a = []; for (let i = 0;; i++) a.push(new Array(1000).fill(i))"},
        Greedy{"Arrays_in_a_loop_that_catches",
               "const a = []; for (;;) try { a.push(new Array(1000).fill(1)) } catch {}"},
        Greedy{"One_large_array", "const a = new Array(3e7).fill(1.5); done(a.length)"},
        Greedy{"Texts",
               "const a = []; for (let i = 0;; i++) a.push('x'.repeat(1000) + i + 'y'.repeat(1000)), "
               "a[i].charCodeAt(1200)"},
        Greedy{"One_large_text", "let s = 'x'; for (let i = 0; i < 28; i++) s += s; done(s.indexOf('y'))"},
        Greedy{"One_large_text_logged", "let s = 'x'; for (let i = 0; i < 28; i++) s += s; console.log(s)"},
        Greedy{"Buffers", "const b = []; for (;;) b.push(new Uint8Array(1 << 20).fill(1))"},
        Greedy{"One_large_buffer", "new ArrayBuffer(1 << 30)"},
        Greedy{"Maps", "const m = new Map(); for (let i = 0;; i++) m.set('k' + i, {i})"},
        Greedy{"Promises_that_wait", "const a = []; for (;;) a.push(new Promise(() => {}).then(() => a))"},
        Greedy{"Microtasks", "const f = () => { Promise.resolve().then(f); Promise.resolve().then(f); }; f()"},
        Greedy{"Closures", "let f = null; for (;;) { const g = f; const big = [g, g, g]; f = () => big; }"}),
    [](const auto& row) { return std::string(row.param.name); });

struct Hostile {
  const char* name;
  const char* body;
  const char* code;  ///< Empty: it succeeds with `part`.
  const char* part;
};

class HostileScript : public ScriptTest, public testing::WithParamInterface<Hostile> {};

TEST_P(HostileScript, HasItsOwnOutcomeAndTheNextRunIsClean) {
  const ScriptResult first = run_shared(look_for_traces);
  ASSERT_TRUE(first.ok) << first.error_code << ": " << first.error;
  const std::string& clean = first.value;
  for (const char* version : {"version-1", ""}) {
    const ScriptResult result = workers.run(shared(GetParam().body, version));
    if (*GetParam().code == '\0') {
      EXPECT_THAT(result, succeeded_with(GetParam().part));
    } else {
      EXPECT_THAT(result, failed_with(GetParam().code, GetParam().part));
    }
    EXPECT_THAT(run_shared(look_for_traces), succeeded_with(clean));
  }
  EXPECT_EQ(workers.counts().crashed + workers.counts().killed, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Script, HostileScript,
    testing::Values(
        Hostile{"Deep_recursion", "const f = () => f() + 1; f()", "script.exception",
                "Maximum call stack size exceeded"},
        Hostile{"Deep_recursion_in_a_promise", "Promise.resolve().then(function f() { f(); })", "script.exception",
                "Maximum call stack size exceeded"},
        Hostile{"Deep_recursion_in_JSON", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; done(a)", "script.output",
                "Maximum call stack size exceeded"},
        Hostile{"Deep_recursion_in_a_regular_expression",
                "done(new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('a'))", "script.exception",
                "SyntaxError: Invalid regular expression"},
        Hostile{"A_result_of_50_MB", "done('x'.repeat(50e6))", "script.output",
                "a text of 50000000 characters; at most 6291456"},
        Hostile{"A_result_that_grows_when_it_is_read", "done({get a() { return 'x'.repeat(7e6); }})", "script.output",
                "7000008 bytes"},
        Hostile{"Done_twice", "done({a: 1}); done({a: 2})", "", R"({"a":1})"},
        Hostile{"Done_later_twice", "setTimeout(() => done(1), 1); setTimeout(() => done(2), 2)", "", "1"},
        Hostile{"Done_never", "Promise.resolve(1)", "script.no_result", "without calling done()"},
        Hostile{"A_rejected_promise", "Promise.reject(new Error('no'))", "script.exception", "Error: no"},
        Hostile{"A_rejected_promise_after_a_time", "new Promise((_, r) => setTimeout(() => r(new Error('no')), 1))",
                "script.exception", "Error: no"},
        Hostile{"A_promise_rejected_with_nothing", "Promise.reject()", "script.exception", "undefined"},
        Hostile{"An_async_function_that_throws", "(async () => { null.x; })()", "script.exception",
                "of null (reading 'x')"},
        Hostile{"Lone_surrogates", "done({'\\ud800': 'a\\udc00b', c: '\\ud83d'.repeat(2)})", "",
                "{\"\xEF\xBF\xBD\":\"a\xEF\xBF\xBD"
                "b\",\"c\":\"\xEF\xBF\xBD\xEF\xBF\xBD\"}"},
        Hostile{"Ids_that_look_like_numbers", "done(['8000270E-1392053436', '007', '1e3', '9007199254740993'])", "",
                R"(["8000270E-1392053436","007","1e3","9007199254740993"])"},
        Hostile{"Numbers_that_JSON_cannot_say", "done([NaN, Infinity, -0, 1e21, 5e-324])", "",
                "[null,null,0,1e+21,5e-324]"},
        Hostile{"A_prototype_from_JSON", R"js(done({...JSON.parse('{"__proto__": {"x": 1}}'), y: ({}).x}))js", "",
                R"js({"__proto__":{"x":1}})js"},
        Hostile{"A_stack_of_its_own", "Error.prepareStackTrace = () => 'mine'; done(new Error('x').stack)", "",
                R"("mine")"},
        Hostile{"A_toJSON_on_a_prototype", "Object.prototype.toJSON = () => 'forged'; done({a: 1})", "", R"("forged")"},
        Hostile{"A_setter_on_a_prototype",
                "Object.defineProperty(Object.prototype, 'ok', {set() { throw 1; }, configurable: true}); done({a: 1})",
                "", R"({"a":1})"},
        Hostile{"A_then_on_a_prototype",
                "Object.prototype.then = function (f) { f('forged'); }; Promise.resolve({}).then(done)", "",
                R"("forged")"},
        Hostile{"A_message_that_throws",
                "throw {get message() { throw 1; }, toString() { throw 2; }, toJSON() { throw 3; }}",
                "script.exception", ""},
        Hostile{"A_proxy_as_result",
                "done(new Proxy({}, {ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({value: 1, "
                "enumerable: true, configurable: true}), get: (_, k) => k === 'toJSON' ? undefined : 2}))",
                "", R"({"a":2})"},
        Hostile{"A_stop_of_the_timers", "globalThis.setTimeout = null; done(1)", "", "1"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(ScriptTest, MayUseMuchOfItsHeap) {
  EXPECT_THAT(run("const a = []; for (let i = 0; i < 300; i++) a.push(new Array(10000).fill(i + 0.5)); done(a.length)"),
              succeeded_with("300"));  // 24 MB
}

TEST_F(ScriptTest, MayCatchARefusedBufferAndGoOn) {
  EXPECT_THAT(
      run("let n = 0; const b = []; try { for (;;) { b.push(new ArrayBuffer(1 << 23)); n++; } } catch (e) { done(n) }"),
      succeeded_with("8"));
}

TEST_F(ScriptTest, LeavesNoGarbageToCountAgainstTheNextRuns) {
  for (int count = 0; count < 100; ++count) {
    ASSERT_THAT(run("const a = []; for (let i = 0; i < 60; i++) a.push(new Array(10000).fill(i + 0.5));"
                    "const b = new Uint8Array(1 << 23); done(a.length)"),
                succeeded_with("60"));
  }
  EXPECT_EQ(workers.counts().started, 1U);
}

TEST_F(ScriptTest, GivesAsMuchOutputAsIsAllowedAndNoMore) {
  ScriptRequest request = script("done('x'.repeat(98))");
  request.output_max = 100;
  EXPECT_EQ(workers.run(request).value.size(), 100U);
  request.body = "done('x'.repeat(99))";
  EXPECT_THAT(workers.run(request), failed_with("script.output", "101 bytes of JSON; at most 100"));
  request.body = "done('é'.repeat(50))";  // bytes, not characters
  EXPECT_THAT(workers.run(request), failed_with("script.output", "102 bytes of JSON"));
}

TEST_F(ScriptTest, BringsMegabytesInAndOut) {
  ScriptRequest request = script("done(trigger.text + trigger.text.length)");
  request.context = R"({"trigger":{"text":")" + std::string(5U << 20U, 'x') + R"("},"steps":{},"info":{},"config":{}})";
  EXPECT_EQ(workers.run(request).value.size(), (5U << 20U) + 9);
}

TEST_F(ScriptTest, RefusesInputsThatFitInNoFrame) {
  ScriptRequest request = script("done(1)");
  request.context.clear();
  request.inputs.trigger = std::make_shared<const std::string>('"' + std::string(script_frame::request_max, 'x') + '"');
  EXPECT_THAT(workers.run(request), failed_with("script.input", "at most "));
  EXPECT_EQ(workers.counts().started, 0U);
}

TEST_F(ScriptTest, RefusesLimitsThatAreOutOfRange) {
  ScriptRequest request = script("done(1)");
  request.time_limit = 0ms;
  EXPECT_THAT(workers.run(request), failed_with("script.input", "limits"));
  request = script("done(1)");
  request.output_max = script_frame::output_max + 1;
  EXPECT_THAT(workers.run(request), failed_with("script.input", "limits"));
}

TEST_F(ScriptTest, CutsTheTextOfAnErrorAtACharacter) {
  const ScriptResult result = run("throw 'a' + 'é'.repeat(100000)");
  EXPECT_EQ(result.error.size(), script_frame::error_bytes_max - 1);
  EXPECT_EQ(result.error.substr(result.error.size() - 2), "é");
}

}  // namespace
}  // namespace formulary

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

TEST_P(EndlessScript, IsStoppedAtItsLimitAndTheWorkerLivesOn) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(workers.run(limited(GetParam().body)), failed_with("script.timeout", "did not end within 200 ms"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 200ms);
  EXPECT_THAT(run("done(1)"), succeeded_with("1"));
  EXPECT_EQ(workers.counts().started, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Script, EndlessScript,
    testing::Values(Endless{"A_loop", "for (;;) {}"},
                    Endless{"A_loop_that_catches_everything",
                            "for (;;) { try { for (;;) {} } catch (e) {} finally { for (;;) {} } }"},
                    Endless{"A_loop_after_done", "done(1); for (;;) {}"},
                    Endless{"A_chain_of_promises", "const f = () => Promise.resolve().then(f); f()"},
                    Endless{"A_chain_of_rejections",
                            "const f = () => { Promise.reject(1); Promise.resolve().then(f); }; f()"},
                    Endless{"A_loop_in_a_promise", "Promise.resolve().then(() => { for (;;) {} })"},
                    Endless{"A_loop_in_toJSON", "done({toJSON() { for (;;) {} }})"},
                    Endless{"A_loop_in_the_text_of_an_error", "throw {toJSON() { for (;;) {} }}"},
                    Endless{"A_loop_in_a_getter_of_the_console", "console.log({get a() { for (;;) {} }})"},
                    Endless{"An_exploding_regular_expression", "done(/^(a+)+$/.test('a'.repeat(50) + '!'))"},
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
        Greedy{"One_large_text", "let s = 'x'; for (let i = 0; i < 28; i++) s += s; done(s)"},
        Greedy{"One_large_text_logged", "let s = 'x'; for (let i = 0; i < 28; i++) s += s; console.log(s)"},
        Greedy{"Buffers", "const b = []; for (;;) b.push(new Uint8Array(1 << 20).fill(1))"},
        Greedy{"One_large_buffer", "new ArrayBuffer(1 << 30)"},
        Greedy{"Maps", "const m = new Map(); for (let i = 0;; i++) m.set('k' + i, {i})"},
        Greedy{"Promises_that_wait", "const a = []; for (;;) a.push(new Promise(() => {}).then(() => a))"},
        Greedy{"Microtasks", "const f = () => { Promise.resolve().then(f); Promise.resolve().then(f); }; f()"},
        Greedy{"Closures", "let f = null; for (;;) { const g = f; const big = [g, g, g]; f = () => big; }"}),
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

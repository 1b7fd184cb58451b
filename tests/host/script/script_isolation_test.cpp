#include <sys/wait.h>

#include <cstdlib>

#include "script_fixture.hpp"

namespace formulary {
namespace {

struct Trace {
  const char* name;
  const char* leave;
  const char* look;
  const char* clean;
};

class TraceOfARun : public ScriptTest, public testing::WithParamInterface<Trace> {};

TEST_P(TraceOfARun, IsNotSeenByTheNext) {
  (void)run(GetParam().leave);
  EXPECT_THAT(run(GetParam().look), succeeded_with(GetParam().clean));
  EXPECT_EQ(workers.counts().started, 1U);  // the same process
}

INSTANTIATE_TEST_SUITE_P(
    Script, TraceOfARun,
    testing::Values(
        Trace{"On_a_prototype", "Object.prototype.x = 1; done(1)", "done(typeof ({}).x)", R"("undefined")"},
        Trace{"In_place_of_a_function", "Array.prototype.map = () => 'taken'; done(1)", "done([1].map((n) => n + 1))",
              "[2]"},
        Trace{"On_the_global_object", "globalThis.leak = trigger; done(1)", "done(typeof globalThis.leak)",
              R"("undefined")"},
        Trace{"In_place_of_the_console", "console.log = () => {}; console = null; done(1)",
              "console.log('x'); done(typeof console.log)", R"("function")"},
        Trace{"In_place_of_a_helper", "CE.b64 = () => 'forged'; done(1)", "done(CE.b64('a'))", R"("YQ==")"},
        Trace{"On_the_promise", "Promise.prototype.then = () => 0; done(1)", "Promise.resolve(5).then(done)", "5"},
        Trace{"A_promise_that_waits",
              "(async () => { for (let i = 0; i < 3; i++) await null; globalThis.x = 1; })(); throw 1",
              "Promise.resolve().then(() => Promise.resolve()).then(() => done(typeof globalThis.x))",
              R"("undefined")"},
        Trace{"In_the_random_numbers", "for (let i = 0; i < 5; i++) Math.random(); done(1)",
              "const a = Math.random(); done(a === Math.random())", "false"},
        Trace{"In_a_template_literal", "((s) => { globalThis.t = s; })`a`; done(1)",
              "done(((s) => typeof globalThis.t)`a`)", R"("undefined")"},
        Trace{"In_a_symbol_of_the_registry", "Symbol.for('x').constructor.prototype.y = 1; done(1)",
              "done(typeof Symbol.for('x').y)", R"("undefined")"},
        Trace{"In_the_last_match_of_a_regular_expression", "/(secret)/.test('secret'); done(1)", "done(RegExp.$1)",
              R"("")"},
        Trace{"Of_frozen_objects", "Object.freeze(Object.prototype); Object.freeze(Array.prototype); done(1)",
              "done(Object.isFrozen(Object.prototype))", "false"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(ScriptTest, KnowsNothingOfTheProcessItRunsIn) {
  EXPECT_THAT(
      run("done(['process', 'fetch', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry',"
          " 'module', 'exports', 'Buffer', 'gc', 'Deno', 'load', 'read', 'print', 'quit', 'd8', 'trace']"
          ".filter((name) => typeof globalThis[name] !== 'undefined'))"),
      succeeded_with("[]"));
}

TEST_F(ScriptTest, HasNoOtherGlobalThanTheLanguageAndThePlatformPromise) {
  EXPECT_THAT(
      run("done(Object.getOwnPropertyNames(globalThis).filter((n) => /^[a-z]/.test(n)).sort())"),
      succeeded_with(
          R"(["clearImmediate","clearInterval","clearTimeout","console","decodeURI","decodeURIComponent","encodeURI","encodeURIComponent","escape","eval",)"
          R"("globalThis","isFinite","isNaN","notify","parseFloat","parseInt","require","setImmediate","setInterval",)"
          R"("setTimeout","undefined","unescape"])"));
}

TEST_F(ScriptTest, HasNoWayToTheFunctionConstructor) {
  EXPECT_THAT(run("done(this === undefined && (() => this)() === undefined)"), succeeded_with("true"));
  for (const char* way :
       {"this.constructor.constructor('return process')()", "console.log.constructor('return this')()",
        "done.constructor('return this')()", "trigger.constructor.constructor('return this')()",
        "Reflect.construct(Function, ['return this'])()", "(function* () {}).constructor('yield 1')()",
        "Object.getPrototypeOf(notify.email).constructor('return this')()"}) {
    EXPECT_THAT(run(way), failed_with("script.exception", "")) << way;
  }
}

TEST_F(ScriptTest, CannotLearnTheHostsTimeOrEnvironment) {
  // Two runs far enough apart, and a stack that could show where the worker lies.
  EXPECT_THAT(run("const start = Date.now(); for (let i = 0; i < 3e5; i++); done(Date.now() - start)"),
              succeeded_with("0"));
  const ScriptResult result = run("done(new Error('x').stack)");
  EXPECT_THAT(result.value, testing::HasSubstr("a-step:1"));
  EXPECT_THAT(result.value, testing::Not(testing::HasSubstr("/")));
}

TEST_F(ScriptTest, CanUseTheWholeLanguageInItsConfinement) {
  // What may make the engine or ICU ask the system for something.
  for (const char* body :
       {"done(new Intl.DateTimeFormat('de', {timeZone: 'Europe/Berlin', dateStyle: 'full', timeStyle: "
        "'long'}).format())",
        "done(new Intl.DisplayNames('fr', {type: 'region'}).of('US'))", "done('I'.toLocaleLowerCase('tr'))",
        "done([...new Intl.Segmenter('ja', {granularity: 'word'}).segment('これは本です')].length)",
        "done(new Intl.NumberFormat('ar-EG', {style: 'currency', currency: 'EGP'}).format(12.5))",
        "done(['z', 'ä'].sort(new Intl.Collator('sv').compare))", "done(new Intl.PluralRules('cy').select(3))",
        "done(new Intl.RelativeTimeFormat('es').format(-3, 'day'))", "done('ﬁ'.normalize('NFKD'))",
        "done(Intl.supportedValuesOf ? Intl.supportedValuesOf('timeZone').length : 0)",
        "done(/\\p{Script=Greek}+/u.exec('abc αβγ')[0])", "let n = 0; for (let i = 0; i < 2e6; i++) n += i; done(n)",
        "done(Array.from({length: 2e5}, (_, i) => ({i})).sort((a, b) => b.i - a.i).length)",
        "class A { #x = 1; static { A.y = 2; } get x() { return this.#x; } } done(new A().x + A.y)",
        "done(new Uint8Array(1 << 22).fill(7).reduce((a, b) => a + b))", "done(2n ** 64n > 1n)"}) {
    const ScriptResult result = run(body);
    EXPECT_NE(result.error_code, "script.crashed") << body << ": " << result.error;
  }
  EXPECT_EQ(workers.counts().started, 1U);
}

TEST(ScriptWorkerProgram, ShowsThatItsConfinementHolds) {
  FILE* output = popen((std::string(SCRIPT_WORKER) + " --self-test").c_str(), "r");
  ASSERT_NE(output, nullptr);
  std::string text;
  char chunk[512];
  while (fgets(chunk, sizeof chunk, output) != nullptr) text += chunk;
  EXPECT_EQ(pclose(output), 0) << text;
  for (const char* attempt :
       {"read a file", "write a file", "open a socket", "start a program", "make a process", "signal another process",
        "trace another process", "make memory executable", "take 1 GiB"}) {
    EXPECT_THAT(text, testing::HasSubstr(attempt));
  }
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("POSSIBLE")));
}

TEST(ScriptWorkerProgram, ExplainsItselfToAPersonWhoStartsIt) {
  for (const char* words :
       {"", " --heap-mib 0 --array-buffers-mib 1", " --heap-mib x --array-buffers-mib 1", " --help"}) {
    const int status = std::system((std::string(SCRIPT_WORKER) + words + " 2>/dev/null").c_str());
    EXPECT_EQ(WEXITSTATUS(status), 64) << words;
  }
}

}  // namespace
}  // namespace formulary

// Runs of one formula version share frozen objects: nothing of a run may be there in the next.
#include "script_fixture.hpp"

namespace formulary {
namespace {

using testing::ElementsAre;

struct Trace {
  const char* name;
  const char* leave;
  const char* look;
  const char* clean;
};

class TraceInASharedRealm : public ScriptTest, public testing::WithParamInterface<Trace> {};

TEST_P(TraceInASharedRealm, IsNotSeenByTheNextRun) {
  EXPECT_THAT(run_shared(GetParam().look), succeeded_with(GetParam().clean));
  for (int time = 0; time < 2; ++time) {
    (void)run_shared(GetParam().leave);
    EXPECT_THAT(run_shared(GetParam().look), succeeded_with(GetParam().clean));
  }
  EXPECT_EQ(workers.counts().started, 1U);  // the same process
}

INSTANTIATE_TEST_SUITE_P(
    Script, TraceInASharedRealm,
    testing::Values(
        Trace{"On_the_prototype_of_objects", "Object.prototype.x = 1; done(1)", "done(typeof ({}).x)",
              R"("undefined")"},
        Trace{"On_the_prototype_of_arrays", "Array.prototype.x = 1; done(1)", "done(typeof [].x)", R"("undefined")"},
        Trace{"In_place_of_a_method", "Array.prototype.map = () => 'taken'; done(1)", "done([1].map((n) => n + 1))",
              "[2]"},
        Trace{"Defined_on_a_prototype", "Object.defineProperty(String.prototype, 'x', {value: 1}); done(1)",
              "done(typeof 'a'.x)", R"("undefined")"},
        Trace{"By_a_setter_that_was_kept",
              "Object.prototype.toString = () => 'forged'; Error.prototype.message = 'forged'; done(1)",
              "done([`${{}}`, new Error().message])", R"(["[object Object]",""])"},
        Trace{"By_a_setter_called_on_its_own_object",
              "const {set} = Object.getOwnPropertyDescriptor(Object.prototype, 'toString');"
              "try { set.call(Object.prototype, 1); } catch {} try { set.call(Array.prototype, 1); } catch {} done(1)",
              "done([`${{}}`, `${[1]}`])", R"(["[object Object]","1"])"},
        Trace{"By_defineGetter", "try { Object.prototype.__defineGetter__('x', () => 1); } catch {} done(1)",
              "done(typeof ({}).x)", R"("undefined")"},
        Trace{"By_another_prototype_of_a_prototype",
              "try { Object.setPrototypeOf(Array.prototype, {x: 1}); } catch {} try { Array.prototype.__proto__ = {x: "
              "1}; "
              "} catch {} done(1)",
              "done(typeof [].x)", R"("undefined")"},
        Trace{"Deleted",
              "try { delete Array.prototype.map; } catch {} try { delete globalThis.JSON; } catch {} done(1)",
              "done([typeof [].map, typeof JSON])", R"(["function","object"])"},
        Trace{"On_the_global_object", "try { globalThis.leak = trigger; } catch {} done(1)",
              "done(typeof globalThis.leak)", R"("undefined")"},
        Trace{"Defined_on_the_global_object",
              "try { Object.defineProperty(globalThis, 'leak', {get: () => 1}); } catch {} done(1)",
              "done(typeof globalThis.leak)", R"("undefined")"},
        Trace{"In_place_of_a_global", "try { globalThis.JSON = {parse: () => 'forged'}; } catch {} done(1)",
              "done(JSON.parse('1'))", "1"},
        Trace{"In_place_of_the_console", "try { console.log = () => {}; } catch {} done(1)",
              "console.log('x'); done(typeof console.log.leak)", R"("undefined")"},
        Trace{"On_a_function_of_the_platform",
              "try { console.log.leak = 1; require.leak = 1; CE.hmac.leak = 1; } catch {} done(1)",
              "done([typeof console.log.leak, typeof require.leak, typeof CE.hmac.leak])",
              R"(["undefined","undefined","undefined"])"},
        Trace{"On_what_a_helper_returns", "try { CE.hmac('md5').leak = 1; } catch {} done(1)",
              "done(typeof CE.hmac('md5').leak)", R"("undefined")"},
        Trace{"On_done", "try { done.leak = 1; } catch {} done(1)", "done(typeof done.leak)", R"("undefined")"},
        Trace{"In_place_of_a_helper", "try { CE.b64 = () => 'forged'; } catch {} done(1)", "done(CE.b64('a'))",
              R"("YQ==")"},
        Trace{"On_the_promise", "try { Promise.prototype.then = () => 0; } catch {} done(1)",
              "Promise.resolve(5).then(done)", "5"},
        Trace{"On_hidden_prototypes",
              "for (const f of [function* () {}, async () => {}, async function* () {}]) {"
              " for (const o of [f.__proto__, f.__proto__.prototype ?? {}, (f.prototype ?? {}).__proto__ ?? {}]) {"
              " try { o.leak = 1; } catch {} } }"
              "for (const i of [[].values(), new Map().keys(), new Set().keys(), ''[Symbol.iterator](), "
              "'a'.matchAll(/a/g),"
              " new Intl.Segmenter('en').segment('a'), new Intl.Segmenter('en').segment('a')[Symbol.iterator]()]) {"
              " try { i.__proto__.leak = 1; } catch {} try { i.__proto__.__proto__.leak = 1; } catch {} } done(1)",
              "done([function* () {}, (function* () {})(), async () => {}, async function* () {}, (async function* () "
              "{})(),"
              " [].values(), new Map().keys(), new Set().keys(), ''[Symbol.iterator](), 'a'.matchAll(/a/g),"
              " new Intl.Segmenter('en').segment('a'), new Intl.Segmenter('en').segment('a')[Symbol.iterator]()]"
              ".filter((o) => o.leak !== undefined).length)",
              "0"},
        Trace{"On_typed_arrays_and_Intl",
              "for (const o of [Uint8Array, Uint8Array.__proto__, Uint8Array.__proto__.prototype, Intl, Intl.Collator,"
              " Intl.NumberFormat.prototype, Reflect, Proxy, Math, Symbol, BigInt.prototype, DataView.prototype]) {"
              " try { o.leak = 1; } catch {} } done(1)",
              "done([Uint8Array, new Uint8Array(1), Intl, Intl.Collator, new Intl.NumberFormat('en'), Reflect, Proxy, "
              "Math,"
              " Symbol, 1n, new DataView(new ArrayBuffer(1))].filter((o) => o.leak !== undefined).length)",
              "0"},
        Trace{"A_promise_that_goes_on",
              "(async () => { for (let i = 0; i < 5; i++) await null; console.log('late'); })(); throw 1",
              "Promise.resolve().then(() => Promise.resolve()).then(() => done(1))", "1"},
        Trace{"A_promise_that_nobody_settles",
              "new Promise((r) => { setTimeout(r, 1); }).then(() => console.log('late')); done(1)",
              "setTimeout(() => done(1), 5)", "1"},
        Trace{"A_timer",
              "setTimeout(() => { throw new Error('late'); }, 1); setInterval(() => console.log('late'), 1); done(1)",
              "setTimeout(() => done(Date.now()), 3)", "1700000000003"},
        Trace{"The_number_of_a_timer", "setTimeout(() => 0, 1); done(1)", "done(setTimeout(() => 0, 1))", "1"},
        Trace{"In_the_random_numbers", "for (let i = 0; i < 5; i++) Math.random(); CE.randomString(); done(1)",
              "done(Math.random())", "0.4167513326136272"},
        Trace{"In_a_template_literal", "const f = (s) => s; try { f`a`.leak = 1; } catch {} done(1)",
              "const f = (s) => typeof s.leak; done(f`a`)", R"("undefined")"},
        Trace{"On_a_regular_expression", "const r = () => /a/g; r().test('aa'); r().leak = 1; done(1)",
              "const r = () => /a/g; done([r().lastIndex, typeof r().leak])", R"([0,"undefined"])"},
        Trace{"In_a_symbol_of_the_registry", "try { Symbol.for('x').constructor.prototype.y = 1; } catch {} done(1)",
              "done(typeof Symbol.for('x').y)", R"("undefined")"},
        Trace{"In_the_last_match_of_a_regular_expression",
              "/(secret)/.test('secret'); RegExp.input = 'secret'; done(1)",
              "done([RegExp.$1, RegExp.input, RegExp.lastMatch, RegExp['$`']])", R"(["","","",""])"},
        Trace{"In_the_state_of_a_closure_of_its_own", "let n = 0; const f = () => ++n; f(); done(f())",
              "let n = 0; const f = () => ++n; done(f())", "1"},
        Trace{"In_a_class", "class A { static n = 0; } A.n++; done(A.n)", "class A { static n = 0; } done(A.n)", "0"},
        Trace{"By_arguments_and_callers",
              "try { (function f() { f.caller.leak = 1; arguments.callee.leak = 1; })(); } catch {} done(1)",
              "done(typeof (() => 0).leak)", R"("undefined")"},
        Trace{"In_the_stack_of_errors",
              "try { Error.prepareStackTrace = (e, sites) => sites; } catch {} try { Error.stackTraceLimit = 0; } "
              "catch {} done(1)",
              "done([typeof Error.prepareStackTrace, typeof new Error('x').stack, Error.stackTraceLimit])",
              R"(["undefined","string",10])"},
        Trace{"In_its_inputs", "trigger.leak = 1; trigger.id = 'other'; done(1)", "done(trigger)", R"({"id":"t-1"})"},
        Trace{"In_lodash_by_mixin", "require('lodash').mixin({leak: () => 1}); done(1)",
              "const _ = require('lodash'); done([typeof _.leak, typeof _([]).leak])", R"(["undefined","undefined"])"},
        Trace{"On_lodash",
              "const _ = require('lodash'); try { _.leak = 1; _.map = 1; _.prototype.leak = 1; } catch {} done(1)",
              "const _ = require('lodash'); done([typeof _.leak, typeof _.map, typeof _([]).leak])",
              R"(["undefined","function","undefined"])"},
        Trace{"In_the_settings_of_lodash",
              "const _ = require('lodash'); try { _.templateSettings.interpolate = /x/; "
              "_.templateSettings.imports.leak = 1; } "
              "catch {} done(1)",
              "const _ = require('lodash'); done([String(_.templateSettings.interpolate), typeof "
              "_.templateSettings.imports.leak])",
              R"(["/<%=([\\s\\S]+?)%>/g","undefined"])"},
        Trace{"In_the_counter_of_lodash", "const _ = require('lodash'); _.uniqueId(); _.uniqueId(); done(1)",
              "done(require('lodash').uniqueId('n'))", R"("n1")"},
        Trace{"In_the_paths_of_lodash",
              "const _ = require('lodash'); try { _.toPath('a.b').push('leak'); } catch {} done(1)",
              "done(require('lodash').toPath('a.b'))", R"(["a","b"])"},
        Trace{"In_the_cache_of_memoize",
              "const _ = require('lodash'); try { _.memoize.Cache = class {}; _.memoize.Cache.prototype.leak = 1; } "
              "catch {} done(1)",
              "const _ = require('lodash'); done(typeof _.memoize((x) => x).cache.leak)", R"("undefined")"},
        Trace{"In_lodash_fp",
              "const fp = require('lodash/fp'); try { fp.leak = 1; fp.placeholder.leak = 1; } catch {} done(1)",
              "const fp = require('lodash/fp'); done([typeof fp.leak, typeof fp.placeholder.leak, fp.uniqueId('n')])",
              R"(["undefined","undefined","n1"])"},
        Trace{"In_the_locale_of_moment",
              "const m = require('moment'); m.locale('de'); m.leak = 1; m.fn.leak = 1; done(1)",
              "const m = require('moment'); done([m.locale(), typeof m.leak, typeof m().leak, m.months(0)])",
              R"(["en","undefined","undefined","January"])"},
        Trace{"In_a_changed_locale_of_moment",
              "const m = require('moment'); m.updateLocale('en', {months: 'x_'.repeat(12).split('_')}); "
              "m.localeData().leak = 1;"
              "m.defineLocale('leak', {}); m.relativeTimeThreshold('s', 1); done(1)",
              "const m = require('moment'); done([m.months(0), typeof m.localeData().leak, m.locale('leak'),"
              " m.relativeTimeThreshold('s')])",
              R"(["January","undefined","en",45])"},
        Trace{"In_util",
              "const u = require('util'); try { u.leak = 1; u.debuglog('a').leak = 1; u.inspect.styles.leak = 1; } "
              "catch {} done(1)",
              "const u = require('util'); done([typeof u.leak, typeof u.debuglog('a').leak, typeof "
              "u.inspect.styles.leak])",
              R"(["undefined","undefined","undefined"])"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(ScriptTest, LeavesNoLateLineOfAnEarlierRun) {
  (void)run_shared(
      "(async () => { for (let i = 0; i < 9; i++) await null; console.log('late'); })(); setTimeout(() =>"
      " console.log('later'), 2); throw 1");
  EXPECT_THAT(run_shared("setTimeout(() => done(1), 20)").console, ElementsAre());
}

// Walks over all that a script can reach, by properties, accessors and prototypes, and by syntax.
constexpr const char* find_unfrozen = R"js(
  const roots = [globalThis, done, function* () {}, async () => {}, async function* () {}, [].values(), new Map().keys(),
    new Set().keys(), ''[Symbol.iterator](), 'a'.matchAll(/a/g), new Intl.Segmenter('en').segment('a'),
    new Intl.Segmenter('en').segment('a')[Symbol.iterator](), Object.getPrototypeOf((function* () {})()),
    Object.getPrototypeOf((async function* () {})()), require('lodash'), require('lodash/fp'), require('util')].map((o) => typeof o === 'function' ? o : Object.getPrototypeOf(o));
  roots.push(globalThis);
  const own = new Set([roots[2], roots[3], roots[4]]);  // functions of this script
  for (const f of [...own]) if (f.prototype) own.add(f.prototype);
  const seen = new Set();
  const unfrozen = [];
  const look = (value, path) => {
    if (!((typeof value === 'object' && value !== null) || typeof value === 'function') || seen.has(value)) return;
    seen.add(value);
    if (!Object.isFrozen(value) && !own.has(value)) unfrozen.push(path);
    look(Object.getPrototypeOf(value), path + '.__proto__');
    for (const key of Reflect.ownKeys(value)) {
      const {value: member, get, set} = Object.getOwnPropertyDescriptor(value, key);
      look(member, path + '.' + String(key));
      look(get, path + '.get ' + String(key));
      look(set, path + '.set ' + String(key));
    }
  };
  roots.forEach((root, index) => look(root, String(index)));
  done({unfrozen, enough: seen.size > 2000});
)js";

TEST_F(ScriptTest, ReachesNothingInASharedRealmThatIsNotFrozen) {
  EXPECT_THAT(run_shared(find_unfrozen), succeeded_with(R"({"unfrozen":[],"enough":true})"));
}

TEST_F(ScriptTest, MayDoInASharedRealmWhatProgramsDo) {
  // What objects inherit from frozen ones they may have themselves: not so without the care of freeze.js.
  EXPECT_THAT(
      run_shared(R"js(
    const o = {}; o.toString = () => 'mine'; o.constructor = 1; o['hasOwnProperty'] = 2; o.valueOf = () => 3;
    class Failure extends Error { constructor(text) { super(text); this.name = 'Failure'; this.message += '!'; } }
    const failure = new Failure('no');
    const error = new TypeError('x'); error.name = 'Other'; error.toString = () => 'shown';
    function Base() {} Base.prototype.toString = () => 'base';
    function Derived() {} Derived.prototype = Object.create(Base.prototype); Derived.prototype.constructor = Derived;
    const f = () => 1; f.toString = () => 'f';
    const list = [3, 1, 2]; list.toString = () => 'list';
    const copy = require('lodash').assign({}, {toString: 'text', valueOf: 1, constructor: 2, x: 3});
    done([Object.isFrozen(globalThis), `${o}`, o.constructor, o.hasOwnProperty, Object.keys(o), failure.name, failure.message, String(failure),
      error.name, String(error), `${new Derived()}`, `${f}`, `${list}`, list.sort(), copy]);
  )js"),
      succeeded_with(R"([true,"mine",1,2,["toString","constructor","hasOwnProperty","valueOf"],"Failure","no!",)"
                     R"("Failure: no!","Other","shown","base","f","list",[1,2,3],)"
                     R"({"toString":"text","valueOf":1,"constructor":2,"x":3}])"));
  // Libraries that are not strict would lose it without a word.
  EXPECT_THAT(run_shared("done([Object.isFrozen(globalThis), require('lodash').assign({}, {toString: 'text'})])"),
              succeeded_with(R"([true,{"toString":"text"}])"));
}

TEST_F(ScriptTest, MayChangeBuiltInObjectsWithinItsOwnRun) {
  // It is run again in a realm of its own; what the first attempt logged is not there twice.
  const ScriptResult result = run_shared(
      "console.log('once'); Array.prototype.last = function () { return this[this.length - 1]; }; done([1, 2].last())");
  EXPECT_THAT(result, succeeded_with("2"));
  EXPECT_THAT(result.console, ElementsAre("once"));
  EXPECT_THAT(run_shared("globalThis.shared = 5; done(shared)"), succeeded_with("5"));
  EXPECT_THAT(run_shared("const _ = require('lodash'); _.mixin({twice: (n) => 2 * n}); done(_.twice(4))"),
              succeeded_with("8"));
  EXPECT_THAT(run_shared("done(typeof [].last + typeof globalThis.shared)"), succeeded_with(R"("undefinedundefined")"));
}

TEST_F(ScriptTest, KeepsItsFailureWhenItCannotChangeWhatItFrozeItself) {
  EXPECT_THAT(run_shared("const a = Object.freeze({n: 1}); a.n = 2;"),
              failed_with("script.exception", "Cannot assign to read only property 'n'"));
}

TEST_F(ScriptTest, IsCleanAfterARunThatWasStopped) {
  ScriptRequest endless =
      shared("const f = () => Promise.resolve().then(() => { console.log('late'); return f(); }); f();");
  endless.time_limit = std::chrono::milliseconds(100);
  ScriptRequest with_promises = shared("Promise.resolve().then(() => console.log('late')); for (;;) {}");
  with_promises.time_limit = std::chrono::milliseconds(100);
  for (const ScriptRequest& stopped : {endless, with_promises}) {
    EXPECT_THAT(workers.run(stopped), failed_with("script.timeout", ""));
    const ScriptResult next = run_shared("Promise.resolve().then(() => done(1))");
    EXPECT_THAT(next, succeeded_with("1"));
    EXPECT_THAT(next.console, ElementsAre());
  }
  EXPECT_EQ(workers.counts().started, 1U);
}

TEST_F(ScriptTest, SharesNothingBetweenVersions) {
  for (int version = 0; version < 30; ++version) {  // more than a worker keeps
    EXPECT_THAT(workers.run(shared("done(typeof globalThis.x)", "v" + std::to_string(version))),
                succeeded_with(R"("undefined")"));
  }
  EXPECT_EQ(workers.counts().started, 1U);
}

TEST_F(ScriptTest, GivesTheSameInBothKindsOfRealm) {
  for (const char* body :
       {"done([Math.random(), CE.randomString(), Date.now(), new Date().toString()])", "throw new Error('x')",
        "let b c;", "null.x", "done()", "Promise.reject(new TypeError('r'))", "const a = 1;", "done(10n)",
        "done(Object.keys(globalThis))", "done(Reflect.ownKeys(globalThis).map(String))"}) {
    EXPECT_EQ(value_of(run_shared(body)), value_of(run(body))) << body;
  }
}

TEST_F(ScriptTest, EndsAWorkerThatARunFilledWithWhatNothingTakesBack) {
  // Registered symbols live as long as the process.
  (void)run_shared(
      "for (let i = 0; i < 250000; i++) Symbol.for('a long description of a symbol, to fill memory ' + i);"
      " done(1)");
  EXPECT_THAT(
      run_shared("const a = []; for (let i = 0; i < 300; i++) a.push(new Array(10000).fill(i + 0.5)); done(a.length)"),
      succeeded_with("300"));
}

}  // namespace
}  // namespace formulary

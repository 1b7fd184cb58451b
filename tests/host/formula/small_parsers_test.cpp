#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "host/formula/canonical_text.hpp"
#include "host/formula/request_policy.hpp"
#include "host/formula/scope.hpp"
#include "host/formula/script_scan.hpp"
#include "host/formula/web_text.hpp"

namespace formulary {
namespace {

TEST(StatusCodes, ReadListsAndRanges) {
  const auto codes = StatusCodes::parse(" 200-205, 208 ");
  ASSERT_TRUE(codes);
  EXPECT_TRUE(codes->contains(200) && codes->contains(205) && codes->contains(208));
  EXPECT_FALSE(codes->contains(199) || codes->contains(206) || codes->contains(207) || codes->contains(209));
  EXPECT_TRUE(StatusCodes::parse(" ")->empty());
}

class WrongStatusCodes : public testing::TestWithParam<const char*> {};
TEST_P(WrongStatusCodes, AreRefused) {
  EXPECT_FALSE(StatusCodes::parse(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Table, WrongStatusCodes,
                         testing::Values("401-,400", "-400", "abc", "200,,201", "200,", "500-400", "99", "1000",
                                         "200 201", "2e2"));

TEST(RequestPolicies, AcceptTwoHundredsUnlessToldOtherwise) {
  EXPECT_TRUE(RequestPolicy{}.accepts(204));
  EXPECT_FALSE(RequestPolicy{}.accepts(302));
  EXPECT_TRUE(RequestPolicy{.acceptable = *StatusCodes::parse("404")}.accepts(404));
  EXPECT_FALSE(RequestPolicy{.acceptable = *StatusCodes::parse("404")}.accepts(200));
}

TEST(RequestPolicies, TryAgainAsOftenAsAskedAndOnlyForTheCodesGiven) {
  const RequestPolicy any{.retry = true, .retry_attempts = 2};
  EXPECT_TRUE(any.tries_again(500, 0) && any.tries_again(404, 1));
  EXPECT_FALSE(any.tries_again(500, 2));
  const RequestPolicy some{.retry = true, .retry_attempts = 2, .retry_codes = *StatusCodes::parse("429,500-599")};
  EXPECT_TRUE(some.tries_again(503, 0));
  EXPECT_FALSE(some.tries_again(404, 0));
  EXPECT_FALSE((RequestPolicy{.retry = false, .retry_attempts = 2}.tries_again(500, 0)));
}

TEST(RequestPolicies, TakeFromTheScopeWhatTheTemplateRefersTo) {
  Scope scope;
  scope.config = SharedJson(json::object{
      {"codes", "404,500-503"}, {"retry", true}, {"attempts", " 9 "}, {"delay", 250}, {"bad", json::array{1}}});
  const RequestPolicy literal{.retry_attempts = 2};
  const auto property = [](const char* text) { return Property(json::value(text)); };
  const RequestPolicy all = resolve_policy(literal,
                                           {.acceptable = property("${config.codes}"),
                                            .retry = property("${config.retry}"),
                                            .retry_attempts = property("${config.attempts}"),
                                            .retry_delay = property("${config.delay}"),
                                            .retry_codes = property("${config.codes},429")},
                                           scope);
  EXPECT_TRUE(all.accepts(404) && !all.accepts(200));
  EXPECT_TRUE(all.retry);
  EXPECT_EQ(all.retry_attempts, retry_attempts_max);
  EXPECT_EQ(all.retry_delay, std::chrono::milliseconds(250));
  EXPECT_TRUE(all.retry_codes.contains(429));
  const RequestPolicy none = resolve_policy(literal,
                                            {.acceptable = property("${config.none}"),
                                             .retry = property("${config.bad}"),
                                             .retry_attempts = property("${config.codes}"),
                                             .retry_delay = property("${config.bad}"),
                                             .retry_codes = {}},
                                            scope);
  EXPECT_TRUE(none.accepts(200) && !none.retry);
  EXPECT_EQ(none.retry_attempts, 2);
  EXPECT_EQ(none.retry_delay, std::chrono::milliseconds(0));
}

struct Script {
  const char* why;
  const char* body;
  bool calls_done;
  std::size_t return_line;  ///< 0: none.
};
class Scripts : public testing::TestWithParam<Script> {};
TEST_P(Scripts, AreScannedAsJavaScript) {
  const ScriptScan scan = scan_script(GetParam().body);
  EXPECT_EQ(scan.calls_done, GetParam().calls_done) << GetParam().why;
  EXPECT_EQ(scan.top_level_return_line.value_or(0), GetParam().return_line) << GetParam().why;
}
INSTANTIATE_TEST_SUITE_P(
    Table, Scripts,
    testing::Values(
        Script{"plain", "done({a: 1});", true, 0},
        Script{"blanks and comments before the parenthesis", "done /* now */ // here\n (1)", true, 0},
        Script{"in a callback", "steps.x.forEach(y => { if (y) done(y); });", true, 0},
        Script{"only in a comment", "// done(1)\n/* done(2) */", false, 0},
        Script{"only in strings", "const a = 'done(1)' + \"done(2)\" + `done(3)`;", false, 0},
        Script{"in a template's hole", "const a = `x ${done(1)} y`;", true, 0},
        Script{"in a nested template", "`a ${ `b ${done(1)}` } c`", true, 0},
        Script{"template text behind a hole is text", "`${a} done(1)`", false, 0},
        Script{"in a regular expression", "const r = /done(1)/.test(x);", false, 0},
        Script{"a slash in a class of a regular expression", "const r = /[/]done(1)/; ", false, 0},
        Script{"division is no regular expression", "const r = a / done(1) / b;", true, 0},
        Script{"a member of that name", "promise.done(1)", false, 0},
        Script{"a longer name", "undone(1); done1(2);", false, 0}, Script{"never called", "const x = done;", false, 0},
        Script{"escaped quotes", R"js(const a = 'it\'s done(1)';)js", false, 0},
        Script{"top-level return", "const a = 1;\nreturn a;", false, 2},
        Script{"return in a block is top-level", "if (x) {\n  return 1;\n}\ndone(1)", true, 2},
        Script{"in for, while, switch, catch", "for (;;) { } while (0) { } try { } catch (e) {\nreturn e }", false, 2},
        Script{"else block", "if (a) { b() } else { return 1 } done(1)", true, 1},
        Script{"in a function", "function f(a) { return a; }\ndone(f(1));", true, 0},
        Script{"in a function expression", "done([1].map(function (x) { return x; }));", true, 0},
        Script{"in an arrow", "done([1].map((x) => { return x; }));", true, 0},
        Script{"in an async arrow", "const f = async x => { return x }; done(1)", true, 0},
        Script{"in a method", "const o = { m() { return 1 }, get g() { return 2 } }; done(o)", true, 0},
        Script{"in a class", "class A { constructor(x) { return; } static s() { return 1 } } done(1)", true, 0},
        Script{"in a block inside a function", "function f() { if (x) { return 1 } } done(f())", true, 0},
        Script{"behind a function", "function f() { return 1 }\nreturn f()", false, 2},
        Script{"as a key", "done({ return: 1, x: { return : 2 } });", true, 0},
        Script{"as a member", "iterator.return(); done(1)", true, 0},
        Script{"in a string over lines of a template", "`\n\n`; return 1", false, 3},
        Script{"behind a comment over lines", "/*\n\n*/ return 1", false, 3},
        Script{"an object with default", "const f = ({a = {}}) => { return a }; done(f({}))", true, 0},
        Script{"a comparison is no arrow", "if (a >= b) { return 1 } done(1)", true, 1}, Script{"empty", "", false, 0},
        Script{"nonsense ends", "}}}))) ` ${ '", false, 0},
        Script{"a comment that is not closed", "done /*", false, 0}));

struct Source {
  const char* why;
  const char* script_engine;
  const char* formula_engine;
  const char* body;
  ScriptEnding result;
};
class ScriptResults : public testing::TestWithParam<Source> {};
TEST_P(ScriptResults, ComeFromDoneOrFromAReturn) {
  const auto& [why, script_engine, formula_engine, body, result] = GetParam();
  EXPECT_EQ(script_result(script_engine, formula_engine, scan_script(body)), result) << why;
}
INSTANTIATE_TEST_SUITE_P(
    Table, ScriptResults,
    testing::Values(Source{"v1 by its own word", "v1", "v3", "return 1", ScriptEnding::required},
                    Source{"v1 without a return", "v1", "v3", "x()", ScriptEnding::required},
                    Source{"v1 that was written for v2", "v1", "v3", "done(1)", ScriptEnding::done},
                    Source{"v1 that has both", "v1", "v3", "done(1); return 1", ScriptEnding::required},
                    Source{"v2 by its own word", "v2", "v1", "return 1", ScriptEnding::done},
                    Source{"no word, in a formula of v1", "", "v1", "return 1", ScriptEnding::required},
                    Source{"no word, but done", "", "v1", "done(1)", ScriptEnding::done},
                    Source{"done as a callback", "", "v3", "p.then(done)", ScriptEnding::done},
                    Source{"done and a bare return", "", "v3", "if (x) { done(1); return; } done(2)",
                           ScriptEnding::done},
                    Source{"no word, in v3, only logs", "", "v3", "console.log(1)", ScriptEnding::optional},
                    Source{"an unknown word", "v9", "v3", "console.log(1)", ScriptEnding::optional}));

struct Computed {
  const char* property;
  const char* value;  ///< JSON; nullptr if there is none.
};
class ComputedReferences : public testing::TestWithParam<Computed> {};
TEST_P(ComputedReferences, GiveWhatJavaScriptGives) {
  Scope scope;
  scope.config = SharedJson(parse_json(R"({"o":{"a":[1],"b":2},"l":["x","y"],"n":{"length":"own"},"t":"text"})", "c"));
  const Property property{json::value(GetParam().property)};
  EXPECT_TRUE(property.faults().empty());
  const auto value = resolve(property, scope, 1'000);
  const auto shared = share(property, scope, 1'000);
  EXPECT_EQ(value ? to_text(*value) : "none", GetParam().value == nullptr ? "none" : GetParam().value);
  EXPECT_EQ(shared ? to_text(*shared) : "none", GetParam().value == nullptr ? "none" : GetParam().value);
}
INSTANTIATE_TEST_SUITE_P(Table, ComputedReferences,
                         testing::Values(Computed{"${ Object.values(config.o) }", "[[1],2]"},
                                         Computed{"${Object.keys(config.o)}", R"(["a","b"])"},
                                         Computed{"${Object.entries( config.o )}", R"([["a",[1]],["b",2]])"},
                                         Computed{"${Object.values(config.l)}", R"(["x","y"])"},
                                         Computed{"${Object.keys(config.l)}", R"(["0","1"])"},
                                         Computed{"${Object.values(config.t)}", "[]"},
                                         Computed{"${JSON.stringify(config.l)}", R"("[\"x\",\"y\"]")"},
                                         Computed{"n=${config.l.length} ${Object.keys(o)}", R"("n=2 [\"a\",\"b\"]")"},
                                         Computed{"${config.l.length}", "2"},
                                         Computed{"${config.n.length}", R"("own")"},
                                         Computed{"${config.o.length}", nullptr}, Computed{"${length}", nullptr},
                                         Computed{"${Object.values(config.none)}", nullptr}));

TEST(QueryTexts, ReadFormsAndWriteThem) {
  json::object query;
  add_query_text(query, "a=1&b=x+y&b=%C3%A4&&c&d=100%");
  EXPECT_EQ(to_text(query), R"({"a":"1","b":["x y","ä"],"c":"","d":"100%"})");
  EXPECT_EQ(query_text(query), "a=1&b=x%20y&b=%C3%A4&c=&d=100%25");
}

TEST(CanonicalTexts, DoNotDependOnTheOrderOfMembers) {
  const auto a = parse_json(R"({"b":[{"y":1,"x":2}],"a":null})", "t");
  EXPECT_EQ(canonical_text(a), R"({"a":null,"b":[{"x":2,"y":1}]})");
}

}  // namespace
}  // namespace formulary

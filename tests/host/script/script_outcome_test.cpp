#include "host/script/script_frame.hpp"
#include "script_fixture.hpp"

namespace formulary {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Case {
  const char* name;
  const char* body;
  const char* expected;
};

std::string name_of(const testing::TestParamInfo<Case>& row) {
  return row.param.name;
}

class Succeeding : public ScriptTest, public testing::WithParamInterface<Case> {};

TEST_P(Succeeding, GivesTheValueThatDoneGot) {
  EXPECT_THAT(run(GetParam().body), succeeded_with(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    Script, Succeeding,
    testing::Values(
        Case{"An_object", "done({a: [1, 'x', null, true]})", R"({"a":[1,"x",null,true]})"},
        Case{"A_text", "done('é\\n\"')", R"("é\n\"")"}, Case{"Null", "done(null)", "null"},
        Case{"Nothing", "done()", ""}, Case{"Undefined", "done(undefined)", ""}, Case{"False", "done(false)", "false"},
        Case{"Members_without_value_are_left_out", "done({a: undefined, b: () => 1, c: 2})", R"({"c":2})"},
        Case{"A_lone_surrogate_is_replaced", "done(['\\ud800', '\\udfffx', '\\ud83d\\ude00', '\\\\ud800'])",
             "[\"\xEF\xBF\xBD\",\"\xEF\xBF\xBDx\",\"\xF0\x9F\x98\x80\",\"\\\\ud800\"]"},
        Case{"After_a_promise", "Promise.resolve(1).then((one) => done(one + 1))", "2"},
        Case{"From_an_async_function",
             "const later = async () => { await null; return [await Promise.all([1, 2])]; };\n"
             "(async () => done(await later()))();",
             "[[1,2]]"},
        Case{"From_a_handled_rejection", "Promise.reject(new Error('x')).catch((e) => done(e.message))", R"("x")"},
        Case{"From_a_rejection_handled_later",
             "const p = Promise.reject(1); Promise.resolve().then(() => p.catch(done))", "1"},
        Case{"The_first_of_two", "done(1); done(2)", "1"},
        Case{"Before_an_exception", "done(1); throw new Error('late')", "1"},
        Case{"A_return_inside_a_function", "const f = () => { return 5; }; done(f()); return;", "5"},
        Case{"Modern_syntax", "const {a, ...rest} = {a: 1, b: {c: 2}}; done(`${a}${rest?.b?.c ?? 'no'}`)", R"("12")"},
        Case{"A_comment_at_the_end", "done(1) // the end", "1"},
        Case{"Only_the_value_counts_not_JSON_replaced", "JSON.stringify = () => 'forged'; done({a: 1})", R"({"a":1})"}),
    name_of);

class Failing : public ScriptTest, public testing::WithParamInterface<std::tuple<const char*, Case>> {};

TEST_P(Failing, SaysWhy) {
  const auto& [code, row] = GetParam();
  EXPECT_THAT(run(row.body), failed_with(code, row.expected));
}

std::string failing_name(const testing::TestParamInfo<std::tuple<const char*, Case>>& row) {
  return std::get<Case>(row.param).name;
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, Failing,
    testing::Combine(
        testing::Values("script.syntax"),
        testing::Values(Case{"Names_the_word_and_the_line", "let a = 1;\n\nlet b c;", "Unexpected identifier (line 3)"},
                        Case{"Counts_from_the_first_line_of_the_body", "let = ;", "(line 1)"},
                        Case{"A_brace_cannot_leave_the_function", "}); done(1); (function () {", "SyntaxError"},
                        Case{"Strict_mode", "with ({}) { done(1); }", "Strict mode"},
                        Case{"Octal_numbers_are_not_strict", "done(010)", "Octal literals"},
                        Case{"An_import_is_none", "import fs from 'fs'; done(1)", "import statement outside"})),
    failing_name);

INSTANTIATE_TEST_SUITE_P(
    Exceptions, Failing,
    testing::Combine(
        testing::Values("script.exception"),
        testing::Values(Case{"An_Error_with_its_line", "\nthrow new TypeError('boom');", "TypeError: boom (line 2)"},
                        Case{"A_null_dereference", "null.x", "Cannot read properties of null (reading 'x') (line 1)"},
                        Case{"A_thrown_text", "throw 'just text'", "just text"},
                        Case{"A_thrown_object", "throw {code: 7}", R"({"code":7})"},
                        Case{"A_thrown_symbol", "throw Symbol('s')", "Symbol(s)"},
                        Case{"A_thrown_object_that_cannot_be_shown",
                             "throw {toJSON() { throw 1; }, toString() { throw 2; }}", "object"},
                        Case{"A_rejected_promise", "Promise.reject(new Error('later'))", "Error: later (line 1)"},
                        Case{"A_throw_in_an_async_function",
                             "(async () => {\n await 1;\n throw new Error('deep'); })()", "Error: deep (line 3)"},
                        Case{"An_undeclared_variable", "x = 1", "x is not defined (line 1)"},
                        Case{"Deep_recursion", "const f = () => f() + 1; f()", "Maximum call stack size exceeded"},
                        Case{"A_text_that_grows_for_ever", "let s = 'x'; for (;;) s += s;", "Invalid string length"},
                        Case{"Require", "require('fs')",
                             "Cannot find module 'fs'; there are lodash, lodash/fp, moment and util"},
                        Case{"Eval", "eval('1')", "Code generation from strings disallowed"},
                        Case{"The_Function_constructor", "new Function('return 1')", "Code generation from strings"},
                        Case{"A_constructor_found_by_another_way", "(() => 1).constructor('return process')()",
                             "Code generation from strings"},
                        Case{"The_constructor_of_an_async_function", "(async () => 1).constructor('return 1')()",
                             "Code generation from strings"},
                        Case{"A_dynamic_import", "import('fs').then(done)", "Error"})),
    failing_name);

INSTANTIATE_TEST_SUITE_P(
    Values, Failing,
    testing::Combine(testing::Values("script.output"),
                     testing::Values(Case{"A_cycle", "const a = {}; a.a = a; done(a)", "circular structure"},
                                     Case{"A_BigInt", "done(10n)", "BigInt"},
                                     Case{"A_function", "done(() => 1)", "that JSON cannot say: function"},
                                     Case{"A_symbol", "done(Symbol('s'))", "that JSON cannot say: symbol"},
                                     Case{"A_toJSON_that_throws", "done({toJSON() { throw new Error('no'); }})",
                                          "no"})),
    failing_name);

INSTANTIATE_TEST_SUITE_P(
    Results, Failing,
    testing::Combine(testing::Values("script.no_result"),
                     testing::Values(Case{"No_done", "const a = 1;", "without calling done()"},
                                     Case{"A_return_instead", "return {a: 1};", "without calling done()"},
                                     Case{"A_promise_that_nobody_settles", "new Promise(() => {}).then(done)",
                                          "without calling done()"})),
    failing_name);

TEST_F(ScriptTest, ReadsItsContextAndKeepsNumberLikeTextsAsTexts) {
  ScriptRequest request = script(
      "done([trigger.id, steps['get-it'].response.body[0].id, steps['get-it'].response.code + 1, config['a.b'],"
      " info.formulaName])");
  request.context = R"({"trigger":{"id":"8000270E-1392053436"},)"
                    R"("steps":{"get-it":{"response":{"code":200,"body":[{"id":"007"}]}}},)"
                    R"("info":{"formulaName":"hire"},"config":{"a.b":"c"}})";
  EXPECT_THAT(workers.run(request), succeeded_with(R"(["8000270E-1392053436","007",201,"c","hire"])"));
}

TEST_F(ScriptTest, MayChangeItsOwnCopyOfTheContext) {
  EXPECT_THAT(run("trigger.added = true; done(trigger)"), succeeded_with(R"({"id":"t-1","added":true})"));
  EXPECT_THAT(run("done(trigger)"), succeeded_with(R"({"id":"t-1"})"));
}

TEST_F(ScriptTest, RefusesAContextThatIsNoObject) {
  for (const char* context : {"{", "[1", "7", R"("text")"}) {
    ScriptRequest request = script("done(1)");
    request.context = context;
    EXPECT_THAT(workers.run(request), failed_with("script.input", "the context of the script")) << context;
  }
}

TEST_F(ScriptTest, TurnsAFiltersValueIntoTrueOrFalse) {
  EXPECT_THAT(workers.run(filter("done(trigger.id === 't-1')")), succeeded_with("true"));
  EXPECT_THAT(workers.run(filter("done(trigger.missing)")), succeeded_with("false"));
  EXPECT_THAT(workers.run(filter("done('yes')")), succeeded_with("true"));
  EXPECT_THAT(workers.run(filter("done()")), succeeded_with("false"));
  EXPECT_THAT(workers.run(filter("done(0)")), succeeded_with("false"));
}

TEST_F(ScriptTest, KeepsConsoleLinesAlsoOfAFailedRun) {
  const ScriptResult result =
      run("console.log('a', {b: 1}, [1], null, undefined, 2); console.error(new Error('e')); console.warn(); throw 1;");
  EXPECT_FALSE(result.ok);
  EXPECT_THAT(result.console, ElementsAre(R"(a {"b":1} [1] null undefined 2)", "Error: e", ""));
}

TEST_F(ScriptTest, SaysWhatCameAfterTheResult) {
  EXPECT_THAT(run("done(1); done(2)").console, ElementsAre(HasSubstr("called again")));
  EXPECT_THAT(run("done(1); throw new Error('late')").console, ElementsAre(HasSubstr("Error: late")));
  EXPECT_THAT(run("done(1); Promise.reject(new Error('later'))").console, ElementsAre(HasSubstr("Error: later")));
}

TEST_F(ScriptTest, BoundsTheConsole) {
  const ScriptResult many = run("for (let i = 0; i < 5000; i++) console.log(i); done(1)");
  ASSERT_EQ(many.console.size(), script_frame::console_lines_max);
  EXPECT_EQ(many.console[998], "998");
  EXPECT_EQ(many.console.back(), "(further lines were dropped)");

  const ScriptResult large = run("for (let i = 0; i < 100; i++) console.log('é'.repeat(100000)); done(1)");
  EXPECT_TRUE(large.ok) << large.error;
  std::size_t bytes = 0;
  for (const std::string& line : large.console) bytes += line.size();
  EXPECT_LE(bytes, script_frame::console_bytes_max);
  EXPECT_EQ(large.console.back(), "(further lines were dropped)");
}

TEST_F(ScriptTest, KeepsMailsForTheHostToSend) {
  const ScriptResult result = run("notify.email('a@example.com', 'Hi', {b: 1}); done()");
  EXPECT_THAT(result.notify, ElementsAre(R"({"to":"a@example.com","subject":"Hi","body":"{\"b\":1}"})"));
}

TEST_F(ScriptTest, BoundsTheMails) {
  const ScriptResult result = run("for (let i = 0; i < 101; i++) notify.email('a', 'b', i); done()");
  EXPECT_THAT(result, failed_with("script.exception", "notify.email: at most 100 messages"));
  EXPECT_EQ(result.notify.size(), 100U);
}

TEST_F(ScriptTest, SeesTheTimeOfItsRequestEverywhere) {
  EXPECT_THAT(run("done([Date.now(), new Date().toISOString(), +new Date(), new Intl.DateTimeFormat('en').format(),"
                  " new Date().getTimezoneOffset()])"),
              succeeded_with(R"([1700000000000,"2023-11-14T22:13:20.000Z",1700000000000,"11/14/2023",0])"));
  ScriptRequest later = script("done(Date.now())");
  later.now_ms += 5;
  EXPECT_THAT(workers.run(later), succeeded_with("1700000000005"));
}

TEST_F(ScriptTest, DrawsTheSameRandomNumbersForTheSameSeed) {
  const char* body = "done([Math.random(), Math.random(), CE.randomString()])";
  ScriptRequest other = script(body);
  other.seed = 8;
  const std::string first = value_of(run(body));
  EXPECT_EQ(value_of(run(body)), first);
  EXPECT_NE(value_of(workers.run(other)), first);
  other.seed = 7ULL | (1ULL << 32U);  // the upper half counts too
  EXPECT_NE(value_of(workers.run(other)), first);
}

TEST_F(ScriptTest, DrawsRandomNumbersThatAreSpreadEvenly) {
  EXPECT_THAT(run("const counts = Array(10).fill(0);\n"
                  "for (let i = 0; i < 20000; i++) { const x = Math.random(); if (x < 0 || x >= 1) throw x;"
                  " counts[Math.floor(x * 10)]++; }\n"
                  "done(counts.every((n) => n > 1800 && n < 2200))"),
              succeeded_with("true"));
}

TEST_F(ScriptTest, HasTheHelpersThatNeedNoLibrary) {
  EXPECT_THAT(run("done([CE.b64('hé€😀'), CE.decode64('aMOp4oKs8J+YgA=='), CE.decode64('aMOp4oKs8J-YgA'), CE.b64(''),"
                  " CE.b64('a'), CE.b64('ab'), CE.b64('\\ud800')])"),
              succeeded_with(R"(["aMOp4oKs8J+YgA==","hé€😀","hé€😀","","YQ==","YWI=","77+9"])"));
  EXPECT_THAT(run("done([/^[a-z]{12}$/.test(CE.randomString()), /^[a-z]{12}@example.com$/.test(CE.randomEmail())])"),
              succeeded_with("[true,true]"));
  EXPECT_THAT(run("CE.decode64('/w==')"), failed_with("script.exception", "not a UTF-8 text"));
}

}  // namespace
}  // namespace formulary

// require(), the helpers of CE, and timers.
#include "script_fixture.hpp"

namespace formulary {
namespace {

struct Case {
  const char* name;
  const char* body;
  const char* expected;
};

class Environment : public ScriptTest, public testing::WithParamInterface<Case> {};

TEST_P(Environment, IsWhatThePlatformPromises) {
  EXPECT_THAT(run(GetParam().body), succeeded_with(GetParam().expected));
  EXPECT_THAT(run_shared(GetParam().body), succeeded_with(GetParam().expected));
  EXPECT_THAT(run_shared(GetParam().body), succeeded_with(GetParam().expected));
}

std::string name_of(const testing::TestParamInfo<Case>& row) {
  return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Modules, Environment,
    testing::Values(
        Case{"Lodash",
             "const _ = require('lodash'); done([_.VERSION, _.chunk([1, 2, 3], 2), _.get({a: [{b: 1}]}, 'a[0].b')])",
             R"(["4.17.21",[[1,2],[3]],1])"},
        Case{"Lodash_chains",
             "const _ = require('lodash'); done(_([3, 1, 2]).map((n) => n * 2).sortBy().reverse().take(2).value())",
             "[6,4]"},
        Case{"Lodash_on_inputs",
             "const _ = require('lodash'); done(_.merge(_.cloneDeep(trigger), {a: {b: [1]}}, {a: {c: _.camelCase('some "
             "words')}}))",
             R"({"id":"t-1","a":{"b":[1],"c":"someWords"}})"},
        Case{"Lodash_by_function", "done(require('lodash/capitalize')('aBC'))", R"("Abc")"},
        Case{"Lodash_fp",
             "const {flow, map, filter} = require('lodash/fp'); done(flow(map((n) => n * 2), filter((n) => n > 2))([1, "
             "2]))",
             "[4]"},
        Case{"Moment",
             "const moment = require('moment'); done([moment.version, moment.utc('2020-02-29').add(1, 'year').format(),"
             " moment('25/12/2019', 'DD/MM/YYYY').isoWeek(), moment().toISOString()])",
             R"(["2.29.4","2021-02-28T00:00:00Z",52,"2023-11-14T22:13:20.000Z"])"},
        Case{"Moment_durations",
             "const m = require('moment'); done([m.duration(90, 'minutes').humanize(), m('2020-01-01').fromNow(),"
             " m('2020-03-01').diff('2020-01-31', 'days')])",
             R"(["2 hours","4 years ago",30])"},
        Case{"Moment_with_a_locale",
             "const m = require('moment'); done([m('2020-03-01').locale('de').format('LL'), m.locale('fr'), "
             "m('2020-03-01').format('dddd')])",
             R"(["1. März 2020","fr","dimanche"])"},
        Case{"Util",
             "const util = require('util'); done([util.format('%s is %d', 'a', 1), util.inspect({a: [1, {b: 2}]}),"
             " util.isArray([]), util.types.isDate(new Date()), util.types.isTypedArray(new Uint8Array(1))])",
             R"(["a is 1","{ a: [ 1, { b: 2 } ] }",true,true,true])"},
        Case{"Util_promisify",
             "const {promisify} = require('util'); promisify((n, back) => back(null, n + 1))(1).then(done)", "2"},
        Case{"Util_inherits",
             "const util = require('util'); function A() {} function B() {} util.inherits(B, A);"
             "A.prototype.x = 1; done(new B().x)",
             "1"},
        Case{"The_same_module_each_time", "done(['lodash', 'moment', 'util'].map((n) => require(n) === require(n)))",
             "[true,true,true]"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Helpers, Environment,
    testing::Values(
        Case{"Random",
             "done([/^[a-z]{12}$/.test(CE.randomString()), /^[a-z]{12}@example.com$/.test(CE.randomEmail())])",
             "[true,true]"},
        Case{"Base64",
             "done([CE.b64('hé€😀'), CE.decode64('aMOp4oKs8J+YgA=='), CE.decode64('aMOp4oKs8J-YgA'), CE.b64(''),"
             " CE.b64('a'), CE.b64('ab'), CE.b64('\\ud800')])",
             R"(["aMOp4oKs8J+YgA==","hé€😀","hé€😀","","YQ==","YWI=","77+9"])"},
        Case{"Md5", "done([CE.md5('hello'), CE.md5('')])",
             R"(["5d41402abc4b2a76b9719d911017c592","d41d8cd98f00b204e9800998ecf8427e"])"},
        Case{"Hmac_hex",
             "done([CE.hmacMd5Hex('key', 'The quick brown fox jumps over the lazy dog'),"
             " CE.hmacSha1Hex('key', 'The quick brown fox jumps over the lazy dog'),"
             " CE.hmacSha256Hex('key', 'The quick brown fox jumps over the lazy dog')])",
             R"(["80070713463e7749b90c2dc24911e275","de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9",)"
             R"("f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"])"},
        Case{
            "Hmac_base64",
            "done([CE.hmacMd5Base64('key', 'a'), CE.hmacSha1Base64('key', 'é'), CE.hmacSha256Base64('', '')])",
            R"(["gOpEzOoUzCJjiJVnz6zM1w==","0cEK0bk0wcyBk2SjEPyRYJTxEwQ=","thNnmggU2ex3L5XXeMNfxf8Wl8STcVZTxscSFEKSxa0="])"},
        Case{"Hmac_by_name",
             "done([CE.hmac('sha256')('hex')('k', 'v') === CE.hmacSha256Hex('k', 'v'),"
             " CE.hmac('SHA-512')('base64')('k', 'v') === CE.hmacSha512Base64('k', 'v')])",
             "[true,true]"},
        Case{"Currencies",
             "done([CE.currencyCode('United States'), CE.currencyCode('germany'), CE.currencyCode('CH'),"
             " CE.currencyCode('JPN'), CE.currencySymbol('EUR'), CE.currencySymbol('usd'), CE.currencySymbol('GBP'),"
             " CE.currencySymbol('INR'), typeof CE.currencyCode('Nowhere'), typeof CE.currencySymbol('x')])",
             R"(["USD","EUR","CHF","JPY","€","$","£","₹","undefined","undefined"])"},
        Case{"Countries",
             "done([CE.iso2CountryCode('france'), CE.iso3CountryCode('mexico'), CE.iso2CountryCode('  UNITED   "
             "kingdom'),"
             " CE.iso2CountryCode('Cote d\\'Ivoire'), CE.iso3CountryCode('South Korea'), CE.iso3CountryCode('US'),"
             " CE.iso2CountryCode('Turkey'), CE.iso2CountryCode('Türkiye'), "
             "CE.iso2CountryCode('toString')].map(String))",
             R"(["FR","MEX","GB","CI","KOR","USA","TR","TR","undefined"])"},
        Case{"All_countries",
             "done(['AD', 'ZW', 'AF', 'DE', 'BR', 'NG', 'VN'].map((c) => CE.iso3CountryCode(c) + CE.currencyCode(c)))",
             R"(["ANDEUR","ZWEUSD","AFGAFN","DEUEUR","BRABRL","NGANGN","VNMVND"])"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Timers, Environment,
    testing::Values(
        Case{"Run_in_the_order_of_their_times",
             "const seen = []; setTimeout(() => seen.push('b'), 2); setTimeout(() => seen.push('a'), 1);"
             "setTimeout(() => done(seen), 3); setImmediate(() => seen.push('now'))",
             R"(["a","now","b"])"},
        Case{"Repeat_until_cleared",
             "let n = 0; const id = setInterval(() => { if (++n === 3) { clearInterval(id); done(n); } }, 1)", "3"},
        Case{"Can_be_cleared",
             "const id = setTimeout(() => done('no'), 1); clearTimeout(id); setTimeout(() => done('yes'), 2)",
             R"("yes")"},
        Case{"Take_arguments", "setTimeout(done, 1, 'x')", R"("x")"},
        Case{"Move_the_clock_by_what_was_waited_for",
             "const start = Date.now(); setTimeout(() => done(Date.now() - start), 7)", "7"},
        Case{"Work_with_await",
             "const sleep = (ms) => new Promise((r) => setTimeout(r, ms));"
             "(async () => { await sleep(1); await sleep(2); done(Date.now()); })()",
             "1700000000003"}),
    name_of);

TEST_F(ScriptTest, FailsInHelpersWithASentence) {
  EXPECT_THAT(run("CE.decode64('/w==')"), failed_with("script.exception", "not a UTF-8 text"));
  EXPECT_THAT(run("CE.hmac('sha3')('hex')('a', 'b')"),
              failed_with("script.exception", "the algorithm 'sha3' is unknown"));
  EXPECT_THAT(run("CE.hmac('sha1')('binary')('a', 'b')"),
              failed_with("script.exception", "the encoding 'binary' is unknown"));
  EXPECT_THAT(run("setTimeout('done(1)', 1)"), failed_with("script.exception", "must be a function"));
}

TEST_F(ScriptTest, FindsNoOtherModule) {
  for (const char* name : {"fs", "http", "child_process", "./lodash", "../lodash/lodash", "lodash/lodash.js",
                           "constructor", "__proto__", "lodash/../moment", "prelude", "has", ""}) {
    EXPECT_THAT(run_shared("require('" + std::string(name) + "'); done(1)"),
                failed_with("script.exception", "Cannot find module"))
        << name;
  }
}

TEST_F(ScriptTest, WaitsForATimerNoLongerThanItsLimit) {
  EXPECT_THAT(workers.run(limited("setTimeout(() => done(1), 1e6)")), failed_with("script.timeout", "200 ms"));
  EXPECT_THAT(workers.run(limited("setInterval(() => 0, 1)")), failed_with("script.timeout", "200 ms"));
  EXPECT_THAT(run("done(1)"), succeeded_with("1"));
}

TEST_F(ScriptTest, ReportsWhatATimerThrows) {
  EXPECT_THAT(run_shared("setTimeout(() => { throw new Error('late'); }, 1)"),
              failed_with("script.exception", "Error: late"));
  EXPECT_THAT(run_shared("setTimeout(() => 0, 1)"), failed_with("script.no_result", ""));
}

TEST_F(ScriptTest, OfTheFirstEngineReturnsItsResult) {
  ScriptRequest first = shared("return {a: trigger.id};");
  first.returns = true;
  EXPECT_THAT(workers.run(first), succeeded_with(R"({"a":"t-1"})"));
  first.body = "const a = 1;";
  EXPECT_THAT(workers.run(first), failed_with("script.no_result", "The step did not return any values"));
  first.body = "return undefined;";
  EXPECT_THAT(workers.run(first), failed_with("script.no_result", "The step did not return any values"));
  first.body = "null.x";
  EXPECT_THAT(workers.run(first),
              failed_with("script.exception", "Script execution failed with message: TypeError: Cannot read"));
  first.body = "let b c";
  EXPECT_THAT(workers.run(first),
              failed_with("script.syntax", "Script execution failed with message: SyntaxError: Unexpected"));
  first.body = "for (;;) {}";
  first.time_limit = std::chrono::milliseconds(100);
  EXPECT_EQ(workers.run(first).error, "Script execution timed out");
  first.body = "return true";
  first.kind = ScriptKind::filter;
  EXPECT_THAT(workers.run(first), succeeded_with("true"));
}

}  // namespace
}  // namespace formulary

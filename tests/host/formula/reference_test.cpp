#include "host/formula/reference.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "host/base/error.hpp"
#include "host/formula/scope.hpp"

namespace formulary {
namespace {

constexpr std::size_t plenty = 1U << 20U;

SharedJson shared(const char* text) {
  return SharedJson(parse_json(text, "test"));
}

Scope sample_scope() {
  Scope scope;
  scope.trigger = shared(R"({"args":{"id":"c-1","count":2,"deep":{"er":[1,{"x":true}]},"nothing":null}})");
  scope.config = shared(
      R"({"crm.instance":"12","crm":"short","trigger_instance":7,"a.b":{"c":"longest"},"a":{"b":{"d":"back"}}})");
  scope.info = shared(R"({"formulaName":"hire"})");
  scope.steps.put({.name = "get-job",
                   .output = shared(R"({"response":{"code":200,"body":[{"id":"9007199254740993"},{"id":"b"}]}})")});
  scope.steps.put({.name = "looper", .output = shared(R"({"entry":{"name":"Ada"},"index":0})")});
  scope.steps.put({.name = "with.dot", .output = shared(R"({"x":1})")});
  return scope;
}

std::string resolved_text(const std::string& property) {
  const auto value = resolve(Property(json::value(property)), sample_scope(), plenty);
  return value ? to_text(*value) : "absent";
}

struct Resolution {
  const char* why;
  const char* property;
  const char* expected;  ///< JSON text, or "absent".
};

class References : public testing::TestWithParam<Resolution> {};

TEST_P(References, ResolveAsTheContractSays) {
  EXPECT_EQ(resolved_text(GetParam().property), GetParam().expected) << GetParam().why;
}

INSTANTIATE_TEST_SUITE_P(
    Table, References,
    testing::Values(
        Resolution{"a whole reference keeps text", "${trigger.args.id}", R"("c-1")"},
        Resolution{"a whole reference keeps numbers", "${trigger.args.count}", "2"},
        Resolution{"a whole reference keeps objects", "${trigger.args.deep}", R"({"er":[1,{"x":true}]})"},
        Resolution{"array index", "${steps.get-job.response.body[1].id}", R"("b")"},
        Resolution{"numeric-looking ids stay text", "${steps.get-job.response.body[0].id}", R"("9007199254740993")"},
        Resolution{"two levels of index", "${trigger.args.deep.er[1].x}", "true"},
        Resolution{"blanks inside the braces", "${ info.formulaName }", R"("hire")"},
        Resolution{"configuration keys contain dots", "${config.crm.instance}", R"("12")"},
        Resolution{"the shorter key still resolves", "${config.crm}", R"("short")"},
        Resolution{"the longest literal key first", "${config.a.b.c}", R"("longest")"},
        Resolution{"a longer key that leads nowhere gives way", "${config.a.b.d}", R"("back")"},
        Resolution{"step names contain dots, too", "${steps.with.dot.x}", "1"},
        Resolution{"quoted key", "${steps['get-job'].response.code}", "200"},
        Resolution{"shorthand: a configuration key", "${trigger_instance}", "7"},
        Resolution{"shorthand: a configuration key with a dot", "${crm.instance}", R"("12")"},
        Resolution{"shorthand: a step", "${looper.entry.name}", R"("Ada")"},
        Resolution{"a whole missing reference is absent", "${trigger.args.no.such}", "absent"},
        Resolution{"steps alone names nothing", "${steps}", "absent"},
        Resolution{"null stays null", "${trigger.args.nothing}", "null"},
        Resolution{"embedded text", "/candidates/${trigger.args.id}/x", R"("/candidates/c-1/x")"},
        Resolution{"embedded number", "n=${trigger.args.count}", R"("n=2")"},
        Resolution{"embedded object becomes JSON", "v=${looper.entry}", R"json("v={\"name\":\"Ada\"}")json"},
        Resolution{"embedded missing becomes nothing", "a${trigger.args.no}b", R"("ab")"},
        Resolution{"embedded null becomes nothing", "a${trigger.args.nothing}b", R"("ab")"},
        Resolution{"two side by side", "${trigger.args.id}${trigger.args.count}", R"("c-12")"},
        Resolution{"blank is absent", "  ", "absent"},
        Resolution{"an index into an object is nothing", "${trigger.args[0]}", "absent"},
        Resolution{"an index beyond the end is nothing", "${steps.get-job.response.body[2]}", "absent"},
        Resolution{"improper references stay text", "${steps.x.map(y)}", R"("${steps.x.map(y)}")"},
        Resolution{"a dollar alone is text", "5 $ {x}", R"("5 $ {x}")"}));

TEST(References, WhatWasPutInIsNotSearchedAgain) {
  Scope scope;
  scope.trigger = shared(R"({"args":"${config.secret}"})");
  scope.config = shared(R"({"secret":"s3cret"})");
  EXPECT_EQ(to_text(*resolve(Property(json::value("x ${trigger.args}")), scope, plenty)), R"("x ${config.secret}")");
}

TEST(References, InsideOfObjectsResolveToo) {
  const Property property(
      parse_json(R"({"where":"id='${trigger.args.id}'","n":"${trigger.args.count}","gone":"${x.y}","s":""})", "t"));
  EXPECT_EQ(to_text(*resolve(property, sample_scope(), plenty)), R"({"where":"id='c-1'","n":2,"s":""})");
  EXPECT_EQ(property.references().size(), 3U);
}

TEST(References, FailOnceTheTextPassesItsBound) {
  Scope scope;
  scope.trigger = SharedJson(json::object{{"args", std::string(100, 'x')}});
  const Property property(json::value("${trigger.args} and ${trigger.args}"));
  EXPECT_TRUE(resolve(property, scope, 205).has_value());
  try {
    (void)resolve(property, scope, 204);
    FAIL() << "204 bytes cannot hold it";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::limit_reached);
  }
}

class ImproperReferences : public testing::TestWithParam<const char*> {};

TEST_P(ImproperReferences, AreListedAndStayText) {
  const Property property{json::value(GetParam())};
  EXPECT_EQ(property.faults().size(), 1U);
  EXPECT_EQ(property.plain_text(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Table, ImproperReferences,
                         testing::Values("${}", "${ }", "${a", "${a..b}", "${.a}", "${a.}", "${a[}", "${a[x]}",
                                         "${a[1}", "${a[-1]}", "${a['b}", "${a['']}", "${a{b}c", "${a b()}",
                                         "${a[99999999999999999999]}", "${a]b}"));

TEST(ImproperReferences, AreTooLongOnesAndTooDeepOnes) {
  const std::string longest = "${" + std::string(reference_bytes_max, 'a') + "}";
  EXPECT_TRUE(Property(json::value(longest)).faults().empty());
  EXPECT_EQ(Property(json::value("${" + std::string(reference_bytes_max + 1, 'a') + "}")).faults().size(), 1U);

  std::string deep = "a";
  for (std::size_t level = 1; level < reference_tokens_max; ++level) deep += ".a";
  EXPECT_TRUE(Property(json::value("${" + deep + "}")).faults().empty());
  EXPECT_EQ(Property(json::value("${" + deep + ".a}")).faults().size(), 1U);
}

TEST(Scopes, GiveScriptsAllFourParts) {
  Scope scope;
  scope.trigger = shared(R"({"args":1})");
  scope.steps.put({.name = "a \"b\"", .output = shared("[1]")});
  scope.steps.put({.name = "c", .output = shared("2.5")});
  EXPECT_EQ(script_context(scope), R"({"trigger":{"args":1},"steps":{"a \"b\"":[1],"c":2.5},"info":{},"config":{}})");
}

}  // namespace
}  // namespace formulary

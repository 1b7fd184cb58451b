#include "host/api/formula_document.hpp"

#include <gtest/gtest.h>

#include "tests/support/error_matchers.hpp"

namespace formulary::api {
namespace {

using formulary::testing::throws_error;

json::object kept(const char* given, const json::object& before = {}) {
  std::int64_t next = 100;
  return to_kept(parse_json(given, "test").as_object(), before, [&next] { return ++next; });
}

TEST(FormulaDocumentTest, IdsOfOtherPlacesAreNotTaken) {
  const json::object document =
      kept(R"({"id":5,"accountId":9,"active":false,"steps":[{"id":4,"name":"a"}],"x":{"y":1}})");
  EXPECT_FALSE(document.contains("id"));
  EXPECT_FALSE(document.contains("accountId"));
  EXPECT_FALSE(document.contains("active"));
  EXPECT_EQ(document.at("steps").at(0).at("id"), 101);
  EXPECT_EQ(document.at("x").at("y"), 1);
}

TEST(FormulaDocumentTest, AnEntryKeepsItsIdUnderANewNameIfItComesWithIt) {
  const json::object before = kept(R"({"steps":[{"name":"a"},{"name":"b"}]})");
  const json::object after = kept(R"({"steps":[{"name":"b"},{"id":101,"name":"c"},{"name":"a"}]})", before);
  EXPECT_EQ(after.at("steps").at(0).at("id"), 102);
  EXPECT_EQ(after.at("steps").at(1).at("id"), 101);
  EXPECT_EQ(after.at("steps").at(2).at("id"), 101 + 0);
}

TEST(FormulaDocumentTest, KeepsWhatStandsForATextOrAListAsOne) {
  const json::object document = kept(
      R"({"name":7,"engine":null,"steps":[{"name":1,"type":"script","onSuccess":"b","onFailure":null},{"name":"b"}]})");
  EXPECT_EQ(document.at("name"), "7");
  EXPECT_FALSE(document.contains("engine"));
  const json::object& step = document.at("steps").at(0).as_object();
  EXPECT_EQ(step.at("name"), "1");
  EXPECT_EQ(step.at("onSuccess"), json::value({"b"}));
  EXPECT_FALSE(step.contains("onFailure"));
}

TEST(FormulaDocumentTest, RefusesPartsThatAreNoListsOfObjects) {
  EXPECT_THAT([] { (void)kept(R"({"steps":"x"})"); }, throws_error(ErrorCode::bad_input, "formula.steps: not a list"));
  EXPECT_THAT([] { (void)kept(R"({"engine":[1]})"); }, throws_error(ErrorCode::bad_input, "formula.engine"));
  EXPECT_THAT([] { (void)kept(R"({"configuration":[{"key":[false,0]}]})"); },
              throws_error(ErrorCode::bad_input, "formula.key"));
  EXPECT_THAT([] { (void)kept(R"({"triggers":[{"onSuccess":[5]}]})"); },
              throws_error(ErrorCode::bad_input, "onSuccess"));
  EXPECT_THAT([] { (void)kept(R"({"triggers":[1]})"); },
              throws_error(ErrorCode::bad_input, "formula.triggers[0]: not an object"));
}

TEST(FormulaDocumentTest, AKeyThatBeginsLikeAnotherIsNotTheOther) {
  json::object document = kept(
      R"({"steps":[{"name":"s","type":"elementRequest","properties":{"query":"${config.crm} ${crm.instance} ${crm} ${crm[0]}",
          "headers":{"a":["${config.crm}"]}}}]})");
  rename_configuration_key(document, "crm", "erp");
  EXPECT_EQ(document.at("steps").at(0).at("properties").at("query"), "${config.erp} ${crm.instance} ${erp} ${erp[0]}");
  EXPECT_EQ(document.at("steps").at(0).at("properties").at("headers").at("a").at(0), "${config.erp}");
}

}  // namespace
}  // namespace formulary::api

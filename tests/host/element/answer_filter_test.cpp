#include "host/element/answer_filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/error_matchers.hpp"

namespace formulary {
namespace {

using formulary::testing::throws_error;

json::value parsed(std::string_view text) {
  return parse_json(text, "test");
}

std::string without_nulls(std::string_view text) {
  json::value value = parsed(text);
  remove_nulls(value);
  return to_text(value);
}

TEST(RemoveNulls, TakesMembersOutAtAnyDepthAndKeepsTheOrderOfTheRest) {
  EXPECT_EQ(without_nulls(R"({"b":1,"a":null,"c":{"x":null,"y":[{"z":null},null]}})"),
            R"({"b":1,"c":{"y":[{},null]}})");
}

TEST(RemoveNulls, LeavesWhatIsNoObject) {
  EXPECT_EQ(without_nulls("null"), "null");
  EXPECT_EQ(without_nulls("[null,1]"), "[null,1]");
}

struct Selection {
  const char* fields;
  const char* from;
  const char* gives;
};

class SelectFields : public ::testing::TestWithParam<Selection> {};

TEST_P(SelectFields, KeepsWhatIsNamed) {
  json::value value = parsed(GetParam().from);
  select_fields(value, parse_fields(GetParam().fields));
  EXPECT_EQ(to_text(value), GetParam().gives);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, SelectFields,
    ::testing::Values(Selection{"id", R"([{"id":1,"x":2},{"x":3}])", R"([{"id":1},{}])"},
                      Selection{"b, a", R"({"a":1,"b":2,"c":3})", R"({"b":2,"a":1})"},
                      Selection{"at.city", R"({"at":{"city":"Bonn","zip":1},"n":1})", R"({"at":{"city":"Bonn"}})"},
                      Selection{"at.city,at.zip", R"({"at":{"city":"Bonn","zip":1}})",
                                R"({"at":{"city":"Bonn","zip":1}})"},
                      Selection{"a.b", R"({"a.b":7,"a":{"b":8}})", R"({"a.b":7})"},
                      Selection{"a.b", R"({"a":"text"})", R"({})"}, Selection{"a", R"("text")", R"("text")"}));

TEST(ParseFields, RefusesAnEmptyEntryAndTooMany) {
  EXPECT_THAT([] { (void)parse_fields("a,,b"); }, throws_error(ErrorCode::bad_input, "fields: an entry is empty"));
  std::string many = "a";
  for (int count = 0; count < 100; ++count) many += ",a";
  EXPECT_THAT([&] { (void)parse_fields(many); }, throws_error(ErrorCode::bad_input, "over 100 entries"));
}

std::string sorted(std::string_view order, std::string_view text) {
  json::value value = parsed(text);
  sort_by(value, parse_order(order));
  return to_text(value);
}

TEST(SortBy, OrdersByEachKeyInTurn) {
  EXPECT_EQ(sorted("a, b desc", R"([{"a":2,"b":1},{"a":1,"b":1},{"a":1,"b":2}])"),
            R"([{"a":1,"b":2},{"a":1,"b":1},{"a":2,"b":1}])");
}

TEST(SortBy, PutsWhatIsAbsentFirstAndKeepsEqualOnesInTheirOrder) {
  EXPECT_EQ(sorted("n", R"([{"n":"x"},{"n":2,"i":1},{"i":2},{"n":true},{"n":2,"i":3}])"),
            R"([{"i":2},{"n":true},{"n":2,"i":1},{"n":2,"i":3},{"n":"x"}])");
}

TEST(SortBy, ReadsPathsAndLeavesWhatIsNoList) {
  EXPECT_EQ(sorted("at.n DESC", R"([{"at":{"n":1}},{"at":{"n":3}}])"), R"([{"at":{"n":3}},{"at":{"n":1}}])");
  EXPECT_EQ(sorted("n", R"({"n":1})"), R"({"n":1})");
}

TEST(ParseOrder, RefusesAnotherDirection) {
  EXPECT_THAT([] { (void)parse_order("name up"); }, throws_error(ErrorCode::bad_input, "neither asc nor desc"));
}

}  // namespace
}  // namespace formulary

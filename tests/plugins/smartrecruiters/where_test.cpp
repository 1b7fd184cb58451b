#include "plugins/smartrecruiters/where.hpp"

#include <formulary/element/error.hpp>

#include <gmock/gmock.h>

#include <array>
#include <string>

namespace smartrecruiters {
namespace {

using ::testing::HasSubstr;

constexpr std::array filters = {Filter{.name = "updatedAfter", .time = true}, Filter{"status", true}, Filter{"q"},
                                Filter{"activeOnly"}};

std::string read(std::string_view text) {
  std::string all;
  for (const Parameter& one : parse_where(text, filters)) all += one.name + "=" + one.value + ";";
  return all;
}

TEST(Where, ReadsConditionsJoinedByAnd) {
  EXPECT_EQ(read("updatedAfter='2023-01-01T00:00:00.000Z' AND status = 'HIRED'"),
            "updatedAfter=2023-01-01T00:00:00.000Z;status=HIRED;");
  EXPECT_EQ(read("q='x'and activeOnly=true"), "q=x;activeOnly=true;");
}

TEST(Where, GivesOneParameterForEachValueOfIn) {
  EXPECT_EQ(read("status in ( 'NEW' ,'HIRED')"), "status=NEW;status=HIRED;");
}

TEST(Where, KeepsQuotesSignsAndKeywordsInsideValues) {
  EXPECT_EQ(read("q='O''Neil AND (x=1) or + % ü'"), "q=O'Neil AND (x=1) or + % ü;");
}

TEST(Where, IsNothingWhenBlank) {
  EXPECT_EQ(read("  "), "");
}

TEST(Where, StopsAtEachBound) {
  std::string values = "'v'";
  for (int count = 1; count < 100; ++count) values += ",'v'";
  EXPECT_EQ(parse_where("status IN (" + values + ")", filters).size(), 100U);
  EXPECT_THROW((void)parse_where("status IN (" + values + ",'v')", filters), element::error);
  EXPECT_EQ(parse_where("q='" + std::string((8U << 10U) - 4, 'x') + "'", filters).size(), 1U);
  EXPECT_THROW((void)parse_where("q='" + std::string((8U << 10U) - 3, 'x') + "'", filters), element::error);
}

struct WrongWhere {
  const char* why;
  const char* text;
  const char* has;
};
class WrongWhereTest : public ::testing::TestWithParam<WrongWhere> {};

TEST_P(WrongWhereTest, IsRefusedWithWhatIsPossible) {
  try {
    (void)parse_where(GetParam().text, filters);
    FAIL() << "was accepted";
  } catch (const element::error& why) {
    EXPECT_EQ(why.status(), ELEMENT_INVALID_ARGUMENT);
    EXPECT_EQ(why.code(), "smartrecruiters.invalid_where");
    EXPECT_EQ(why.http_status(), 400);
    EXPECT_THAT(why.what(), HasSubstr(GetParam().has));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Texts, WrongWhereTest,
    ::testing::Values(
        WrongWhere{"Or", "q='a' OR q='b'", "OR cannot be expressed"},
        WrongWhere{"NotEqual", "q != 'a'", "operator '!'"}, WrongWhere{"Less", "updatedAfter < 'a'", "operator '<'"},
        WrongWhere{"AtLeast", "updatedAfter >= 'a'", "dates: updatedAfter = '...'"},
        WrongWhere{"Like", "q LIKE '%a%'", "operator 'LIKE'"}, WrongWhere{"IsNull", "q IS NULL", "operator 'IS'"},
        WrongWhere{"UnknownField", "lastName='a'", "it can by: updatedAfter, status, q, activeOnly"},
        WrongWhere{"CaseOfField", "UpdatedAfter='a'", "cannot filter by 'UpdatedAfter'"},
        WrongWhere{"Twice", "q='a' AND q='b'", "'q' appears twice"},
        WrongWhere{"InOnOneValue", "q IN ('a')", "takes one value"},
        WrongWhere{"InWithoutList", "status IN 'a'", "IN needs a list"},
        WrongWhere{"OpenList", "status IN ('a'", "close it with ')'"},
        WrongWhere{"EmptyList", "status IN ()", "a value is missing"}, WrongWhere{"OpenQuote", "q='a", "does not end"},
        WrongWhere{"NoValue", "q=", "a value is missing"}, WrongWhere{"EmptyValue", "q=''", "is empty"},
        WrongWhere{"NoOperator", "q", "operator ''"}, WrongWhere{"EndsWithAnd", "q='a' AND", "a condition is missing"},
        WrongWhere{"Rubbish", "q='a' status='b'", "comes AND or the end"},
        WrongWhere{"NoTime", "updatedAfter='yesterday'", "'updatedAfter' is no time; write it as 2023-"},
        WrongWhere{"Unfilled", "updatedAfter='${gmtDate}'", "nobody has filled in"}),
    [](const auto& one) { return std::string(one.param.why); });

TEST(Where, IsRefusedForListsWithoutFilters) {
  EXPECT_THROW((void)parse_where("q='a'", {}), element::error);
}

}  // namespace
}  // namespace smartrecruiters

#include "host/api/ceql.hpp"

#include <gmock/gmock.h>

#include "tests/support/error_matchers.hpp"

namespace formulary::testing {
namespace {

using api::Ceql;

bool holds(std::string_view where) {
  static const json::value object =
      parse_json(R"({"name":"O'Neil","id":10,"ok":true,"none":null,"config":{"url":"u"},"tags":["a","b"]})", "object");
  return Ceql::parse(where).holds(object.as_object());
}

TEST(Ceql, HoldsWhereItsConditionsDo) {
  for (const char* where : {"",
                            "name='O''Neil'",
                            "id = 10",
                            "id='10.0'",
                            "id > 9",
                            "id>=10 AND id<=10",
                            "id < 100",
                            "ok=true",
                            "ok = 'true'",
                            "none IS NULL",
                            "absent is null",
                            "name is not null",
                            "config.url='u'",
                            "tags='b'",
                            "name LIKE 'o%il'",
                            "name like '%''%'",
                            "id IN (1, '10')",
                            "id=1 or id=2 and id=3 or id=10",
                            "(id=1 or id=10) and ok=true",
                            "absent != 'x'"}) {
    EXPECT_TRUE(holds(where)) << where;
  }
  for (const char* where : {"name='o''neil'", "id=11", "none='x'", "absent='x'", "name LIKE 'x%'", "name LIKE ''",
                            "id in ('1')", "(id=1 or id=10) and ok=false", "id != 10", "name is null"}) {
    EXPECT_FALSE(holds(where)) << where;
  }
}

TEST(Ceql, ItsTextParsesToTheSame) {
  const std::string text = "(a = '1' OR b IN ('x', 'y''z')) AND c IS NULL";
  EXPECT_EQ(Ceql::parse("(a=1 or b in (x,'y''z')) and c is null").text(), text);
  EXPECT_EQ(Ceql::parse(text).text(), text);
  EXPECT_FALSE(Ceql::parse(text).is_conjunction());
  EXPECT_EQ(to_text(Ceql::parse("a=1 and b in (x)").document()),
            R"([{"attribute":"a","operator":"=","value":"1"},{"attribute":"b","operator":"IN","value":["x"]}])");
}

TEST(Ceql, SaysWhereItIsWrong) {
  struct Wrong {
    const char* where;
    const char* says;
  };
  for (const Wrong& wrong :
       {Wrong{"=1", "column 1: the name"}, Wrong{"a 1", "column 3: one of ="}, Wrong{"a=", "column 3: a value"},
        Wrong{"a='x", "column 3: the string"}, Wrong{"(a=1", "column 5: a closing"},
        Wrong{"a=1 b=2", "column 5: AND, OR"}, Wrong{"a in 1", "column 6: an opening"},
        Wrong{"a in (1", "column 8: a comma"}, Wrong{"a is 1", "column 6: NULL"}}) {
    EXPECT_THAT([&] { (void)Ceql::parse(wrong.where); }, throws_error(ErrorCode::bad_input, wrong.says));
  }
}

TEST(Ceql, HasBounds) {
  const auto parse = [](const std::string& where) { return [where] { (void)Ceql::parse(where); }; };
  EXPECT_NO_THROW(parse(std::string(16, '(') + "a=1" + std::string(16, ')'))());
  EXPECT_THAT(parse(std::string(17, '(') + "a=1"), throws_error(ErrorCode::limit_reached, "parentheses"));
  EXPECT_THAT(parse(std::string(8'193, ' ')), throws_error(ErrorCode::limit_reached, "8192 bytes"));
  std::string many = "a=1";
  for (int more = 0; more < 100; ++more) many += " or a=1";
  EXPECT_THAT(parse(many), throws_error(ErrorCode::limit_reached, "100 conditions"));
}

}  // namespace
}  // namespace formulary::testing

#include "plugins/smartrecruiters/json_slices.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace smartrecruiters {
namespace {

TEST(JsonSlices, CutsMembersByteForByte) {
  const auto members = json_members(R"( { "a" : 1e400 , "b\u0041\ud83d\ude00":[ 1, {"c":"}]\""} ], "" : null } )");
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[0].key, "a");
  EXPECT_EQ(members[0].value, "1e400");
  EXPECT_EQ(members[1].key, "bA\xF0\x9F\x98\x80");
  EXPECT_EQ(members[1].value, R"([ 1, {"c":"}]\""} ])");
  EXPECT_EQ(members[2].value, "null");
}

TEST(JsonSlices, CutsElementsByteForByte) {
  const std::vector<std::string_view> expected = {"12345678901234567890", R"("],")", "[]", "{}"};
  EXPECT_EQ(json_elements(R"([12345678901234567890, "],", [] ,{}])"), expected);
  EXPECT_TRUE(json_elements(" [ ] ").empty());
  EXPECT_TRUE(json_members("{ }").empty());
}

TEST(JsonSlices, KnowsEachKind) {
  EXPECT_EQ(json_kind(" null "), JsonKind::null);
  EXPECT_EQ(json_kind("true"), JsonKind::boolean);
  EXPECT_EQ(json_kind("-0.5E+3"), JsonKind::number);
  EXPECT_EQ(json_kind("\"ü\\u00fc\\/\""), JsonKind::text);
  EXPECT_EQ(json_kind("[[],{}]"), JsonKind::array);
  EXPECT_EQ(json_kind(R"({"a":{}})"), JsonKind::object);
}

TEST(JsonSlices, CountsLevels) {
  EXPECT_EQ(json_kind(std::string(129, '[') + std::string(129, ']')), JsonKind::array);
  EXPECT_EQ(json_kind(std::string(130, '[') + std::string(130, ']')), JsonKind::malformed);
  EXPECT_EQ(json_kind(std::string(1'000'000, '[')), JsonKind::malformed);
}

class MalformedJson : public ::testing::TestWithParam<const char*> {};
TEST_P(MalformedJson, IsSaidSo) {
  EXPECT_EQ(json_kind(GetParam()), JsonKind::malformed);
}
INSTANTIATE_TEST_SUITE_P(Texts, MalformedJson,
                         ::testing::Values("", " ", "{", "[", "]", "nul", "nulll", "01", "+1", "1.", ".5", "1e", "-",
                                           "'a'", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
                                           "\"\\udc00\"", "\"\x01\"", "\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"",
                                           "\"\xf5\x80\x80\x80\"", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}",
                                           "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "[1]x", "{}{}", "\xEF\xBB\xBF{}", "NaN",
                                           "1/**/"));

}  // namespace
}  // namespace smartrecruiters

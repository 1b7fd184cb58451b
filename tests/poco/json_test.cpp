#include <formulary/poco/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/poco/thrown_error.hpp"

namespace element::json {
namespace {

const origin from{.where = "candidate"};

std::string round_trip(std::string_view text) {
  return to_text(parse(text, from));
}

TEST(JsonParseTest, KeepsOrderTypesAndEveryCharacter) {
  for (const char* text :
       {R"({"z":1,"a":{"y":[],"b":{}},"m":null})", R"([true,false,null,0,-1,87.25,"",1e-07])",
        R"(["\"\\\n\r\t\u0001ä𝄞"])", R"([9223372036854775807,-9223372036854775808,18446744073709551615])",
        R"(["a\u0000b"])", "42", "\"s\"", "true", "null", "-1.5", "{}", "[]"}) {
    EXPECT_EQ(round_trip(text), text);
  }
  EXPECT_EQ(round_trip(" { \"a\" : [ 1 , 2 ] } \n"), R"({"a":[1,2]})");
  EXPECT_EQ(round_trip(R"(["\u00e4\ud834\udd1e\/"])"), R"(["ä𝄞/"])");
}

struct BadDocument {
  const char* name;
  std::string text;
  const char* code = "json.malformed";
};

class JsonRefusalTest : public testing::TestWithParam<BadDocument> {};

TEST_P(JsonRefusalTest, RefusesAndRepeatsNothing) {
  const auto why = thrown_error([] { static_cast<void>(parse(GetParam().text, from, {.bytes_max = 10'000})); });
  ASSERT_TRUE(why) << GetParam().text;
  EXPECT_EQ(why->code(), GetParam().code);
  EXPECT_EQ(why->status(), ELEMENT_DATA_LOSS);
  EXPECT_THAT(why->what(), testing::StartsWith("candidate: "));
  EXPECT_THAT(why->what(), testing::Not(testing::HasSubstr("secret")));
}

const BadDocument refusals[] = {
    {"Empty", ""},
    {"Blank", " \n"},
    {"Html", "<html>secret</html>"},
    {"Cut", R"({"a":"secret)"},
    {"CutAfterValue", R"({"a":1)"},
    {"TwoDocuments", "{} {}"},
    {"TwoItems", "1,2"},
    {"ClosesTheWrapper", "1],[2"},
    {"ClosesTheWrapperOnce", "1]"},
    {"TrailingComma", "[1,]"},
    {"SingleQuotes", "{'a':1}"},
    {"UnquotedName", "{a:1}"},
    {"Comment", "[1 /* secret */]"},
    {"NaN", "[NaN]"},
    {"Infinity", "[1e400]"},
    {"HugeInteger", "[18446744073709551616]"},
    {"HugeNegative", "[-9223372036854775809]"},
    {"EndlessInteger", R"({"a\"1":"1","b":123456789012345678901234567890})"},
    {"ByteOrderMark", "\xef\xbb\xbf{}"},
    {"BadUtf8", "[\"\xff\"]"},
    {"OverlongUtf8", "[\"\xc0\xaf\"]"},
    {"SurrogateUtf8", "[\"\xed\xa0\x80\"]"},
    {"LoneSurrogate", R"(["\ud800"])"},
    {"RawNewlineInText", "[\"a\nb\"]"},
    {"NulByte", std::string("[1\0]", 4)},
    {"NulInName", R"({"ab\u0000secret":1})"},
    {"MemberTwice", R"({"secret":1,"b":2,"secret":3})"},
    {"MemberTwiceDeep", R"([{"a":{"secret":1,"secret":1}}])"},
    {"TooLong", "\"" + std::string(10'000, 'x') + "\"", "json.too_large"},
    {"TooDeep", std::string(65, '[') + std::string(65, ']'), "json.too_deep"},
    {"MuchTooDeep", std::string(9'000, '['), "json.too_deep"},
};

INSTANTIATE_TEST_SUITE_P(Documents, JsonRefusalTest, testing::ValuesIn(refusals),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(JsonParseTest, TakesDepthUpToItsBound) {
  EXPECT_NO_THROW(static_cast<void>(parse(std::string(64, '[') + std::string(64, ']'), from)));
  EXPECT_NO_THROW(static_cast<void>(parse(std::string(120, '[') + std::string(120, ']'), from, {.depth_max = 1'000})));
  EXPECT_EQ(thrown_code([] {
              static_cast<void>(parse(std::string(121, '[') + std::string(121, ']'), from, {.depth_max = 1'000}));
            }),
            "json.too_deep");
  EXPECT_NO_THROW(static_cast<void>(parse("[\"" + std::string(500, '[') + "\"]", from)));
}

TEST(JsonReaderTest, ReadsMembersOfTheRightType) {
  const value document =
      parse(R"({"id":7,"name":"N","on":true,"rate":1.5,"tags":["a","b"],"at":{"city":"X"},"none":null})", from);
  const reader candidate(document, from);
  EXPECT_EQ(candidate.integer("id"), 7);
  EXPECT_EQ(candidate.text("name"), "N");
  EXPECT_TRUE(candidate.flag("on"));
  EXPECT_EQ(candidate.number("rate"), 1.5);
  EXPECT_EQ(candidate.number("id"), 7.0);
  EXPECT_EQ(candidate.object("at").text("city"), "X");
  EXPECT_EQ(candidate.array("tags").items()[1].as_text(), "b");
  EXPECT_TRUE(candidate.has("id"));
  EXPECT_FALSE(candidate.has("none"));
  EXPECT_EQ(candidate.text_or("none", "-"), "-");
  EXPECT_EQ(candidate.integer_or("absent", 3), 3);
  EXPECT_FALSE(candidate.flag_or("absent", false));
}

TEST(JsonReaderTest, NamesThePathOfWhatIsWrong) {
  const value document = parse(
      R"({"id":1.9,"flag":"nope","one":true,"name":7,"big":18446744073709551615,"none":null,"education":[{"title":"a"},{"title":1}]})",
      from);
  const reader candidate(document, {.where = "candidate", .status = ELEMENT_INVALID_ARGUMENT});
  const auto sentence = [](auto body) {
    const auto why = thrown_error(body);
    EXPECT_TRUE(why && why->code() == "json.unexpected" && why->status() == ELEMENT_INVALID_ARGUMENT);
    return why ? std::string(why->what()) : std::string();
  };
  EXPECT_EQ(sentence([&] { static_cast<void>(candidate.text("gone")); }), "candidate.gone: missing");
  EXPECT_EQ(sentence([&] { static_cast<void>(candidate.text("none")); }), "candidate.none: missing");
  EXPECT_EQ(sentence([&] { static_cast<void>(candidate.text("name")); }), "candidate.name: not a text but an integer");
  EXPECT_EQ(sentence([&] { static_cast<void>(candidate.text_or("name", "")); }),
            "candidate.name: not a text but an integer");
  EXPECT_EQ(sentence([&] { static_cast<void>(candidate.integer("id")); }), "candidate.id: not an integer but a number");
  EXPECT_EQ(sentence([&] { static_cast<void>(candidate.integer("one")); }), "candidate.one: not an integer but a flag");
  EXPECT_EQ(sentence([&] { static_cast<void>(candidate.integer("big")); }), "candidate.big: an integer beyond 64 bits");
  EXPECT_EQ(sentence([&] { static_cast<void>(candidate.flag_or("flag", true)); }),
            "candidate.flag: not a flag but a text");
  EXPECT_EQ(sentence([&] { static_cast<void>(candidate.object("education")); }),
            "candidate.education: not an object but an array");
  EXPECT_EQ(sentence([&] { static_cast<void>(candidate.array("education").items()[1].text("title")); }),
            "candidate.education[1].title: not a text but an integer");
  EXPECT_EQ(sentence([&] {
              static_cast<void>(reader(value(1), {.where = "x", .status = ELEMENT_INVALID_ARGUMENT}).text("a"));
            }),
            "x: not an object but an integer");
}

TEST(JsonValueTest, BuildsDocuments) {
  object one{{"b", 1}, {"a", "x"}};
  one.set("b", array{true, nullptr, 0.1});
  one.set("c", object{});
  EXPECT_EQ(to_text(one), R"({"b":[true,null,0.1],"a":"x","c":{}})");
  EXPECT_TRUE(one.erase("a"));
  EXPECT_FALSE(one.erase("a"));
  EXPECT_EQ(to_text(one), R"({"b":[true,null,0.1],"c":{}})");
}

TEST(JsonWriteTest, RefusesWhatJsonCannotSay) {
  EXPECT_EQ(thrown_code([] { static_cast<void>(to_text(std::nan(""))); }), "json.not_finite");
  EXPECT_EQ(thrown_code([] { static_cast<void>(to_text(std::numeric_limits<double>::infinity())); }),
            "json.not_finite");
  EXPECT_EQ(thrown_code([] { static_cast<void>(to_text("\xff")); }), "json.not_utf8");
  EXPECT_EQ(thrown_code([] { static_cast<void>(to_text(object{{"\xff", 1}})); }), "json.not_utf8");
}

}  // namespace
}  // namespace element::json

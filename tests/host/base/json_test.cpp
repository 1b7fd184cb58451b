#include "host/base/json.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "tests/support/error_matchers.hpp"

namespace formulary {
namespace {

using testing::throws_error;

json::value parsed(std::string_view text) {
  return parse_json(text, "doc");
}

struct WrongText {
  std::string text;
  const char* message;
};

TEST(ParseJson, RefusesWhatIsNoJsonAndSaysWhere) {
  const WrongText wrong[] = {
      {"", "doc: line 1, column 1: not JSON: it ends too early"},
      {"  ", "doc: line 1, column 3: not JSON: it ends too early"},
      {"[1,2", "doc: line 1, column 5: not JSON: it ends too early"},
      {"[1]x", "doc: line 1, column 4: not JSON: something follows the document"},
      {"{\"a\":\n  nope}", "doc: line 2, column 3: not JSON"},
      {"[1,]", "doc: line 1, column 4: not JSON"},
      {"{'a':1}", "doc: line 1, column 2: not JSON"},
      {"// c\n1", "doc: line 1, column 1: not JSON"},
      {"01", "doc: line 1, column 2: not JSON"},
      {"+1", "not JSON"},
      {".5", "not JSON"},
      {"1.", "not JSON"},
      {"NaN", "not JSON"},
      {"Infinity", "not JSON"},
      {"\"\x01\"", "not JSON"},
      {"[\"\xff\"]", "doc: line 1, column 3: not JSON"},
      {"\"\\ud800\"", "not JSON"},
      {"\"\\x\"", "not JSON"},
      {"\xEF\xBB\xBF{}", "doc: line 1, column 1: it begins with a byte-order mark; save it without one"},
      {"[1e400]", "the number is too large for a double"},
      {"[-1e400]", "the number is too large for a double"},
      {std::string("[1,\0 2]", 7), "not JSON"},
  };
  for (const WrongText& one : wrong) {
    EXPECT_THAT([&] { (void)parsed(one.text); }, throws_error(ErrorCode::bad_input, one.message)) << one.text;
  }
}

TEST(ParseJson, StopsAtEachBound) {
  EXPECT_NO_THROW((void)parse_json("[[1]]", "doc", {.depth_max = 2}));
  EXPECT_THAT([] { (void)parse_json("[[[1]]]", "doc", {.depth_max = 2}); },
              throws_error(ErrorCode::limit_reached, "column 3: nested more than 2 deep"));
  EXPECT_THAT([] { (void)parsed(std::string(1'000'000, '[')); },
              throws_error(ErrorCode::limit_reached, "nested more than 128 deep"));
  EXPECT_NO_THROW((void)parse_json("[1]", "doc", {.bytes_max = 3}));
  EXPECT_THAT([] { (void)parse_json("[10]", "doc", {.bytes_max = 3}); },
              throws_error(ErrorCode::limit_reached, "doc: more than 3 bytes"));
}

TEST(ParseJson, OfMembersWithOneNameTheLastCounts) {
  EXPECT_EQ(parsed(R"({"a":1,"b":2,"a":3})").at("a"), 3);
}

TEST(JsonNumbers, LookAsJavaScriptWritesThem) {
  const std::pair<const char*, const char*> numbers[] = {{"87.25", "87.25"},
                                                         {"8.725E1", "87.25"},
                                                         {"1.0", "1"},
                                                         {"100000.0", "100000"},
                                                         {"1e5", "100000"},
                                                         {"1e20", "100000000000000000000"},
                                                         {"1e21", "1e+21"},
                                                         {"1E-6", "0.000001"},
                                                         {"1e-7", "1e-7"},
                                                         {"-1.5e300", "-1.5e+300"},
                                                         {"5e-324", "5e-324"},
                                                         {"1e-400", "0"},
                                                         {"0.1", "0.1"},
                                                         {"0.30000000000000004", "0.30000000000000004"},
                                                         {"1.7976931348623157e308", "1.7976931348623157e+308"},
                                                         {"-0", "-0"},
                                                         {"-0.0", "-0"},
                                                         {"0", "0"},
                                                         {"9223372036854775807", "9223372036854775807"},
                                                         {"-9223372036854775808", "-9223372036854775808"},
                                                         {"18446744073709551615", "18446744073709551615"},
                                                         {"123456789012345678901234567890", "1.2345678901234568e+29"}};
  for (const auto& [text, written] : numbers) EXPECT_EQ(to_text(parsed(text)), written) << text;
}

TEST(JsonNumbers, KeepTheNearestDouble) {
  std::mt19937_64 random(20);
  for (int i = 0; i < 20'000; ++i) {
    double number = 0;
    const std::uint64_t bits = random();
    static_assert(sizeof number == sizeof bits);
    std::memcpy(&number, &bits, sizeof number);
    if (!std::isfinite(number)) continue;
    const double back = parsed(to_text(json::value(number))).to_number<double>();
    ASSERT_EQ(std::memcmp(&back, &number, sizeof number), 0) << to_text(json::value(number));
  }
}

TEST(JsonWriter, RefusesWhatJsonCannotSay) {
  for (const double number : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT([&] { (void)to_text(json::array{number}); }, throws_error(ErrorCode::internal, "NaN and infinity"));
  }
}

TEST(JsonWriter, EscapesWhatMustBe) {
  const json::value value = {{"q\"\\", std::string("\b\f\n\r\t\x01\x1f/\x7f\xC3\xA9\0", 12)}};
  EXPECT_EQ(to_text(value), R"({"q\"\\":"\b\f\n\r\t\u0001\u001f/)"
                            "\x7f\xC3\xA9"
                            R"(\u0000"})");
  EXPECT_EQ(parsed(to_text(value)), value);
}

TEST(JsonWriter, PrettyTextIsIndentedByTwo) {
  EXPECT_EQ(to_pretty_text(parsed(R"({"a":[1,{}],"b":[],"c":{"d":null}})")),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": [],\n  \"c\": {\n    \"d\": null\n  }\n}");
}

}  // namespace
}  // namespace formulary

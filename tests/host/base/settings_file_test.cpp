#include "host/base/settings_file.hpp"

#include <gmock/gmock.h>

#include "tests/support/error_matchers.hpp"

namespace formulary {
namespace {

using testing::throws_error;
using Kind = FileSetting::Kind;

std::string listed(const std::vector<FileSetting>& settings) {
  std::string text;
  for (const FileSetting& one : settings) {
    text += std::to_string(one.line) + " " + one.key + "=" + one.value + " " +
            std::to_string(static_cast<int>(one.kind)) + "\n";
  }
  return text;
}

TEST(Toml, ReadsItsSubset) {
  const char* text =
      "# comment\r\n"
      "output = \"json\" # why\r\n"
      "\n"
      "[http]\n"
      "  time_limit_ms=1_000\n"
      "[a . \"b c\"]\n"
      "d.'e f' = 'C:\\x'\n"
      "n = -5\n"
      "p = +0\n"
      "on = true\n"
      "u = \"\\u00e9\\U0001F600\\t\\\"\\\\#\"\n"
      "empty = \"\"";
  EXPECT_EQ(listed(parse_toml(text, "f")),
            "2 output=json 0\n5 http.time_limit_ms=1000 1\n7 a.b c.d.e f=C:\\x 0\n8 a.b c.n=-5 1\n9 a.b c.p=0 1\n"
            "10 a.b c.on=true 2\n11 a.b c.u=\xC3\xA9\xF0\x9F\x98\x80\t\"\\# 0\n12 a.b c.empty= 0\n");
}

TEST(Toml, RefusesTheRestAndSaysWhere) {
  const std::pair<std::string, const char*> wrong[] = {
      {"a", "f:1, column 2: '=' was expected after the key 'a'"},
      {"\na = ", "f:2, column 5: the value is none of"},
      {"a = json", "the value is none of"},
      {"a = 1.5", "the value is none of"},
      {"a = 1e3", "the value is none of"},
      {"a = 0x10", "the value is none of"},
      {"a = 010", "the value is none of"},
      {"a = 1__0", "the value is none of"},
      {"a = _1", "the value is none of"},
      {"a = 1_", "the value is none of"},
      {"a = +-1", "the value is none of"},
      {"a = -", "the value is none of"},
      {"a = 99999999999999999999", "the value is none of"},
      {"a = 1979-05-27", "the value is none of"},
      {"a = [1]", "the value is none of"},
      {"a = {b=1}", "the value is none of"},
      {"a = True", "the value is none of"},
      {"a = \"x", "the text has no closing \""},
      {"a = 'x", "the text has no closing '"},
      {"a = \"\\x\"", "there is no such escape"},
      {"a = \"\\u12\"", "\\u needs 4"},
      {"a = \"\\ud800\"", "\\u needs 4"},
      {"a = \"\\U00110000\"", "\\u needs 4"},
      {"a = \"\"\"x\"\"\"", "texts of several lines"},
      {"a = 1 b", "something follows the value"},
      {"a = \"x\"y", "something follows the value"},
      {"= 1", "a key was expected"},
      {"a. = 1", "a key was expected"},
      {"[]", "a key was expected"},
      {"[a", "no closing ]"},
      {"[[a]]", "arrays of tables"},
      {"[a]\n[a]", "f:2, column 4: the table [a] is there twice"},
      {"a = 1\na = 2", "the key 'a' is there twice"},
      {"[a]\nb = 1\n[\"a\" ]\n", "the table [a] is there twice"},
      {"a.b = 1\n[a]\nb = 2", "the key 'a.b' is there twice"},
      {"a = \"\x7f\"", "a control character"},
      {std::string("a = \"\0\"", 7), "a control character"},
      {"a = \"\xff\"", "f: it is not UTF-8"},
  };
  for (const auto& [text, message] : wrong) {
    EXPECT_THAT([&] { (void)parse_toml(text, "f"); }, throws_error(ErrorCode::bad_input, message)) << text;
  }
}

TEST(Properties, ReadsKeysValuesAndComments) {
  EXPECT_EQ(listed(parse_properties(
                "# c\n! c\noutput=json\n\n http.time_limit_ms : 5 \nraw = ${x}\nlong = a\\\n  b\nlast = 1\n", "f")),
            "3 output=json 3\n5 http.time_limit_ms=5 3\n6 raw=${x} 3\n7 long=a  b 3\n9 last=1 3\n");
}

TEST(Properties, RefusesWhatWouldBeReadSilently) {
  EXPECT_THAT([] { (void)parse_properties("a=1\nb\n", "f"); },
              throws_error(ErrorCode::bad_input, "f:2: the line has no '='"));
  EXPECT_THAT([] { (void)parse_properties("a=1\na=2\n", "f"); },
              throws_error(ErrorCode::bad_input, "f:2: the key 'a' is there twice"));
  EXPECT_THAT([] { (void)parse_properties("a=\xff", "f"); }, throws_error(ErrorCode::bad_input, "f: it is not UTF-8"));
}

}  // namespace
}  // namespace formulary

#include <formulary/fake_host/json_problem.hpp>

#include <gtest/gtest.h>

namespace element::testing {
namespace {

TEST(JsonProblemTest, AcceptsDocuments) {
  const std::string deep = std::string(127, '[') + std::string(127, ']');
  for (const std::string& text : {std::string("{}"), std::string(" [ ] "), std::string("null"), std::string("-0.5e+10"),
                                  std::string(R"({"a":[1,true,"\u00e9\n",{}],"b":"ü€𝄞"})"), std::string("0"), deep}) {
    EXPECT_EQ(json_problem(text), "") << text;
  }
}

TEST(JsonProblemTest, RefusesWhatIsNotOneDocument) {
  const std::string too_deep = std::string(200, '[') + std::string(200, ']');
  for (const std::string& text : {std::string(),
                                  std::string("{} {}"),
                                  std::string("{\"a\":}"),
                                  std::string("{\"a\":1,}"),
                                  std::string("[1,]"),
                                  std::string("{a:1}"),
                                  std::string("'a'"),
                                  std::string("01"),
                                  std::string("1."),
                                  std::string("1e"),
                                  std::string("-"),
                                  std::string("NaN"),
                                  std::string("nul"),
                                  std::string("\"a"),
                                  std::string("\"\\x\""),
                                  std::string("\"\\u12g4\""),
                                  std::string("\"\n\""),
                                  std::string("\"\xff\""),
                                  std::string("\"\xed\xa0\x80\""),
                                  std::string("\"\xc0\xaf\""),
                                  std::string("\xef\xbb\xbf{}"),
                                  std::string("{\"a\" 1}"),
                                  std::string("[1 2]"),
                                  std::string("\"\\"),
                                  std::string("\"\\u12"),
                                  std::string("{}\0", 3),
                                  too_deep,
                                  std::string(2'000'000, '[')}) {
    EXPECT_NE(json_problem(text), "") << text.substr(0, 40);
  }
}

TEST(JsonProblemTest, SaysWhere) {
  EXPECT_EQ(json_problem("[1,x]"), "not JSON at byte 3 of 5");
}

}  // namespace
}  // namespace element::testing

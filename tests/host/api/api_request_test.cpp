#include "host/api/api_request.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

#include "tests/support/error_matchers.hpp"

namespace formulary::testing {
namespace {

using api::ApiRequest;
using api::NamedValues;
using api::parse_query;

ApiRequest with_body(std::string text) {
  ApiRequest request;
  request.read_body = [rest = std::move(text)](std::span<char> part) mutable {
    const std::size_t count = std::min({part.size(), rest.size(), std::size_t{3}});
    std::memcpy(part.data(), rest.data(), count);
    rest.erase(0, count);
    return count;
  };
  return request;
}

TEST(ParseQuery, DecodesNamesAndValues) {
  struct Row {
    const char* text;
    NamedValues values;
  };
  for (const Row& row : std::vector<Row>{{"", {}},
                                         {"&&", {}},
                                         {"a", {{"a", ""}}},
                                         {"a=", {{"a", ""}}},
                                         {"a=1&a=2", {{"a", "1"}, {"a", "2"}}},
                                         {"a=b=c", {{"a", "b=c"}}},
                                         {"a+b=c%2Bd+e", {{"a b", "c+d e"}}},
                                         {"tags%5B%5D=x%20y", {{"tags[]", "x y"}}}}) {
    EXPECT_EQ(parse_query(row.text), row.values) << row.text;
  }
}

TEST(ParseQuery, RefusesWhatIsNoQuery) {
  for (const char* text : {"a=%", "a=%4", "a=%GG", "a=%FF"}) {
    EXPECT_THAT([&] { (void)parse_query(text); }, throws_error(ErrorCode::bad_input, "query")) << text;
  }
  std::string many;
  for (int at = 0; at < 256; ++at) many += "a&";
  EXPECT_EQ(parse_query(many).size(), 256U);
  EXPECT_THAT([&] { (void)parse_query(many + "a"); }, throws_error(ErrorCode::bad_input, "256"));
}

TEST(ApiRequest, ReadsItsQuery) {
  ApiRequest request;
  request.query = parse_query("yes=true&no=false&odd=1&n=5&n=6&text=x&big=99999999999999999999");
  EXPECT_TRUE(request.query_flag("yes"));
  EXPECT_FALSE(request.query_flag("no"));
  EXPECT_FALSE(request.query_flag("absent"));
  EXPECT_THAT([&] { (void)request.query_flag("odd"); }, throws_error(ErrorCode::bad_input, "query odd"));
  EXPECT_EQ(request.query_integer("n", 5, 5), 5);
  EXPECT_EQ(request.query_integer("absent", 1, 2), std::nullopt);
  EXPECT_EQ(request.query_values("n").size(), 2U);
  for (const char* name : {"text", "big"}) {
    EXPECT_THAT([&] { (void)request.query_integer(name, 0, 9); }, throws_error(ErrorCode::bad_input, "from 0 to 9"));
  }
  EXPECT_THAT([&] { (void)request.query_integer("n", 6, 9); }, throws_error(ErrorCode::bad_input, "query n"));
}

TEST(ApiRequest, AnIdThatIsNoNumberIsNobodys) {
  ApiRequest request;
  request.parameters = {{"id", "-1"}, {"word", "1x"}, {"empty", ""}};
  EXPECT_EQ(request.id("id"), -1);
  EXPECT_THAT([&] { (void)request.id("word"); }, throws_error(ErrorCode::not_found, "no id"));
  EXPECT_THAT([&] { (void)request.id("empty"); }, throws_error(ErrorCode::not_found, "no id"));
  EXPECT_THAT([&] { (void)request.id("absent"); }, throws_error(ErrorCode::internal, "absent"));
}

TEST(ApiRequest, ReadsItsBodyWithinItsBound) {
  ApiRequest within = with_body("0123456789");
  within.body_max = 10;
  EXPECT_EQ(within.body_text(), "0123456789");
  ApiRequest beyond = with_body("0123456789");
  beyond.body_max = 9;
  EXPECT_THAT([&] { (void)beyond.body_text(); }, throws_error(ErrorCode::limit_reached, "9 bytes"));
  ApiRequest announced = with_body("1");
  announced.body_max = 9;
  announced.content_length = 10;
  EXPECT_THAT([&] { (void)announced.body_text(); }, throws_error(ErrorCode::limit_reached, "9 bytes"));
  EXPECT_EQ(ApiRequest{}.body_text(), "");
  EXPECT_EQ(with_body(R"({"a":1})").body_object().at("a"), 1);
  EXPECT_TRUE(with_body("").body_json().is_null());
  EXPECT_TRUE(with_body("null").body_json().is_null());
  for (const char* text : {"", "null", "[]", "1", "{"}) {
    EXPECT_THAT([&] { (void)with_body(text).body_object(); }, throws_error(ErrorCode::bad_input, "body")) << text;
  }
}

TEST(ApiRequest, RefusesABodyOfWhichSomethingWouldBeLost) {
  for (const char* text : {R"({"a":1,"a":2})", R"([{"b":{"a":1,"c":{"a":1},"a":2}}])", R"({"\u0061":1,"a":2})"}) {
    EXPECT_THAT([&] { (void)with_body(text).body_json(); }, throws_error(ErrorCode::bad_input, "\"a\" twice")) << text;
  }
  EXPECT_NO_THROW((void)with_body(R"([{"a":1},{"a":{"a":1}}])").body_json());
  EXPECT_THAT([] { (void)with_body(std::string(200, '[')).body_json(); },
              throws_error(ErrorCode::bad_input, "flatter"));
}

}  // namespace
}  // namespace formulary::testing

#include "host/events/poll_url.hpp"

#include <gtest/gtest.h>

#include "tests/support/error_matchers.hpp"

namespace formulary::events {
namespace {

using formulary::testing::throws_error;

constexpr Moment moment = 1'533'065'986'123;  // 2018-07-31T19:39:46.123Z

struct Row {
  const char* url;
  const char* path;
  const char* query;  ///< JSON
};

class PollUrls : public ::testing::TestWithParam<Row> {};

TEST_P(PollUrls, AskForWhatCameSinceTheLastPoll) {
  const PollUrl::Target target = PollUrl(GetParam().url, "url").at(moment);
  EXPECT_EQ(target.path, GetParam().path);
  EXPECT_EQ(to_text(target.query), GetParam().query);
}

INSTANTIATE_TEST_SUITE_P(
    Descriptors, PollUrls,
    ::testing::Values(
        Row{"/hubs/humancapital/candidates?where=updatedAfter='${gmtDate:yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}'",
            "/hubs/humancapital/candidates", R"({"where":"updatedAfter='2018-07-31T19:39:46.123Z'"})"},
        Row{"/a?since=${date:yyyy-MM-dd}", "/a", R"({"since":"2018-07-31"})"},
        Row{"/a?where=d>'${dateTimeZone:PST:yyyy-MM-dd HH:mm Z}'", "/a", R"({"where":"d>'2018-07-31 12:39 -0700'"})"},
        Row{"/a?t=${epoch}&s=${epoch:s}&u=${epoch:us}", "/a",
            R"({"t":"1533065986123","s":"1533065986","u":"1533065986123000"})"},
        Row{"/since/${epoch:s}/x", "/since/1533065986/x", "{}"},
        Row{"/a?where=name%3D%27b+c%27%20and&where=2&flag", "/a", R"({"where":["name='b c' and","2"],"flag":""})"},
        Row{"/a?where=x LIKE '%y%'", "/a", R"({"where":"x LIKE '%y%'"})"},
        Row{"/a?q=${gmtDate:'&=?}'yyyy}", "/a", R"({"q":"&=?}2018"})"}));

TEST(PollUrl, RefusesWhatItCannotFill) {
  for (const char* url : {"/a?x=${now}", "/a?x=${epoch:h}", "/a?x=${gmtDate:yyyy", "/a?x=${dateTimeZone:Nowhere:yyyy}",
                          "/a?x=${dateTimeZone:PST}", "/a?x=${gmtDate:QQ}", "a", ""}) {
    EXPECT_THAT([&] { PollUrl(url, "there"); }, throws_error(ErrorCode::bad_input, "there: ")) << url;
  }
}

}  // namespace
}  // namespace formulary::events

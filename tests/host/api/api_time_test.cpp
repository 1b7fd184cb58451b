#include "host/api/api_time.hpp"

#include <gtest/gtest.h>

namespace formulary::api {
namespace {

TEST(ApiTimeTest, ReadsTheFormsInWhichClientsWriteTimes) {
  const auto moment = time_of(1'533'065'986'000);
  for (const char* text : {"2018-07-31T19:39:46Z", "2018-07-31T19:39:46.000Z", "2018-07-31 19:39:46",
                           "2018-07-31T21:39:46+02:00", "2018-07-31T16:09:46-0330", "1533065986000"}) {
    const auto read = parse_time(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, moment) << text;
  }
  EXPECT_EQ(parse_time("2018-07-31"), time_of(1'532'995'200'000));
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.5Z"), time_of(500));
}

TEST(ApiTimeTest, RefusesWhatIsNoTime) {
  for (const char* text : {"", "now", "2018-13-01", "2018-02-30", "2018-07-31T25:00:00Z", "2018-07-31T19:39:46Zx", "-5",
                           "2018-07-31T19:39:46+2", "2018-7-31", "99999999999999999999"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(ApiTimeTest, WritesTheDatesOfSteps) {
  EXPECT_EQ(step_date(Clock::WallTime(std::chrono::microseconds(1'465'997'067'814'224))), "2016-06-15 13:24:27.814224");
}

}  // namespace
}  // namespace formulary::api

#include "host/events/java_date_format.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/error_matchers.hpp"

namespace formulary::events {
namespace {

using formulary::testing::throws_error;

constexpr Moment afternoon = 1'533'065'986'123;       // Tuesday, 2018-07-31T19:39:46.123Z
constexpr Moment after_midnight = 1'515'027'905'007;  // Thursday, 2018-01-04T01:05:05.007Z

struct Written {
  const char* pattern;
  const char* zone;
  Moment moment;
  const char* text;
};

class JavaDates : public ::testing::TestWithParam<Written> {};

TEST_P(JavaDates, AreWrittenAsJavaWritesThem) {
  const Written& row = GetParam();
  const auto zone = java_time_zone(row.zone);
  ASSERT_TRUE(zone) << row.zone;
  EXPECT_EQ(JavaDateFormat(row.pattern, "date").format(row.moment, *zone), row.text) << row.pattern;
}

INSTANTIATE_TEST_SUITE_P(
    Patterns, JavaDates,
    ::testing::Values(Written{"yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "GMT", afternoon, "2018-07-31T19:39:46.123Z"},
                      Written{"yyyy-MM-dd'T'HH:mm:ss'Z'", "GMT", after_midnight, "2018-01-04T01:05:05Z"},
                      Written{"yyyy-MM-dd HH:mm:ss", "PST", afternoon, "2018-07-31 12:39:46"},
                      Written{"yyyy-MM-dd HH:mm:ss", "PST", after_midnight, "2018-01-03 17:05:05"},
                      Written{"yyyy-MM-dd'T'HH:mm:ssZ", "Europe/Berlin", afternoon, "2018-07-31T21:39:46+0200"},
                      Written{"yyyy-MM-dd'T'HH:mm:ssXXX", "Europe/Berlin", after_midnight, "2018-01-04T02:05:05+01:00"},
                      Written{"HH:mmX", "GMT+5", afternoon, "00:39+05"},
                      Written{"HH:mmXX", "GMT-3:30", afternoon, "16:09-0330"},
                      Written{"yyyy-MM-dd'T'HH:mm:ssX", "UTC", afternoon, "2018-07-31T19:39:46Z"},
                      Written{"EEE, dd MMM yyyy HH:mm:ss z", "GMT", afternoon, "Tue, 31 Jul 2018 19:39:46 GMT"},
                      Written{"EEEE d MMMM yy", "GMT", after_midnight, "Thursday 4 January 18"},
                      Written{"MM/dd/yyyy hh:mm a", "GMT", afternoon, "07/31/2018 07:39 PM"},
                      Written{"h a K k", "GMT", after_midnight, "1 AM 1 1"},
                      Written{"yyyyMMddHHmmss", "GMT", afternoon, "20180731193946"},
                      Written{"D u M''d", "GMT", afternoon, "212 2 7'31"},
                      Written{"h 'o''clock'", "GMT", afternoon, "7 o'clock"}));

struct Read {
  const char* pattern;
  const char* zone;
  const char* text;
  std::int64_t moment;  ///< -1: it does not fit.
};

class JavaTexts : public ::testing::TestWithParam<Read> {};

TEST_P(JavaTexts, AreReadAsJavaReadsThem) {
  const Read& row = GetParam();
  const auto moment = JavaDateFormat(row.pattern, "date").parse(row.text, *java_time_zone(row.zone));
  EXPECT_EQ(moment.value_or(-1), row.moment) << row.pattern << " of " << row.text;
}

INSTANTIATE_TEST_SUITE_P(
    Patterns, JavaTexts,
    ::testing::Values(Read{"yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "GMT", "2018-07-31T19:39:46.123Z", afternoon},
                      Read{"yyyy-MM-dd'T'HH:mm:ss.SSSZ", "GMT", "2018-07-31T21:39:46.123+0200", afternoon},
                      Read{"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "PST", "2018-07-31T19:39:46.123Z", afternoon},
                      Read{"yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", "GMT", "2018-07-31T19:39:46.123456Z", afternoon},
                      Read{"yyyy-MM-dd HH:mm:ss.SSS", "PST", "2018-07-31 12:39:46.123", afternoon},
                      Read{"MM/dd/yyyy hh:mm a", "GMT", "07/31/2018 07:39 pm", afternoon - 46'123},
                      Read{"MM/dd/yyyy hh:mm a", "GMT", "1/4/2018 12:05 AM", after_midnight - 3'600'000 - 5'007},
                      Read{"EEE, dd MMM yyyy HH:mm:ss z", "PST", "Tue, 31 Jul 2018 19:39:46 GMT", afternoon - 123},
                      Read{"yyyyMMddHHmmss", "GMT", "20180731193946", afternoon - 123},
                      Read{"d MMMM yy", "GMT", "31 july 18", 1'532'995'200'000},
                      Read{"yyyy-MM-dd", "GMT", "2018-02-30", -1}, Read{"yyyy-MM-dd", "GMT", "2018-07-31x", -1},
                      Read{"yyyy-MM-dd", "GMT", "", -1}, Read{"yyyy-MM-dd HH:mm", "GMT", "2018-07-31 24:00", -1},
                      Read{"yyyyMMdd", "GMT", "2018731", -1}, Read{"HH:mm z", "GMT", "10:00 Nowhere", -1}));

TEST(JavaDateFormat, RefusesPatternsThatSayNothing) {
  for (const char* pattern : {"yyyy-QQ", "yyyy 'open", "W"}) {
    EXPECT_THAT([&] { JavaDateFormat(pattern, "there"); }, throws_error(ErrorCode::bad_input, "there: ")) << pattern;
  }
  EXPECT_THAT([] { JavaDateFormat(std::string(300, 'y'), "there"); }, throws_error(ErrorCode::bad_input, "200 bytes"));
}

TEST(JavaTimeZone, KnowsNoOthers) {
  for (const char* name : {"", "Nowhere", "GMTx", "GMT+99:00"}) EXPECT_FALSE(java_time_zone(name)) << name;
}

}  // namespace
}  // namespace formulary::events

#include "host/formula/cron.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bitset>
#include <random>
#include <string>

#include "host/base/clock.hpp"
#include "host/base/error.hpp"

namespace formulary {
namespace {

/// "2024-02-29T12:00:00" as if it were UTC.
SysSeconds at(const std::string& text) {
  const auto part = [&text](std::size_t begin, std::size_t count) { return std::stoi(text.substr(begin, count)); };
  const auto day = std::chrono::sys_days(std::chrono::year(part(0, 4)) / part(5, 2) / part(8, 2));
  return SysSeconds(day) + std::chrono::hours(part(11, 2)) + std::chrono::minutes(part(14, 2)) +
         std::chrono::seconds(part(17, 2));
}

std::string shown(std::optional<SysSeconds> moment) {
  return moment ? iso8601(*moment) : "never";
}

TimeZone zone(const std::string& name) {
  const auto found = TimeZone::find(name);
  EXPECT_TRUE(found) << name;
  return found.value_or(TimeZone());
}

struct Next {
  const char* cron;
  const char* after;
  const char* next;
};
class NextTimes : public testing::TestWithParam<Next> {};
TEST_P(NextTimes, AreThoseOfQuartz) {
  const auto& [cron, after, next] = GetParam();
  EXPECT_EQ(shown(CronSchedule::parse(cron).next_after(at(after))), next) << cron << " after " << after;
}
INSTANTIATE_TEST_SUITE_P(Documented, NextTimes,
                         testing::Values(Next{"0 0/15 * 1/1 * ? *", "2024-01-01T00:00:00", "2024-01-01T00:15:00Z"},
                                         Next{"0 0/15 * 1/1 * ? *", "2024-12-31T23:45:00", "2025-01-01T00:00:00Z"},
                                         Next{"0 0 12 ? * MON *", "2024-01-01T12:00:00", "2024-01-08T12:00:00Z"},
                                         Next{"0 0 0 1,10,15 1/1 ? *", "2024-02-15T00:00:00", "2024-03-01T00:00:00Z"},
                                         Next{"0 0/60 * 1/1 * ? *", "2024-01-01T05:00:01", "2024-01-01T06:00:00Z"},
                                         Next{"0/30 * * 1/1 * ? *", "2024-01-01T05:00:01", "2024-01-01T05:00:30Z"}));
INSTANTIATE_TEST_SUITE_P(Fields, NextTimes,
                         testing::Values(Next{"7 8 9 10 11 ?", "2024-01-01T00:00:00", "2024-11-10T09:08:07Z"},
                                         Next{"7 8 9 10 11 ? 2031", "2024-01-01T00:00:00", "2031-11-10T09:08:07Z"},
                                         Next{"0 0 0 1 1 ? 2030-2040/5", "2030-01-01T00:00:00", "2035-01-01T00:00:00Z"},
                                         Next{"0 0 0 1 1 ? 2023", "2024-01-01T00:00:00", "never"},
                                         Next{"0 0 0 30 2 ?", "2024-01-01T00:00:00", "never"},
                                         Next{"0 0 0 29 2 ?", "2024-03-01T00:00:00", "2028-02-29T00:00:00Z"},
                                         Next{"0 0 0 29 2 ?", "2096-03-01T00:00:00", "never"},
                                         Next{"59 59 23 31 12 ? 2099", "2024-01-01T00:00:00", "2099-12-31T23:59:59Z"},
                                         Next{"0 0 0 * * ?", "1960-01-01T00:00:00", "1970-01-01T00:00:00Z"},
                                         Next{"0 0 22-2 * * ?", "2024-01-01T02:00:00", "2024-01-01T22:00:00Z"},
                                         Next{"0 0 22-2 * * ?", "2024-01-01T00:30:00", "2024-01-01T01:00:00Z"},
                                         Next{"0 0 0 1 nov-feb ?", "2024-02-01T00:00:00", "2024-11-01T00:00:00Z"},
                                         Next{"0 0 0 ? * FRI-MON", "2024-01-01T00:00:00", "2024-01-05T00:00:00Z"},
                                         Next{"0 0 0 ? * 2-6", "2024-01-05T00:00:00", "2024-01-08T00:00:00Z"},
                                         Next{"0 /20 * * * ?", "2024-01-01T00:20:00", "2024-01-01T00:40:00Z"},
                                         Next{"0 */7 * * * ?", "2024-01-01T00:56:00", "2024-01-01T01:00:00Z"},
                                         Next{"0 5-20/6 * * * ?", "2024-01-01T00:11:00", "2024-01-01T00:17:00Z"},
                                         Next{"0 5-20/6 * * * ?", "2024-01-01T00:17:00", "2024-01-01T01:05:00Z"},
                                         Next{"0 50-10/10 * * * ?", "2024-01-01T00:10:00", "2024-01-01T00:50:00Z"},
                                         Next{"0 0 0 * * *", "2024-01-01T00:00:00", "2024-01-02T00:00:00Z"},
                                         Next{"0 0 0 * * MON", "2024-01-01T00:00:00", "2024-01-08T00:00:00Z"},
                                         Next{"  0\t0  0 1 1 ?  ", "2024-01-01T00:00:00", "2025-01-01T00:00:00Z"}));
INSTANTIATE_TEST_SUITE_P(
    SpecialDays, NextTimes,
    testing::Values(Next{"0 0 0 L * ?", "2024-02-01T00:00:00", "2024-02-29T00:00:00Z"},
                    Next{"0 0 0 L * ?", "2023-02-01T00:00:00", "2023-02-28T00:00:00Z"},
                    Next{"0 0 0 L-3 * ?", "2024-02-01T00:00:00", "2024-02-26T00:00:00Z"},
                    Next{"0 0 0 L-30 * ?", "2024-02-01T00:00:00", "2024-03-01T00:00:00Z"},
                    Next{"0 0 0 LW * ?", "2024-03-01T00:00:00", "2024-03-29T00:00:00Z"},
                    Next{"0 0 0 L-1W * ?", "2024-03-01T00:00:00", "2024-03-29T00:00:00Z"},
                    Next{"0 0 0 15W * ?", "2024-06-01T00:00:00", "2024-06-14T00:00:00Z"},  // a Saturday
                    Next{"0 0 0 15W * ?", "2024-09-01T00:00:00", "2024-09-16T00:00:00Z"},  // a Sunday
                    Next{"0 0 0 15W * ?", "2024-10-01T00:00:00", "2024-10-15T00:00:00Z"},
                    Next{"0 0 0 1W 6 ?", "2024-01-01T00:00:00", "2024-06-03T00:00:00Z"},     // Saturday the first
                    Next{"0 0 0 30W 6 ?", "2024-01-01T00:00:00", "2024-06-28T00:00:00Z"},    // Sunday the last
                    Next{"0 0 0 31W 4-6 ?", "2024-01-01T00:00:00", "2024-05-31T00:00:00Z"},  // no 31st in April
                    Next{"0 0 0 1,L,15W * ?", "2024-06-01T00:00:00", "2024-06-14T00:00:00Z"},
                    Next{"0 0 0 ? * L", "2024-01-01T00:00:00", "2024-01-06T00:00:00Z"},
                    Next{"0 0 0 ? * 6L", "2024-01-01T00:00:00", "2024-01-26T00:00:00Z"},
                    Next{"0 0 0 ? * friL", "2024-03-01T00:00:00", "2024-03-29T00:00:00Z"},
                    Next{"0 0 0 ? * 6#3", "2024-01-01T00:00:00", "2024-01-19T00:00:00Z"},
                    Next{"0 0 0 ? * SUN#1", "2024-01-08T00:00:00", "2024-02-04T00:00:00Z"},
                    Next{"0 0 0 ? * MON#5", "2024-01-30T00:00:00", "2024-04-29T00:00:00Z"},
                    Next{"0 0 0 ? * MON#1,FRIL", "2024-01-02T00:00:00", "2024-01-26T00:00:00Z"}));

struct Wrong {
  const char* cron;
  const char* sentence;
};
class WrongExpressions : public testing::TestWithParam<Wrong> {};
TEST_P(WrongExpressions, AreRefusedWithTheField) {
  try {
    (void)CronSchedule::parse(GetParam().cron);
    FAIL() << GetParam().cron;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    EXPECT_EQ(std::string(error.what()).rfind(GetParam().sentence, 0), 0U) << error.what();
  }
}
INSTANTIATE_TEST_SUITE_P(
    Table, WrongExpressions,
    testing::Values(
        Wrong{"", "fields: there are 0"}, Wrong{"0 0 12 * *", "fields: there are 5"},
        Wrong{"0 0 12 * * ? * *", "fields: there are 8"},
        Wrong{"60 0 0 * * ?", "seconds: '60' is not between 0 and 59"}, Wrong{"0 60 * * * ?", "minutes: '60'"},
        Wrong{"0 x * * * ?", "minutes: 'X' is no number"}, Wrong{"0 -1 * * * ?", "minutes: '' is no number"},
        Wrong{"0 1- * * * ?", "minutes: '' is no number"}, Wrong{"0 1,,2 * * * ?", "minutes: ''"},
        Wrong{"0 0/0 * * * ?", "minutes: '0/0' has no step"}, Wrong{"0 0/ * * * ?", "minutes: '0/' has no step"},
        Wrong{"0 0/x * * * ?", "minutes: '0/X' has no step"}, Wrong{"0 ? * * * ?", "minutes: '?'"},
        Wrong{"0 0 24 * * ?", "hours: '24' is not between 0 and 23"}, Wrong{"0 0 0 0 * ?", "day of month: '0'"},
        Wrong{"0 0 0 32 * ?", "day of month: '32'"}, Wrong{"0 0 0 L-31 * ?", "day of month: 'L-31' is none of"},
        Wrong{"0 0 0 L3 * ?", "day of month: 'L3'"}, Wrong{"0 0 0 LL * ?", "day of month: 'LL'"},
        Wrong{"0 0 0 L- * ?", "day of month: 'L-'"}, Wrong{"0 0 0 L--1 * ?", "day of month: 'L--1'"},
        Wrong{"0 0 0 32W * ?", "day of month: '32'"}, Wrong{"0 0 0 W * ?", "day of month: ''"},
        Wrong{"0 0 0 ?,1 * ?", "day of month: '?'"}, Wrong{"0 0 0 1 13 ?", "month: '13'"},
        Wrong{"0 0 0 1 JAM ?", "month: 'JAM' is neither a number nor a name"},
        Wrong{"0 0 0 ? * 0", "day of week: '0' is not between 1 and 7"}, Wrong{"0 0 0 ? * 8", "day of week: '8'"},
        Wrong{"0 0 0 ? * MON#6", "day of week: 'MON#6' needs"}, Wrong{"0 0 0 ? * MON#", "day of week: 'MON#' needs"},
        Wrong{"0 0 0 ? * #1", "day of week: ''"}, Wrong{"0 0 0 ? * XL", "day of week: 'X'"},
        Wrong{"0 0 12 ? * M$N", "day of week: 'M$N'"}, Wrong{"0 0 0 ? * ?", "day of week: both day fields are ?"},
        Wrong{"0 0 0 1 * MON", "day of week: is given together"}, Wrong{"0 0 0 1 1 ? 1969", "year: '1969'"},
        Wrong{"0 0 0 1 1 ? 2100", "year: '2100'"}, Wrong{"0 0 0 1 1 ? 2030-2029", "year: '2030-2029' ends before"},
        Wrong{"0 99999999999 0 1 1 ?", "minutes: '99999999999' is no number"}));

TEST(CronExpressions, AreBoundedInLength) {
  EXPECT_NO_THROW((void)CronSchedule::parse("0 0" + std::string(1'000, ' ') + "0 1 1 ?"));
  EXPECT_THROW((void)CronSchedule::parse("0 0" + std::string(1'100, ' ') + "0 1 1 ?"), Error);
}

TEST(CronExpressions, AreQuotedWithoutWhatATerminalObeys) {
  try {
    (void)CronSchedule::parse("0 \x1b[2J" + std::string(100, 'x') + " * * * ?");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\x1b'), std::string::npos);
    EXPECT_LT(std::string(error.what()).size(), 100U);
  }
}

struct Literal {
  const char* cron;
  const char* fault;  ///< Part of the sentence; nullptr if there is none.
};
class LiteralExpressions : public testing::TestWithParam<Literal> {};
TEST_P(LiteralExpressions, MayNotRunMoreOftenThanEvery15Minutes) {
  const auto fault = find_cron_fault(GetParam().cron);
  ASSERT_EQ(fault.has_value(), GetParam().fault != nullptr) << GetParam().cron << ": " << fault.value_or("");
  if (fault) {
    EXPECT_NE(fault->find(GetParam().fault), std::string::npos) << *fault;
  }
}
INSTANTIATE_TEST_SUITE_P(
    Table, LiteralExpressions,
    testing::Values(Literal{"0 0/15 * 1/1 * ? *", nullptr}, Literal{"0 0 12 ? * MON *", nullptr},
                    Literal{"0 0 0 1,10,15 1/1 ? *", nullptr}, Literal{"0 0/60 * 1/1 * ? *", nullptr},
                    Literal{"0 0,15,30 * * * ?", nullptr}, Literal{"0 0,50 12 * * ?", nullptr},
                    Literal{"0 50 23 * * ?", nullptr}, Literal{"0 0,50 0,23 ? * MON,WED", nullptr},
                    Literal{"0 55,5 0,23 1 * ?", nullptr}, Literal{"0 0,50 0,23 ? * MON,TUE", "more often"},
                    Literal{"0 0,50 0,23 L,1 * ?", "more often"}, Literal{"0/30 * * 1/1 * ? *", "more often"},
                    Literal{"0 0/1 * 1/1 * ? *", "more often"}, Literal{"0 0/14 * 1/1 * ? *", "more often"},
                    Literal{"0 0,50 * * * ?", "more often"}, Literal{"0,30 0 12 * * ?", "more often"},
                    Literal{"* 0 12 * * ?", "more often"}, Literal{"0 60 * * * ?", "minutes: '60'"}));

TEST(Intervals, AreTheShortestTimeBetweenTwoRuns) {
  const auto interval = [](const char* cron) { return CronSchedule::parse(cron).shortest_interval().count(); };
  EXPECT_EQ(interval("0 0 12 * * ?"), 86'400);
  EXPECT_EQ(interval("0,59 * * * * ?"), 1);
  EXPECT_EQ(interval("0,59 0 * * * ?"), 59);
  EXPECT_EQ(interval("30 0/20 * * * ?"), 1'200);
}

// Where the clock changes. Berlin: 2024-03-31 02:00 becomes 03:00, 2024-10-27 03:00 becomes 02:00.

TEST(ClocksPutForward, LeaveOutWhatTheyDoNotShow) {
  const auto berlin = zone("Europe/Berlin");
  const auto daily = CronSchedule::parse("0 30 2 * * ?");
  const auto before = daily.next_after(at("2024-03-29T12:00:00"), berlin);
  EXPECT_EQ(shown(before), "2024-03-30T01:30:00Z");
  EXPECT_EQ(shown(daily.next_after(*before, berlin)), "2024-04-01T00:30:00Z");
  const auto quarters = CronSchedule::parse("0 0/15 * * * ?");
  EXPECT_EQ(shown(quarters.next_after(at("2024-03-31T00:45:00"), berlin)), "2024-03-31T01:00:00Z");
}

TEST(ClocksPutBack, RunOnceWhatTheyShowTwice) {
  const auto berlin = zone("Europe/Berlin");
  const auto daily = CronSchedule::parse("0 30 2 * * ?");
  const auto first = daily.next_after(at("2024-10-26T12:00:00"), berlin);
  EXPECT_EQ(shown(first), "2024-10-27T00:30:00Z");
  EXPECT_EQ(shown(daily.next_after(*first, berlin)), "2024-10-28T01:30:00Z");
}

TEST(ClocksPutBack, DoNotInterruptWhatRunsEveryHour) {
  const auto berlin = zone("Europe/Berlin");
  const auto hourly = CronSchedule::parse("0 30 * * * ?");
  EXPECT_EQ(shown(hourly.next_after(at("2024-10-27T00:30:00"), berlin)), "2024-10-27T01:30:00Z");
}

TEST(ClocksPutBack, KnowZonesThatChangeByHalfAnHour) {
  const auto lord_howe = zone("Australia/Lord_Howe");  // 2024-04-07 02:00 becomes 01:30
  const auto daily = CronSchedule::parse("0 45 1 * * ?");
  const auto first = daily.next_after(at("2024-04-06T00:00:00"), lord_howe);
  EXPECT_EQ(shown(first), "2024-04-06T14:45:00Z");
  EXPECT_EQ(shown(daily.next_after(*first, lord_howe)), "2024-04-07T15:15:00Z");
}

TEST(TimeZones, AreNamesOrOffsets) {
  EXPECT_EQ(zone("UTC").name(), "UTC");
  EXPECT_EQ(zone("+02:00").name(), "+02:00");
  EXPECT_EQ(zone("-0330").name(), "-03:30");
  EXPECT_EQ(zone("+00").name(), "UTC");
  EXPECT_EQ(zone("Europe/Berlin").name(), "Europe/Berlin");
  EXPECT_EQ(TimeZone::fixed(std::chrono::hours(30)).name(), "+18:00");
  for (const char* none : {"", "Nowhere/City", "+2", "+02:60", "+19:00", "+02:", "02:00", "../../etc/passwd"}) {
    EXPECT_FALSE(TimeZone::find(none)) << none;
  }
  EXPECT_FALSE(TimeZone::find(std::string(100, 'x')));
  const auto noon = CronSchedule::parse("0 0 12 * * ?");
  EXPECT_EQ(shown(noon.next_after(at("2024-01-01T00:00:00"), zone("+02:00"))), "2024-01-01T10:00:00Z");
  EXPECT_EQ(shown(noon.next_after(at("2024-01-01T00:00:00"), zone("America/New_York"))), "2024-01-01T17:00:00Z");
}

TEST(NextTime, IsStrictlyLaterAndEndsAtBothEndsOfTime) {
  const auto daily = CronSchedule::parse("0 0 0 * * ?");
  EXPECT_EQ(shown(daily.next_after(at("2024-01-01T00:00:00") - std::chrono::nanoseconds(1))), "2024-01-01T00:00:00Z");
  EXPECT_EQ(shown(daily.next_after(at("2024-01-01T00:00:00") + std::chrono::nanoseconds(1))), "2024-01-02T00:00:00Z");
  EXPECT_EQ(shown(daily.next_after(Clock::WallTime::min())), "1970-01-01T00:00:00Z");
  EXPECT_EQ(shown(daily.next_after(Clock::WallTime::max())), "never");
  EXPECT_EQ(shown(daily.next_after(at("2099-12-31T00:00:00"))), "never");
  for (const char* name : {"Europe/Berlin", "Pacific/Apia", "America/New_York"}) {
    EXPECT_EQ(shown(CronSchedule::parse("0 0 0 31 2 ?").next_after(at("1971-01-01T00:00:00"), zone(name))), "never");
  }
}

// Against a slow reference: every minute is asked whether it belongs.

struct RandomField {
  std::string text;
  std::bitset<60> values;
};

class RandomExpression {
 public:
  explicit RandomExpression(std::uint64_t seed) : random_(seed) {
    minutes_ = field(0, 59);
    hours_ = field(0, 23);
    months_ = field(1, 12);
    day_text_ = days();
  }

  [[nodiscard]] std::string text() const {
    return "0 " + minutes_.text + ' ' + hours_.text + ' ' + day_text_.first + ' ' + months_.text + ' ' +
           day_text_.second;
  }

  [[nodiscard]] bool every_hour() const { return hours_.values.count() == 24; }

  [[nodiscard]] bool shows(SysSeconds local) const {
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const auto minute = static_cast<std::size_t>((local - day) / std::chrono::minutes(1));
    return minutes_.values.test(minute % 60) && hours_.values.test(minute / 60) && day_belongs(day);
  }

 private:
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }

  RandomField field(int first, int last) {
    RandomField made;
    const int size = last - first + 1;
    const int from = first + below(size);
    const int to = first + below(size);
    const int step = 1 + below(size);
    switch (below(4)) {
      case 0:
        made.text = "*";
        for (int value = first; value <= last; ++value) made.values.set(static_cast<std::size_t>(value));
        break;
      case 1:
        made.text = std::to_string(from) + ',' + std::to_string(to);
        made.values.set(static_cast<std::size_t>(from));
        made.values.set(static_cast<std::size_t>(to));
        break;
      case 2:
        made.text = std::to_string(from) + '/' + std::to_string(step);
        for (int value = from; value <= last; value += step) made.values.set(static_cast<std::size_t>(value));
        break;
      default:
        made.text = std::to_string(from) + '-' + std::to_string(to);
        for (int value = from;; value = value == last ? first : value + 1) {
          made.values.set(static_cast<std::size_t>(value));
          if (value == to) break;
        }
    }
    return made;
  }

  std::pair<std::string, std::string> days() {
    number_ = 1 + below(31);
    weekday_ = 1 + below(7);
    nth_ = 1 + below(5);
    kind_ = below(7);
    const std::string number = std::to_string(number_);
    const std::string weekday = std::to_string(weekday_);
    switch (kind_) {
      case 0:
        return {"*", "?"};
      case 1:
        return {number, "?"};
      case 2:
        return {"L-" + std::to_string(number_ - 1), "?"};
      case 3:
        return {number + "W", "?"};
      case 4:
        return {"?", weekday};
      case 5:
        return {"?", weekday + "L"};
      default:
        return {"?", weekday + '#' + std::to_string(nth_)};
    }
  }

  [[nodiscard]] static bool is_workday(std::chrono::sys_days day) {
    const unsigned weekday = std::chrono::weekday(day).c_encoding();
    return weekday != 0 && weekday != 6;
  }

  [[nodiscard]] bool day_belongs(std::chrono::sys_days day) const {
    const std::chrono::year_month_day date(day);
    if (!months_.values.test(static_cast<unsigned>(date.month()))) return false;
    const int number = static_cast<int>(static_cast<unsigned>(date.day()));
    const int left =
        static_cast<int>((std::chrono::sys_days(date.year() / date.month() / std::chrono::last) - day).count());
    const int weekday = static_cast<int>(std::chrono::weekday(day).c_encoding()) + 1;
    switch (kind_) {
      case 0:
        return true;
      case 1:
        return number == number_;
      case 2:
        return left == number_ - 1;
      case 3: {
        // the nearest workday of the month, the earlier of two: asked from the day that may be it
        const auto target = std::chrono::sys_days(date.year() / date.month() / 1) + std::chrono::days(number_ - 1);
        if (std::chrono::year_month_day(target).month() != date.month() || !is_workday(day)) return false;
        for (const int distance : {0, -1, 1, -2, 2}) {
          const auto near = target + std::chrono::days(distance);
          if (std::chrono::year_month_day(near).month() == date.month() && is_workday(near)) return near == day;
        }
        return false;
      }
      case 4:
        return weekday == weekday_;
      case 5:
        return weekday == weekday_ && left < 7;
      default:
        return weekday == weekday_ && (number + 6) / 7 == nth_;
    }
  }

  std::mt19937_64 random_;
  RandomField minutes_;
  RandomField hours_;
  RandomField months_;
  std::pair<std::string, std::string> day_text_;
  int kind_ = 0;
  int number_ = 1;
  int weekday_ = 1;
  int nth_ = 1;
};

std::optional<SysSeconds> slow_next(const RandomExpression& expression, SysSeconds after, const TimeZone& zone,
                                    std::chrono::days within) {
  auto span = zone.span_at(after);
  auto before = span.begin < SysSeconds() ? span : zone.span_at(span.begin - std::chrono::seconds(1));
  const auto start = std::chrono::floor<std::chrono::minutes>(after) + std::chrono::minutes(1);
  for (SysSeconds moment = start; moment < after + within; moment += std::chrono::minutes(1)) {
    if (moment >= span.end) {
      before = span;
      span = zone.span_at(moment);
    }
    if (!expression.shows(moment + span.offset)) continue;
    const bool was_shown = moment + span.offset - before.offset < span.begin;
    if (!was_shown || expression.every_hour()) return moment;
  }
  return std::nullopt;
}

TEST(NextTime, IsWhatSteppingThroughTheMinutesFinds) {
  constexpr std::chrono::days within{70};
  const std::array zones{TimeZone(), zone("Europe/Berlin"), zone("America/New_York"), zone("Australia/Lord_Howe")};
  std::mt19937_64 random(20240229);
  std::size_t found = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const RandomExpression expression(seed);
    const auto schedule = CronSchedule::parse(expression.text());
    const TimeZone& where = zones.at(seed % zones.size());
    // days before the clocks change are likelier than others, since that is where one goes wrong
    const auto year = std::chrono::year(2000 + static_cast<int>(random() % 30));
    const auto month = std::array{3U, 4U, 10U, 11U}.at(random() % 4);
    const SysSeconds after = SysSeconds(std::chrono::sys_days(year / std::chrono::month(month) / 1)) +
                             std::chrono::minutes(static_cast<int>(random() % 43'000));
    const auto slow = slow_next(expression, after, where, within);
    auto fast = schedule.next_after(after, where);
    if (fast && *fast >= after + within) fast.reset();
    ASSERT_EQ(shown(fast), shown(slow)) << expression.text() << " after " << shown(after) << " in " << where.name();
    if (slow) ++found;
  }
  EXPECT_GT(found, 150U);
}

}  // namespace
}  // namespace formulary

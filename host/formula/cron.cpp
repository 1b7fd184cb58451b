#include "host/formula/cron.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "host/base/error.hpp"

namespace formulary {
namespace {

using std::chrono::seconds;

constexpr seconds day_seconds = std::chrono::hours(24);
constexpr std::size_t minutes_in_day = 1'440;
constexpr unsigned sunday = 0;
constexpr unsigned saturday = 6;

SysSeconds sys(std::chrono::sys_days day) {
  return {day};
}

unsigned days_in(std::chrono::year_month month) {
  return static_cast<unsigned>((month / std::chrono::last).day());
}

/// 0 is Sunday.
unsigned weekday_of(std::chrono::year_month month, unsigned day) {
  return std::chrono::weekday(std::chrono::sys_days(month / static_cast<int>(day))).c_encoding();
}

/// The day from Monday to Friday that is nearest to `day`, in the same month.
unsigned nearest_weekday(std::chrono::year_month month, unsigned day) {
  switch (weekday_of(month, day)) {
    case saturday:
      return day == 1 ? 3 : day - 1;
    case sunday:
      return day == days_in(month) ? day - 2 : day + 1;
    default:
      return day;
  }
}

/// The first set bit at or after `from`; nullopt if there is none.
template <std::size_t size>
std::optional<std::size_t> first_set(const std::bitset<size>& set, std::size_t from) {
  for (std::size_t at = from; at < size; ++at) {
    if (set.test(at)) return at;
  }
  return std::nullopt;
}

/// The shortest distance of two set bits.
template <std::size_t size>
std::size_t shortest_gap(const std::bitset<size>& set, std::size_t otherwise) {
  std::size_t gap = otherwise;
  std::optional<std::size_t> before;
  for (std::size_t at = 0; at < size; ++at) {
    if (!set.test(at)) continue;
    if (before) gap = std::min(gap, at - *before);
    before = at;
  }
  return gap;
}

/// The first and the last set bit; there is one.
template <std::size_t size>
std::pair<std::size_t, std::size_t> ends_of(const std::bitset<size>& set) {
  std::size_t last = size - 1;
  while (last > 0 && !set.test(last)) --last;
  return {first_set(set, 0).value_or(0), last};
}

}  // namespace

std::uint32_t CronDays::of_month(std::chrono::year_month month) const {
  const unsigned count = days_in(month);
  const std::uint32_t existing = ((std::uint32_t{1} << count) - 1) << 1U;
  if (every_day) return existing;
  std::uint32_t found = days & existing;
  const auto add = [&found](unsigned day) { found |= std::uint32_t{1} << day; };
  for (const FromEnd& end : from_end) {
    if (end.days >= count) continue;
    add(end.nearest_weekday ? nearest_weekday(month, count - end.days) : count - end.days);
  }
  for (unsigned day = 1; day <= count; ++day) {
    if ((nearest_weekdays >> day & 1U) != 0) add(nearest_weekday(month, day));
    const unsigned weekday = weekday_of(month, day);
    const unsigned nth = (day - 1) / 7 + 1;
    const auto by_weekday =
        static_cast<std::uint8_t>(weekdays | (day + 7 > count ? last_weekdays : 0U) | nth_weekdays.at(nth));
    if ((by_weekday >> weekday & 1U) != 0) add(day);
  }
  return found;
}

std::optional<seconds> CronSchedule::next_in_day(seconds from) const {
  const auto total = static_cast<std::size_t>(from.count());
  for (auto hour = first_set(hours_, total / 3'600); hour; hour = first_set(hours_, *hour + 1)) {
    const bool same_hour = *hour == total / 3'600;
    for (auto minute = first_set(minutes_, same_hour ? total / 60 % 60 : 0); minute;
         minute = first_set(minutes_, *minute + 1)) {
      const bool same_minute = same_hour && *minute == total / 60 % 60;
      const auto second = first_set(seconds_, same_minute ? total % 60 : 0);
      if (second) return seconds(*hour * 3'600 + *minute * 60 + *second);
    }
  }
  return std::nullopt;
}

/// The first day of the schedule that is not before the day of `from`.
std::optional<SysSeconds> CronSchedule::first_day(SysSeconds from) const {
  const std::chrono::year_month_day start(std::chrono::floor<std::chrono::days>(from));
  std::uint32_t not_passed = ~std::uint32_t{0} << static_cast<unsigned>(start.day());
  auto month = static_cast<unsigned>(start.month());
  for (int year = static_cast<int>(start.year()); year <= cron_year_max; ++year, month = 1) {
    if (!years_.test(static_cast<std::size_t>(year))) {
      not_passed = ~std::uint32_t{0};
      continue;
    }
    for (; month <= 12; ++month, not_passed = ~std::uint32_t{0}) {
      if (!months_.test(month)) continue;
      const std::chrono::year_month at = std::chrono::year(year) / std::chrono::month(month);
      const std::uint32_t found = days_.of_month(at) & not_passed;
      if (found != 0) return sys(at / std::countr_zero(found));
    }
  }
  return std::nullopt;
}

std::optional<SysSeconds> CronSchedule::next_local(SysSeconds from) const {
  auto day = first_day(from);
  if (!day) return std::nullopt;
  if (const auto time = next_in_day(std::max(from - *day, seconds(0)))) return *day + *time;
  day = first_day(*day + day_seconds);
  if (!day) return std::nullopt;
  const auto time = next_in_day(seconds(0));
  return time ? std::optional(*day + *time) : std::nullopt;
}

std::optional<SysSeconds> CronSchedule::next_after(Clock::WallTime after, const TimeZone& zone) const {
  constexpr seconds offsets_apart_max = std::chrono::hours(48);
  const SysSeconds begin = sys(std::chrono::year(cron_year_min) / 1 / 1) - offsets_apart_max;
  const SysSeconds end = sys(std::chrono::year(cron_year_max + 1) / 1 / 1) + offsets_apart_max;
  SysSeconds at = begin;
  if (after >= end) return std::nullopt;
  if (after >= begin) at = std::chrono::floor<seconds>(after) + seconds(1);
  while (at < end) {
    const TimeZone::Span span = zone.span_at(at);
    const auto first_local = sys(std::chrono::year(cron_year_min) / 1 / 1);
    const auto local = next_local(std::max(at + span.offset, first_local));
    if (!local) return std::nullopt;
    const SysSeconds moment = *local - span.offset;
    if (moment >= span.end) {
      // The clock changes before then. Nothing lies between, whatever the offsets are, so most changes can be skipped.
      at = std::max(span.end, moment - offsets_apart_max);
      continue;
    }
    const bool second_time = span.begin > begin && *local - zone.span_at(span.begin - seconds(1)).offset < span.begin;
    if (!second_time || hours_.all()) return moment;
    at = moment + seconds(1);
  }
  return std::nullopt;
}

bool CronSchedule::has_neighbouring_days() const {
  constexpr int cycle_years = 28;  // after which weekdays fall on the same dates
  std::uint32_t last = 0;
  for (int year = 2000; year < 2000 + cycle_years; ++year) {
    for (unsigned month = 1; month <= 12; ++month) {
      const std::chrono::year_month at = std::chrono::year(year) / std::chrono::month(month);
      const std::uint32_t days = months_.test(month) ? days_.of_month(at) : 0;
      if ((days & days >> 1U) != 0 || ((days >> 1U & 1U) != 0 && last != 0)) return true;
      last = days >> days_in(at);
    }
  }
  return false;
}

seconds CronSchedule::shortest_interval() const {
  std::bitset<minutes_in_day> minutes;
  for (std::size_t at = 0; at < minutes.size(); ++at) minutes.set(at, hours_.test(at / 60) && minutes_.test(at % 60));
  const auto [first, last] = ends_of(minutes);
  std::size_t gap = shortest_gap(minutes, minutes.size());
  const std::size_t overnight = minutes.size() - last + first;
  if (overnight < gap && has_neighbouring_days()) gap = overnight;
  const auto [first_second, last_second] = ends_of(seconds_);
  return seconds(std::min(shortest_gap(seconds_, gap * 60), gap * 60 - (last_second - first_second)));
}

std::optional<std::string> find_cron_fault(std::string_view expression) {
  try {
    const CronSchedule schedule = CronSchedule::parse(expression);
    if (schedule.shortest_interval() >= schedule_interval_min) return std::nullopt;
  } catch (const Error& error) {
    return "is no Quartz expression: " + std::string(error.what());
  }
  return "runs more often than every " + std::to_string(schedule_interval_min.count()) + " minutes";
}

}  // namespace formulary

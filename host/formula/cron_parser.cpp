/// \file
/// Reads the text of a Quartz expression.
#include <algorithm>
#include <charconv>
#include <span>

#include "host/base/error.hpp"
#include "host/formula/cron.hpp"
#include "host/formula/web_text.hpp"

namespace formulary {
namespace {

constexpr std::size_t text_bytes_max = 1'024;
constexpr std::size_t quoted_bytes_max = 40;
constexpr int weekdays_max = 7;
constexpr int weeks_max = 5;

constexpr std::array<std::string_view, 12> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> weekday_names{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct Field {
  std::string_view name;
  int first = 0;
  int last = 0;
  std::span<const std::string_view> names{};  ///< Of `first` and what follows.
};
constexpr Field seconds_field{.name = "seconds", .first = 0, .last = 59};
constexpr Field minutes_field{.name = "minutes", .first = 0, .last = 59};
constexpr Field hours_field{.name = "hours", .first = 0, .last = 23};
constexpr Field day_field{.name = "day of month", .first = 1, .last = 31};
constexpr Field month_field{.name = "month", .first = 1, .last = 12, .names = month_names};
constexpr Field weekday_field{.name = "day of week", .first = 1, .last = 7, .names = weekday_names};
constexpr Field year_field{.name = "year", .first = cron_year_min, .last = cron_year_max};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& byte : result) {
    if (byte >= 'a' && byte <= 'z') byte = static_cast<char>(byte - 'a' + 'A');
  }
  return result;
}

std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char byte : text.substr(0, quoted_bytes_max)) result += has_control_characters({&byte, 1}) ? ' ' : byte;
  return result + (text.size() > quoted_bytes_max ? "...'" : "'");
}

[[noreturn]] void fail(const Field& field, const std::string& what) {
  throw Error(ErrorCode::bad_input, std::string(field.name) + ": " + what);
}

[[noreturn]] void fail_range(const Field& field, std::string_view text) {
  fail(field, quoted(text) + " is not between " + std::to_string(field.first) + " and " + std::to_string(field.last));
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc{} && end == text.data() + text.size() && text.front() != '-';
  return is_number ? std::optional(value) : std::nullopt;
}

/// A number of the field, or a name.
int value_of(const Field& field, std::string_view text) {
  const auto named = std::find(field.names.begin(), field.names.end(), text);
  if (named != field.names.end()) return field.first + static_cast<int>(named - field.names.begin());
  const auto value = text.empty() ? std::nullopt : number(text);
  if (!value) fail(field, quoted(text) + (field.names.empty() ? " is no number" : " is neither a number nor a name"));
  if (*value < field.first || *value > field.last) fail_range(field, text);
  return *value;
}

/// Calls `add` with each value of one part of a list: "*", "5", "5-10", "0/15", "*/5", "/5", "10-40/10", "22-2".
template <class Add>
void read_part(const Field& field, std::string_view part, const Add& add) {
  const std::size_t slash = part.find('/');
  const std::string_view range = part.substr(0, slash);
  int step = 1;
  if (slash != std::string_view::npos) {
    const std::string_view text = part.substr(slash + 1);
    const auto given = text.empty() ? std::nullopt : number(text);
    if (!given || *given == 0) fail(field, quoted(part) + " has no step after the slash; write for example 0/15");
    step = *given;
  }
  int first = field.first;
  int last = field.last;
  const std::size_t dash = range.find('-');
  const bool is_all = range == "*" || (range.empty() && slash != std::string_view::npos);
  if (!is_all) {
    first = value_of(field, range.substr(0, dash));
    if (dash != std::string_view::npos) last = value_of(field, range.substr(dash + 1));
    if (dash == std::string_view::npos && slash == std::string_view::npos) last = first;
  }
  const int size = field.last - field.first + 1;
  if (last < first) {
    if (field.first == cron_year_min) fail(field, quoted(part) + " ends before it begins");
    last += size;  // goes round: 22-2 is 22, 23, 0, 1, 2
  }
  for (std::int64_t at = first; at <= last; at += step)
    add(at > field.last ? static_cast<int>(at) - size : static_cast<int>(at));
}

template <std::size_t size>
void read_field(const Field& field, std::string_view text, std::bitset<size>& set) {
  for (const auto part : split(text, ",")) {
    read_part(field, part, [&set](int value) { set.set(static_cast<std::size_t>(value)); });
  }
}

std::uint32_t bit(int position) {
  return std::uint32_t{1} << static_cast<unsigned>(position);
}

/// "L", "L-3", "LW", "L-3W".
CronDays::FromEnd read_from_end(std::string_view part) {
  CronDays::FromEnd end;
  std::string_view rest = part.substr(1);
  if (rest.ends_with('W')) {
    end.nearest_weekday = true;
    rest.remove_suffix(1);
  }
  if (rest.empty()) return end;
  const auto days = rest.size() > 1 && rest.front() == '-' ? number(rest.substr(1)) : std::nullopt;
  if (!days || *days > day_field.last - 1) {
    fail(day_field, quoted(part) + " is none of L, LW and L-n with n from 0 to 30");
  }
  end.days = static_cast<unsigned>(*days);
  return end;
}

void read_day_part(std::string_view part, CronDays& days) {
  if (part.starts_with('L')) {
    days.from_end.push_back(read_from_end(part));
  } else if (part.ends_with('W')) {
    days.nearest_weekdays |= bit(value_of(day_field, part.substr(0, part.size() - 1)));
  } else {
    read_part(day_field, part, [&days](int day) { days.days |= bit(day); });
  }
}

std::uint8_t weekday_bit(int weekday) {
  return static_cast<std::uint8_t>(bit(weekday - 1));
}

void read_weekday_part(std::string_view part, CronDays& days) {
  const std::size_t hash = part.find('#');
  if (part == "L") {
    days.weekdays |= weekday_bit(weekdays_max);
  } else if (hash != std::string_view::npos) {
    const int weekday = value_of(weekday_field, part.substr(0, hash));
    const std::string_view text = part.substr(hash + 1);
    const auto nth = text.empty() ? std::nullopt : number(text);
    if (!nth || *nth < 1 || *nth > weeks_max) fail(weekday_field, quoted(part) + " needs a number from 1 to 5 after #");
    days.nth_weekdays.at(static_cast<std::size_t>(*nth)) |= weekday_bit(weekday);
  } else if (part.size() > 1 && part.ends_with('L')) {
    days.last_weekdays |= weekday_bit(value_of(weekday_field, part.substr(0, part.size() - 1)));
  } else {
    read_part(weekday_field, part, [&days](int weekday) { days.weekdays |= weekday_bit(weekday); });
  }
}

/// Of the two fields one restricts the days at most.
CronDays read_days(std::string_view day, std::string_view weekday) {
  if (day == "?" && weekday == "?") fail(weekday_field, "both day fields are ?; give one of them");
  CronDays days;
  const bool by_day = day != "?" && day != "*";
  const bool by_weekday = weekday != "?" && weekday != "*";
  days.every_day = !by_day && !by_weekday;
  if (by_day) {
    for (const auto part : split(day, ",")) read_day_part(part, days);
  }
  if (by_weekday) {
    for (const auto part : split(weekday, ",")) read_weekday_part(part, days);
  }
  if (by_day && by_weekday) fail(weekday_field, "is given together with the day of month; write ? for one of them");
  return days;
}

}  // namespace

class CronParser {
 public:
  static CronSchedule parse(std::string_view text) {
    const std::string normal = text.size() > text_bytes_max ? std::string() : upper(text);
    std::vector<std::string_view> fields;
    for (const auto field : split(normal, " \t\r\n")) {
      if (!field.empty()) fields.push_back(field);
    }
    if (fields.size() != 6 && fields.size() != 7) {
      throw Error(ErrorCode::bad_input, "fields: there are " + std::to_string(fields.size()) +
                                            ", a Quartz expression has 6 or 7, seconds first, at most " +
                                            std::to_string(text_bytes_max) + R"( bytes, as in "0 0/15 * 1/1 * ? *")");
    }
    CronSchedule schedule;
    schedule.text_ = text;
    read_field(seconds_field, fields[0], schedule.seconds_);
    read_field(minutes_field, fields[1], schedule.minutes_);
    read_field(hours_field, fields[2], schedule.hours_);
    read_field(month_field, fields[4], schedule.months_);
    schedule.days_ = read_days(fields[3], fields[5]);
    read_field(year_field, fields.size() == 7 ? fields[6] : "*", schedule.years_);
    return schedule;
  }
};

CronSchedule CronSchedule::parse(std::string_view text) {
  return CronParser::parse(text);
}

}  // namespace formulary

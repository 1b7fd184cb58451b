#include "host/events/java_date_format.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "host/base/error.hpp"

namespace formulary::events {
namespace {

constexpr std::size_t pattern_bytes_max = 200;
constexpr std::string_view letters = "yYuMLdEaHkKhmsSzZXD";
constexpr std::string_view numbers = "yYudHkKhmsSD";  // M, L too when there are one or two

constexpr std::array<std::string_view, 12> months = {"January",   "February", "March",    "April",
                                                     "May",       "June",     "July",     "August",
                                                     "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};
constexpr std::size_t short_name = 3;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string padded(std::int64_t number, int width) {
  std::string text = std::to_string(number);
  while (static_cast<int>(text.size()) < width) text.insert(0, 1, '0');
  return text;
}

bool same_letters(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(one, other, [lower](char a, char b) { return lower(a) == lower(b); });
}

SysSeconds seconds_of(Moment moment) {
  return std::chrono::floor<std::chrono::seconds>(SysSeconds::clock::time_point(std::chrono::milliseconds(moment)));
}

std::string offset_text(std::chrono::seconds offset, int form) {
  const std::int64_t minutes = std::chrono::duration_cast<std::chrono::minutes>(offset).count();
  const std::int64_t size = minutes < 0 ? -minutes : minutes;
  std::string text = (minutes < 0 ? "-" : "+") + padded(size / 60, 2);
  if (form == 1) return text;
  return text + (form == 3 ? ":" : "") + padded(size % 60, 2);
}

/// A moment on the clocks of a zone.
struct Local {
  std::chrono::year_month_day date{};
  std::chrono::hh_mm_ss<std::chrono::milliseconds> clock{};
  unsigned weekday = 0;
  std::int64_t day_of_year = 1;
  std::chrono::seconds offset{0};

  Local(Moment moment, const TimeZone& zone) : offset(zone.span_at(seconds_of(moment)).offset) {
    const std::chrono::sys_time<std::chrono::milliseconds> shown{std::chrono::milliseconds(moment) + offset};
    const auto day = std::chrono::floor<std::chrono::days>(shown);
    date = std::chrono::year_month_day(day);
    clock = std::chrono::hh_mm_ss(shown - day);
    weekday = std::chrono::weekday(day).c_encoding();
    const std::chrono::sys_days first{date.year() / std::chrono::January / 1};
    day_of_year = (day - first).count() + 1;
  }
};

std::string zone_text(const Local& local, const TimeZone& zone, char letter, int count) {
  if (letter == 'Z') return offset_text(local.offset, 2);
  if (letter == 'X') return local.offset.count() == 0 ? "Z" : offset_text(local.offset, count);
  if (zone.name() == "UTC") return "GMT";
  return "GMT" + offset_text(local.offset, 3);
}

std::string month_text(const Local& local, int count) {
  const unsigned month = static_cast<unsigned>(local.date.month());
  if (count < 3) return padded(month, count);
  const std::string_view name = months[month - 1];
  return std::string(count == 3 ? name.substr(0, short_name) : name);
}

std::int64_t number_text(const Local& local, char letter) {
  const std::int64_t hour = local.clock.hours().count();
  switch (letter) {
    case 'd':
      return static_cast<unsigned>(local.date.day());
    case 'D':
      return local.day_of_year;
    case 'H':
      return hour;
    case 'k':
      return hour == 0 ? 24 : hour;
    case 'K':
      return hour % 12;
    case 'h':
      return hour % 12 == 0 ? 12 : hour % 12;
    case 'm':
      return local.clock.minutes().count();
    case 's':
      return local.clock.seconds().count();
    case 'u':
      return local.weekday == 0 ? 7 : local.weekday;
    default:
      return local.clock.subseconds().count();
  }
}

std::string field_text(const Local& local, const TimeZone& zone, char letter, int count) {
  switch (letter) {
    case 'y':
    case 'Y': {
      const int year = static_cast<int>(local.date.year());
      return count == 2 ? padded(year % 100, 2) : padded(year, count);
    }
    case 'M':
    case 'L':
      return month_text(local, count);
    case 'E': {
      const std::string_view name = weekdays[local.weekday];
      return std::string(count < 4 ? name.substr(0, short_name) : name);
    }
    case 'a':
      return local.clock.hours().count() < 12 ? "AM" : "PM";
    case 'z':
    case 'Z':
    case 'X':
      return zone_text(local, zone, letter, count);
    default:
      return padded(number_text(local, letter), count);
  }
}

/// What a text says of a moment, before it is known whether there is such a day.
class Reading {
 public:
  explicit Reading(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool take(std::string_view literal) {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  [[nodiscard]] bool take_field(char letter, int count, bool fixed) {
    switch (letter) {
      case 'E':
        return take_name(weekdays).has_value();
      case 'a':
        return take_half();
      case 'z':
      case 'Z':
      case 'X':
        return take_zone();
      case 'M':
      case 'L':
        if (count < 3) break;
        if (const auto month = take_name(months)) {
          month_ = static_cast<std::int64_t>(*month) + 1;
          return true;
        }
        return false;
      default:
        break;
    }
    return take_number(letter, count, fixed);
  }
  [[nodiscard]] std::optional<Moment> moment(const TimeZone& zone) const;
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  [[nodiscard]] bool take_number(char letter, int count, bool fixed);
  [[nodiscard]] bool take_half() {
    const std::string_view word = rest_.substr(0, 2);
    if (!same_letters(word, "am") && !same_letters(word, "pm")) return false;
    afternoon_ = same_letters(word, "pm");
    rest_.remove_prefix(2);
    return true;
  }
  [[nodiscard]] bool take_zone() {
    std::size_t size = 0;
    const auto belongs = [](char c) {
      return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == ':' || c == '/' || c == '_';
    };
    while (size < rest_.size() && belongs(rest_[size])) ++size;
    zone_ = java_time_zone(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return zone_.has_value();
  }
  template <std::size_t count>
  [[nodiscard]] std::optional<std::size_t> take_name(const std::array<std::string_view, count>& names) {
    for (std::size_t at = 0; at < count; ++at) {
      for (const std::string_view name : {names[at], names[at].substr(0, short_name)}) {
        if (!same_letters(rest_.substr(0, name.size()), name)) continue;
        rest_.remove_prefix(name.size());
        return at;
      }
    }
    return std::nullopt;
  }
  void set_hour(std::int64_t hour, bool half_day) {
    hour_ = hour;
    half_day_ = half_day;
  }

  std::string_view rest_;
  std::int64_t year_ = 1970;
  std::int64_t month_ = 1;
  std::int64_t day_ = 1;
  std::optional<std::int64_t> day_of_year_;
  std::int64_t hour_ = 0;
  bool half_day_ = false;
  std::optional<bool> afternoon_;
  std::int64_t minute_ = 0;
  std::int64_t second_ = 0;
  std::int64_t millisecond_ = 0;
  std::optional<TimeZone> zone_;
};

bool Reading::take_number(char letter, int count, bool fixed) {
  constexpr std::size_t digits_max = 9;
  std::size_t size = 0;
  const std::size_t most = fixed ? static_cast<std::size_t>(count) : digits_max;
  std::int64_t number = 0;
  while (size < most && size < rest_.size() && is_digit(rest_[size])) number = number * 10 + (rest_[size++] - '0');
  if (size == 0 || (fixed && size != most)) return false;
  rest_.remove_prefix(size);
  switch (letter) {
    case 'y':
    case 'Y': {
      constexpr std::int64_t century = 2000;  // Java's window of 100 years moves with the clock; this one does not
      year_ = count == 2 && size == 2 ? century + number : number;
      break;
    }
    case 'M':
    case 'L':
      month_ = number;
      break;
    case 'd':
      day_ = number;
      break;
    case 'D':
      day_of_year_ = number;
      break;
    case 'H':
    case 'k':
      set_hour(letter == 'k' ? number % 24 : number, false);
      break;
    case 'K':
    case 'h':
      set_hour(number % 12, true);
      break;
    case 'm':
      minute_ = number;
      break;
    case 's':
      second_ = number;
      break;
    case 'S': {
      // Java reads "123456" as that many milliseconds. Everybody who writes SSSSSS means microseconds.
      for (std::size_t digits = size; digits > 3; --digits) number /= 10;
      millisecond_ = number;
      break;
    }
    default:
      break;
  }
  return true;
}

std::optional<Moment> Reading::moment(const TimeZone& zone) const {
  const std::int64_t hour = hour_ + (half_day_ && afternoon_.value_or(false) ? 12 : 0);
  if (hour > 23 || minute_ > 59 || second_ > 60 || year_ > 9999 || month_ > 12 || day_ > 31) return std::nullopt;
  const std::chrono::year year(static_cast<int>(year_));
  const std::chrono::year_month_day date =
      day_of_year_ ? std::chrono::year_month_day(std::chrono::sys_days(year / std::chrono::January / 1) +
                                                 std::chrono::days(*day_of_year_ - 1))
                   : year / static_cast<unsigned>(month_) / static_cast<unsigned>(day_);
  if (!date.ok()) return std::nullopt;
  const std::chrono::seconds shown = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                                     std::chrono::minutes(minute_) + std::chrono::seconds(second_);
  const TimeZone& where = zone_ ? *zone_ : zone;
  // The offset depends on the moment that is looked for; the second look settles all but the hour that is twice.
  std::chrono::seconds offset = where.span_at(SysSeconds(shown)).offset;
  offset = where.span_at(SysSeconds(shown - offset)).offset;
  return std::chrono::milliseconds(shown - offset).count() + millisecond_;
}

bool is_number(char letter, int count) {
  const bool month = (letter == 'M' || letter == 'L') && count < 3;
  return letter != 0 && (month || numbers.find(letter) != std::string_view::npos);
}

/// Takes a text in quotes off the front of a pattern. Two quotes are one, within a text and alone.
std::string take_quoted(std::string_view& pattern, const std::string& where) {
  if (pattern.starts_with("''")) {
    pattern.remove_prefix(2);
    return "'";
  }
  std::string text;
  for (std::size_t at = 1; at < pattern.size(); ++at) {
    const bool quote = pattern[at] == '\'';
    if (quote && !pattern.substr(at).starts_with("''")) {
      pattern.remove_prefix(at + 1);
      return text;
    }
    if (quote) ++at;
    text += pattern[at];
  }
  throw Error(ErrorCode::bad_input, where + ": a quote in the date format does not end; add another '");
}

}  // namespace

std::optional<TimeZone> java_time_zone(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 13> short_names = {{
      {"PST", "America/Los_Angeles"},
      {"PDT", "America/Los_Angeles"},
      {"CST", "America/Chicago"},
      {"CDT", "America/Chicago"},
      {"EST", "America/New_York"},
      {"EDT", "America/New_York"},
      {"MST", "America/Denver"},
      {"MDT", "America/Denver"},
      {"AST", "America/Anchorage"},
      {"IST", "Asia/Kolkata"},
      {"JST", "Asia/Tokyo"},
      {"CET", "Europe/Paris"},
      {"BST", "Europe/London"},
  }};
  if (name == "GMT") return TimeZone();
  for (const auto& [known, zone] : short_names) {
    if (name == known) return TimeZone::find(zone);
  }
  if (name.starts_with("GMT") || name.starts_with("UTC")) {
    std::string offset(name.substr(3));
    if (offset.size() == 2) offset.insert(1, "0");                      // "+2"
    if (offset.size() == 5 && offset[2] == ':') offset.insert(1, "0");  // "+2:00"
    if (!offset.empty()) return offset.front() == '+' || offset.front() == '-' ? TimeZone::find(offset) : std::nullopt;
  }
  return TimeZone::find(name);
}

JavaDateFormat::JavaDateFormat(std::string_view pattern, const std::string& where) {
  if (pattern.size() > pattern_bytes_max) {
    throw Error(ErrorCode::bad_input, where + ": over 200 bytes; write a date format as yyyy-MM-dd");
  }
  const auto literal = [this](std::string_view text) {
    if (parts_.empty() || parts_.back().letter != 0) parts_.emplace_back();
    parts_.back().text += text;
  };
  while (!pattern.empty()) {
    const char first = pattern.front();
    if (first == '\'') {
      literal(take_quoted(pattern, where));
      continue;
    }
    std::size_t count = 1;
    while (is_letter(first) && count < pattern.size() && pattern[count] == first) ++count;
    if (!is_letter(first)) {
      literal(pattern.substr(0, 1));
    } else if (letters.find(first) == std::string_view::npos) {
      throw Error(ErrorCode::bad_input, where + ": the letter " + std::string(1, first) +
                                            " in the date format says nothing here; put text in quotes, or take one "
                                            "of " +
                                            std::string(letters));
    } else {
      parts_.push_back({.letter = first, .count = static_cast<int>(count), .text = {}});
    }
    pattern.remove_prefix(count);
  }
  for (std::size_t at = 0; at + 1 < parts_.size(); ++at) {
    parts_[at].before_number =
        is_number(parts_[at].letter, parts_[at].count) && is_number(parts_[at + 1].letter, parts_[at + 1].count);
  }
}

std::string JavaDateFormat::format(Moment moment, const TimeZone& zone) const {
  const Local local(moment, zone);
  std::string text;
  for (const Part& part : parts_)
    text += part.letter == 0 ? part.text : field_text(local, zone, part.letter, part.count);
  return text;
}

std::optional<Moment> JavaDateFormat::parse(std::string_view text, const TimeZone& zone) const {
  Reading reading(text);
  for (const Part& part : parts_) {
    const bool fits =
        part.letter == 0 ? reading.take(part.text) : reading.take_field(part.letter, part.count, part.before_number);
    if (!fits) return std::nullopt;
  }
  return reading.done() ? reading.moment(zone) : std::nullopt;
}

}  // namespace formulary::events

#include "host/api/api_time.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace formulary::api {
namespace {

/// Reads numbers of a fixed width off the front of a text.
class TimeText {
 public:
  explicit TimeText(std::string_view text) : rest_(text) {}

  [[nodiscard]] std::optional<int> number(std::size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + digits, value);
    if (problem != std::errc() || end != rest_.data() + digits || rest_.front() == '-') return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }
  [[nodiscard]] bool take(char character) {
    if (!rest_.starts_with(character)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// ".814224" to microseconds.
  [[nodiscard]] std::chrono::microseconds fraction() {
    constexpr std::int64_t first_digit = 100'000;
    std::int64_t micros = 0;
    if (!take('.')) return std::chrono::microseconds(0);
    for (std::int64_t worth = first_digit; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
         worth /= 10) {
      micros += worth * (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return std::chrono::microseconds(micros);
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// "+02:00", "-0330", "Z" or nothing.
std::optional<std::chrono::minutes> offset_of(TimeText& text) {
  if (text.done() || text.take('Z')) return std::chrono::minutes(0);
  const bool east = text.take('+');
  if (!east && !text.take('-')) return std::nullopt;
  const auto hours = text.number(2);
  (void)text.take(':');
  const auto minutes = text.number(2);
  if (!hours || !minutes || *hours > 18 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return east ? offset : -offset;
}

std::optional<std::chrono::sys_days> date_of(TimeText& text) {
  const auto year = text.number(4);
  if (!year || !text.take('-')) return std::nullopt;
  const auto month = text.number(2);
  if (!month || !text.take('-')) return std::nullopt;
  const auto day = text.number(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

std::optional<std::chrono::microseconds> time_of_day(TimeText& text) {
  const auto hours = text.number(2);
  if (!hours || !text.take(':')) return std::nullopt;
  const auto minutes = text.number(2);
  if (!minutes) return std::nullopt;
  int seconds = 0;
  if (text.take(':')) {
    const auto given = text.number(2);
    if (!given) return std::nullopt;
    seconds = *given;
  }
  if (*hours > 23 || *minutes > 59 || seconds > 60) return std::nullopt;
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(seconds) + text.fraction();
}

}  // namespace

std::optional<Clock::WallTime> parse_time(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr std::int64_t milliseconds_max = 4'102'444'800'000;  // 2100
  if (problem == std::errc() && end == text.data() + text.size()) {
    return number >= 0 && number < milliseconds_max ? std::optional(time_of(number)) : std::nullopt;
  }
  TimeText rest(text);
  const auto date = date_of(rest);
  if (!date) return std::nullopt;
  if (rest.done()) return *date;
  if (!rest.take('T') && !rest.take(' ')) return std::nullopt;
  const auto day = time_of_day(rest);
  if (!day) return std::nullopt;
  const auto offset = offset_of(rest);
  if (!offset || !rest.done()) return std::nullopt;
  return Clock::WallTime(*date) + *day - *offset;
}

std::string step_date(Clock::WallTime time) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(micros);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(micros - day);
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d.%06d", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::int64_t milliseconds_of(Clock::WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

Clock::WallTime time_of(std::int64_t milliseconds) {
  return Clock::WallTime(std::chrono::milliseconds(milliseconds));
}

}  // namespace formulary::api

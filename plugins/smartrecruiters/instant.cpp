#include "plugins/smartrecruiters/instant.hpp"

#include <algorithm>
#include <cstddef>

namespace smartrecruiters {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes what it reads off the text's front; after a fault everything it gives is worthless.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] bool next_is(char c) const noexcept { return rest_.starts_with(c); }

  bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { good_ = take(c) && good_; }

  int number(std::size_t digits, int max) {
    int value = 0;
    good_ = good_ && rest_.size() >= digits && std::all_of(rest_.begin(), rest_.begin() + digits, is_digit);
    if (!good_) return 0;
    for (std::size_t index = 0; index < digits; ++index) value = value * 10 + (rest_[index] - '0');
    rest_.remove_prefix(digits);
    good_ = value <= max;
    return value;
  }

  std::chrono::microseconds fraction() {
    std::size_t digits = 0;
    int value = 0;
    for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1), ++digits) {
      if (digits < 6) value = value * 10 + (rest_.front() - '0');
    }
    good_ = good_ && digits >= 1 && digits <= 9;
    for (std::size_t index = digits; index < 6; ++index) value *= 10;
    return std::chrono::microseconds(value);
  }

  std::chrono::minutes offset() {
    if (take('Z')) return std::chrono::minutes(0);
    const int sign = next_is('-') ? -1 : 1;
    if (!take('-')) expect('+');
    const int hours = number(2, 23);
    take(':');
    return std::chrono::minutes(sign * (hours * 60 + number(2, 59)));
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::optional<Instant> parse_instant(std::string_view text) noexcept {
  Scanner in(text);
  const std::chrono::year year(in.number(4, 9999));
  in.expect('-');
  const std::chrono::month month(static_cast<unsigned>(in.number(2, 12)));
  in.expect('-');
  const std::chrono::day day(static_cast<unsigned>(in.number(2, 31)));
  in.expect('T');
  const std::chrono::hours hours(in.number(2, 23));
  in.expect(':');
  const std::chrono::minutes minutes(in.number(2, 59));
  in.expect(':');
  const std::chrono::seconds seconds(in.number(2, 59));
  const std::chrono::microseconds fraction = in.take('.') ? in.fraction() : std::chrono::microseconds(0);
  const std::chrono::minutes offset = in.offset();
  const std::chrono::year_month_day date(year, month, day);
  if (!in.good() || !in.at_end() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + hours + minutes + seconds + fraction - offset;
}

}  // namespace smartrecruiters

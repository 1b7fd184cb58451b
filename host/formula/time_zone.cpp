#include "host/formula/time_zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <stdexcept>

namespace formulary {
namespace {

constexpr std::chrono::minutes offset_max = std::chrono::hours(18);
constexpr std::size_t zone_name_bytes_max = 64;

std::optional<int> two_digits(std::string_view text) {
  const auto is_digit = [](char byte) { return byte >= '0' && byte <= '9'; };
  if (text.size() != 2 || !is_digit(text[0]) || !is_digit(text[1])) return std::nullopt;
  return (text[0] - '0') * 10 + (text[1] - '0');
}

/// "+02:00", "+0200" or "+02" in minutes.
std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const bool west = text.front() == '-';
  text.remove_prefix(1);
  const auto hours = two_digits(text.substr(0, 2));
  std::string_view rest = text.substr(std::min<std::size_t>(2, text.size()));
  if (rest.starts_with(':')) rest.remove_prefix(1);
  const auto minutes = rest.empty() && text.size() == 2 ? std::optional(0) : two_digits(rest);
  if (!hours || !minutes || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  if (offset > offset_max) return std::nullopt;
  return west ? -offset : offset;
}

std::string offset_name(std::chrono::minutes offset) {
  if (offset.count() == 0) return "UTC";
  const auto two = [](std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  const std::int64_t minutes = offset.count() < 0 ? -offset.count() : offset.count();
  return (offset.count() < 0 ? '-' : '+') + two(minutes / 60) + ':' + two(minutes % 60);
}

}  // namespace

class TimeZone::Rules {
 public:
  explicit Rules(const date::time_zone& zone) : zone_(zone) {}

  [[nodiscard]] Span span_at(SysSeconds moment) const {
    const date::sys_info found = zone_.get_info(moment);
    return {.begin = found.begin, .end = found.end, .offset = found.offset};
  }

 private:
  const date::time_zone& zone_;  // of the library's data, which is never unloaded
};

TimeZone TimeZone::fixed(std::chrono::minutes offset) {
  TimeZone zone;
  offset = std::clamp(offset, -offset_max, offset_max);
  zone.offset_ = offset;
  zone.name_ = offset_name(offset);
  return zone;
}

std::optional<TimeZone> TimeZone::find(std::string_view name) {
  if (name == "UTC" || name == "Z") return TimeZone();
  if (const auto offset = parse_offset(name)) return fixed(*offset);
  if (name.empty() || name.size() > zone_name_bytes_max) return std::nullopt;
  TimeZone zone;
  try {
    zone.rules_ = std::make_shared<Rules>(*date::locate_zone(std::string(name)));
  } catch (const std::runtime_error&) {
    return std::nullopt;  // the library's way to say that there is none
  }
  zone.name_ = name;
  return zone;
}

TimeZone::Span TimeZone::span_at(SysSeconds moment) const {
  if (rules_) return rules_->span_at(moment);
  return {.begin = SysSeconds::min(), .end = SysSeconds::max(), .offset = offset_};
}

}  // namespace formulary

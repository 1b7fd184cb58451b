#include "host/formula/cron_check.hpp"

#include <algorithm>
#include <bitset>
#include <charconv>
#include <vector>

namespace formulary {
namespace {

constexpr std::size_t per_minute = 60;
using Sixty = std::bitset<per_minute>;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// One part of a list: "*", "5", "5-10", "0/15", "*/5", "10-40/10". A step beyond the hour, as in "0/60", means its
/// start.
bool add_part(Sixty& set, std::string_view part) {
  const std::size_t slash = part.find('/');
  const auto step = slash == std::string_view::npos ? std::optional<std::size_t>(1) : number(part.substr(slash + 1));
  const std::string_view range = part.substr(0, slash);
  const std::size_t dash = range.find('-');
  const auto first = range == "*" ? std::optional<std::size_t>(0) : number(range.substr(0, dash));
  if (!step || *step == 0 || !first || *first >= per_minute) return false;
  std::optional<std::size_t> last = first;
  if (dash != std::string_view::npos) {
    last = number(range.substr(dash + 1));
  } else if (range == "*" || slash != std::string_view::npos) {
    last = per_minute - 1;
  }
  if (!last || *last < *first || *last >= per_minute) return false;
  for (std::size_t at = *first; at <= *last; at += *step) set.set(at);
  return true;
}

std::optional<Sixty> parse_sixty(std::string_view field) {
  Sixty set;
  for (const auto part : split(field, ',')) {
    if (!add_part(set, part)) return std::nullopt;
  }
  return set;
}

bool is_readable(std::string_view field) {
  return !field.empty() && std::all_of(field.begin(), field.end(), [](char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           std::string_view("*?/,-#").find(byte) != std::string_view::npos;
  });
}

/// The shortest time between two of the minutes, also across the hour if the next hour may run too.
std::chrono::minutes shortest_gap(const Sixty& minutes, bool every_hour) {
  std::vector<std::size_t> set;
  for (std::size_t minute = 0; minute < minutes.size(); ++minute) {
    if (minutes.test(minute)) set.push_back(minute);
  }
  std::size_t gap = per_minute;
  for (std::size_t index = 1; index < set.size(); ++index) gap = std::min(gap, set[index] - set[index - 1]);
  if (every_hour && set.size() > 1) gap = std::min(gap, per_minute - set.back() + set.front());
  return std::chrono::minutes(gap);
}

}  // namespace

std::optional<std::string> find_cron_fault(std::string_view expression) {
  std::vector<std::string_view> fields;
  for (const auto field : split(expression, ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  if (fields.size() != 6 && fields.size() != 7) {
    return "has " + std::to_string(fields.size()) + " fields; a Quartz expression has 6 or 7, seconds first";
  }
  const auto seconds = parse_sixty(fields[0]);
  const auto minutes = parse_sixty(fields[1]);
  if (!seconds || !minutes || !std::all_of(fields.begin(), fields.end(), is_readable)) {
    return R"(is no Quartz expression; write for example "0 0/15 * 1/1 * ? *")";
  }
  const bool every_hour = fields[2].find_first_of("*/,-") != std::string_view::npos;
  if (seconds->count() > 1 || shortest_gap(*minutes, every_hour) < schedule_interval_min) {
    return "fires more often than every " + std::to_string(schedule_interval_min.count()) + " minutes";
  }
  return std::nullopt;
}

}  // namespace formulary

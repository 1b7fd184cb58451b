#include "host/formula/request_policy.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "host/base/json.hpp"

namespace formulary {
namespace {

constexpr int code_min = 100;
constexpr int code_max = 999;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::optional<int> parse_code(std::string_view text) {
  text = trimmed(text);
  int code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (code < code_min || code > code_max) return std::nullopt;
  return code;
}

constexpr std::size_t policy_bytes_max = 4'096;

/// What a property that has a reference refers to, as text; nullopt if it has none, or gives nothing that is a text.
std::optional<std::string> referred_text(const Property& property, const Scope& scope) {
  const auto value = property.absent() ? std::nullopt : resolve(property, scope, policy_bytes_max);
  if (!value || value->is_null() || value->is_structured()) return std::nullopt;
  if (const auto* text = value->if_string()) return std::string(trimmed(*text));
  return to_text(*value);
}

/// From 0 to `max`; numbers beyond are cut.
std::optional<std::int64_t> parse_bounded(std::string_view text, std::int64_t max) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::clamp<std::int64_t>(number, 0, max);
}

}  // namespace

std::optional<StatusCodes> StatusCodes::parse(std::string_view text) {
  StatusCodes codes;
  if (trimmed(text).empty()) return codes;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, comma - begin);
    const std::size_t dash = part.find('-');
    const auto first = parse_code(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_code(part.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    codes.ranges_.push_back({.first = *first, .last = *last});
    begin = comma + 1;
  }
  return codes;
}

bool StatusCodes::contains(int code) const noexcept {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [code](const Range& range) { return range.first <= code && code <= range.last; });
}

bool RequestPolicy::accepts(int code) const noexcept {
  if (acceptable.empty()) return code >= 200 && code <= 299;
  return acceptable.contains(code);
}

bool RequestPolicy::tries_again(int code, int retries_made) const noexcept {
  if (!retry || retries_made >= retry_attempts) return false;
  return retry_codes.empty() || retry_codes.contains(code);
}

RequestPolicy resolve_policy(const RequestPolicy& policy, const RequestPolicyProperties& properties,
                             const Scope& scope) {
  RequestPolicy result = policy;
  const auto codes = [&](const Property& property, StatusCodes& member) {
    if (const auto text = referred_text(property, scope)) member = StatusCodes::parse(*text).value_or(member);
  };
  const auto number = [&](const Property& property, std::int64_t max) {
    const auto text = referred_text(property, scope);
    return text ? parse_bounded(*text, max) : std::nullopt;
  };
  codes(properties.acceptable, result.acceptable);
  codes(properties.retry_codes, result.retry_codes);
  if (const auto text = referred_text(properties.retry, scope)) result.retry = *text == "true";
  if (const auto attempts = number(properties.retry_attempts, retry_attempts_max)) {
    result.retry_attempts = static_cast<int>(*attempts);
  }
  if (const auto delay = number(properties.retry_delay, retry_delay_max.count())) {
    result.retry_delay = std::chrono::milliseconds(*delay);
  }
  return result;
}

}  // namespace formulary

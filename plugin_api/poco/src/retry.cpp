#include <formulary/poco/retry.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <random>
#include <sstream>
#include <utility>

#include "ascii.hpp"

namespace element::http {
namespace {

using std::chrono::nanoseconds;

double random_fraction() {
  // One generator per call: at most a few per second are asked for, and nothing has to be kept for a thread or
  // unloaded.
  std::random_device source;
  return static_cast<double>(source() & 0xffffffU) / static_cast<double>(0x1000000U);
}

// Longer than 136 years is as good as never: the policy's bound refuses it, and nanoseconds still count that far.
constexpr std::int64_t seconds_max = UINT32_MAX;

nanoseconds within_bounds(std::int64_t seconds) noexcept {
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, seconds_max));
}

std::optional<nanoseconds> parse_seconds(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return within_bounds(fault == std::errc{} ? seconds : seconds_max);
}

/// Seconds since 1970. Not Poco's parser, which takes "21-Oct-15" for the year 15.
std::optional<std::int64_t> parse_date(const std::string& text) {
  for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
    std::istringstream in(text);
    in.imbue(std::locale::classic());
    std::tm date{};
    in >> std::get_time(&date, form);
    if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) continue;
    const int day = date.tm_mday;
    const std::int64_t seconds = ::timegm(&date);
    if (date.tm_mday == day) return seconds;  // else a 30th of February
  }
  return std::nullopt;
}

bool is_number(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace

std::optional<nanoseconds> parse_retry_after(std::string_view value, nanoseconds now) {
  const std::string_view text = trim(value);
  if (is_number(text)) return parse_seconds(text);
  constexpr std::size_t date_min = 24;  // "Sun Nov  6 08:49:37 1994"
  constexpr std::size_t date_max = 40;
  if (text.size() < date_min || text.size() > date_max) return std::nullopt;
  const auto date = parse_date(std::string(text));
  if (!date) return std::nullopt;
  return within_bounds(*date - std::chrono::floor<std::chrono::seconds>(now).count());
}

backoff::backoff(retry_policy policy, random_source random)
    : policy_(policy), random_(random ? std::move(random) : random_source(random_fraction)) {}

std::optional<nanoseconds> backoff::next(std::optional<nanoseconds> retry_after) {
  if (sends_ >= policy_.sends_max) return std::nullopt;
  ++sends_;
  const double share = std::clamp(random_(), 0.0, 1.0);
  const auto part_of = [share](nanoseconds whole) {
    return nanoseconds(static_cast<std::int64_t>(static_cast<double>(whole.count()) * share));
  };
  if (retry_after) {
    if (*retry_after > policy_.retry_after_max) return std::nullopt;
    return *retry_after + part_of(*retry_after / 10);
  }
  nanoseconds upper = policy_.first;
  for (int step = 2; step < sends_ && upper < policy_.delay_max; ++step) upper *= 2;
  return part_of(std::min<nanoseconds>(upper, policy_.delay_max));
}

bool may_repeat(const request& what, const response& reply) noexcept {
  if (reply.status == 429) return true;
  return (reply.status == 502 || reply.status == 503 || reply.status == 504) && what.idempotent();
}

bool may_repeat(const request& what, const error& why) noexcept {
  if (dynamic_cast<const ended*>(&why) != nullptr) return false;
  return why.retry_class() == retry::safe || (why.retry_class() == retry::if_idempotent && what.idempotent());
}

namespace {

/// One send with its place in the rate limiter.
response send_once(session_pool& to, const control& within, const request& what, const retry_hooks& hooks) {
  const std::shared_ptr<void> place = hooks.before_send ? hooks.before_send() : nullptr;
  return to.send(within, what);
}

bool fits(const control& within, nanoseconds delay) noexcept {
  const auto left = within.remaining();
  return !left || delay < *left;
}

}  // namespace

retried send_with_retries(session_pool& to, const control& within, const request& what, const retry_policy& policy,
                          const retry_hooks& hooks) {
  backoff pace(policy, hooks.random);
  for (;;) {
    std::optional<nanoseconds> delay;
    try {
      response reply = send_once(to, within, what, hooks);
      const auto retry_after = parse_retry_after(reply.headers.value_or("Retry-After", ""), within.wall());
      const int retries = pace.sends() - 1;
      if (!may_repeat(what, reply)) return {std::move(reply), retries};
      if (retry_after && hooks.on_retry_after) hooks.on_retry_after(*retry_after);
      delay = pace.next(retry_after);
      if (!delay || !fits(within, *delay)) return {std::move(reply), retries};
    } catch (const error& why) {
      if (!may_repeat(what, why)) throw;
      delay = pace.next();
      if (!delay || !fits(within, *delay)) throw;
    }
    within.sleep(*delay);
  }
}

}  // namespace element::http

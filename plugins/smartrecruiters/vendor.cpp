#include "plugins/smartrecruiters/vendor.hpp"

#include <formulary/poco/retry.hpp>
#include <formulary/poco/url.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "plugins/smartrecruiters/instance_document.hpp"
#include "plugins/smartrecruiters/secret_header.hpp"
#include "plugins/smartrecruiters/vendor_error.hpp"

namespace smartrecruiters {
namespace {

namespace http = element::http;

constexpr int redirects_max = 3;
constexpr std::size_t slow_requests_per_second = 2;
constexpr std::string_view alone_lane = "alone";
constexpr std::string_view slow_lane = "slow";
constexpr std::string_view key_lane = "key";

/// Longer waits are the host's business: it can keep them over a restart.
constexpr http::retry_policy patience = {.sends_max = 6,
                                         .first = std::chrono::seconds(1),
                                         .delay_max = std::chrono::seconds(16),
                                         .retry_after_max = std::chrono::seconds(60)};

VendorRequest company_request() {
  return {.method = "GET", .target = "/configuration/company", .what = "/configuration/company", .idempotent = true};
}
VendorRequest user_request() {
  return {.method = "GET",
          .target = "/user-api/v201804/users/me",
          .what = "/user-api/v201804/users/me",
          .idempotent = true};
}

class PoolTransport final : public Transport {
 public:
  explicit PoolTransport(const http::options& how) : pool_(how) {}
  http::response send(const http::control& within, const http::request& what) override {
    return pool_.send(within, what);
  }

 private:
  http::session_pool pool_;
};

bool is_success(int status) {
  return status >= 200 && status < 300;
}
bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::optional<std::chrono::nanoseconds> retry_after(element::call& in, const http::response& reply) {
  const auto header = reply.headers.find("Retry-After");
  return header ? http::parse_retry_after(*header, in.host().wall()) : std::nullopt;
}

/// The address's path as it stands before every target.
std::string_view path_of(const http::url& base) {
  return std::string_view(base.path).substr(0, base.path.find_last_not_of('/') + 1);
}

/// Where a redirect leads, as a target below the base URL; nothing if it leaves the origin or the base path.
std::optional<std::string> target_of(std::string_view location, const http::url& base) {
  try {
    std::string path(location);
    if (!location.starts_with('/')) {
      const http::url to = http::parse_url(location);
      if (to.origin() != base.origin()) return std::nullopt;
      path = to.path + (to.query.empty() ? "" : "?" + to.query);
    } else if (location.starts_with("//")) {
      return std::nullopt;
    }
    const std::string_view below = path_of(base);
    if (!path.starts_with(below)) return std::nullopt;
    path.erase(0, below.size());
    return path.starts_with('/') ? std::optional(path) : std::nullopt;
  } catch (const element::error&) {
    return std::nullopt;
  }
}

}  // namespace

std::unique_ptr<Transport> connect_pool(const http::options& how) {
  return std::make_unique<PoolTransport>(how);
}

std::shared_ptr<http::rate_limiter> KeyLimits::of(const Settings& settings) {
  const http::url base = http::parse_url(settings.base_url);
  const std::string_view path = path_of(base);
  std::string identity = base.origin();  // however the address is written
  identity.reserve(identity.size() + path.size() + 1 +
                   settings.key.view().size());  // growing would leave the key behind
  identity.append(path).append("\n").append(settings.key.view());
  const std::size_t hash = std::hash<std::string>{}(identity);
  wipe(identity);
  const std::lock_guard lock(mutex_);
  std::erase_if(limiters_, [](const auto& one) { return one.second.expired(); });
  std::shared_ptr<http::rate_limiter> limiter = limiters_[hash].lock();
  if (limiter == nullptr) {
    limiter = std::make_shared<http::rate_limiter>(
        std::vector<http::lane>{{.name = std::string(alone_lane), .concurrent_max = 1},
                                {.name = std::string(slow_lane), .requests_max = slow_requests_per_second},
                                {.name = std::string(key_lane),
                                 .requests_max = settings.requests_per_second,
                                 .concurrent_max = settings.concurrent_requests}});
    limiters_[hash] = limiter;
  }
  limiter->tighten(key_lane, settings.requests_per_second, settings.concurrent_requests);
  return limiter;
}

Vendor::Vendor(Settings settings, const TransportFactory& connect, KeyLimits& limits)
    : settings_(std::move(settings)),
      limiter_(limits.of(settings_)),
      transport_(connect({.base_url = settings_.base_url,
                          .ca_file = settings_.ca_file,
                          .limits = {.sessions_max = settings_.concurrent_requests},
                          .user_agent = "formulary-smartrecruiters/1.0"})) {}

VendorReply Vendor::send(element::call& in, const VendorRequest& request) {
  VendorReply got = exchange(in, request);
  if (got.reply.status == 401) throw access_error(in, request, got.reply);
  if (!is_success(got.reply.status)) throw error_of(in, request, got.reply);
  return got;
}

std::string Vendor::account(element::call& in) {
  VendorRequest request = company_request();
  http::response reply = exchange(in, request).reply;
  if (reply.status == 403 || reply.status == 404) {
    const element::error first = error_of(in, request, reply);
    request = user_request();
    reply = exchange(in, request).reply;
    // That the plan has no API is the better reason, whichever of the two calls said so.
    if (reply.status == 403 && first.code() == "smartrecruiters.api_not_in_plan") throw first;
  }
  if (reply.status == 404) {  // neither a company nor a user: no id can be wrong in these paths, only their base
    throw element::error(ELEMENT_NOT_FOUND, "smartrecruiters.not_found",
                         "GET " + std::string(request.what) +
                             ": answered 404 where every SmartRecruiters has it; "
                             "check base.url")
        .with_http_status(reply.status)
        .with_retry(element::retry::no);
  }
  if (!is_success(reply.status)) throw error_of(in, request, reply);
  if (!is_account_document(reply.body)) {
    throw element::error(ELEMENT_DATA_LOSS, "smartrecruiters.unexpected_answer",
                         "GET " + std::string(request.what) +
                             ": answered 200, but not with a company or a user of SmartRecruiters; check base.url")
        .with_http_status(reply.status)
        .with_retry(element::retry::no);
  }
  return std::move(reply.body);
}

VendorReply Vendor::exchange(element::call& in, const VendorRequest& request) {
  http::backoff waits(patience);
  for (int retries = 0;; ++retries) {
    http::response reply = send_once(in, request);
    const http::request judged = {.method = std::string(request.method),
                                  .repeat = request.idempotent ? http::repeatable::yes : http::repeatable::no};
    const std::optional<std::chrono::nanoseconds> asked = retry_after(in, reply);
    if (asked && reply.status == 429) {
      // A call that is told to wait for a day fails and says so; those after it soon ask again for themselves.
      limiter_->pause(http::call_control(in), key_lane,
                      std::min<std::chrono::nanoseconds>(*asked, patience.retry_after_max));
    }
    if (!http::may_repeat(judged, reply)) return {std::move(reply), retries};
    const std::optional<std::chrono::nanoseconds> wait = waits.next(asked);
    const std::optional<std::chrono::nanoseconds> left = in.remaining();
    if (!wait || (left && *wait >= *left)) return {std::move(reply), retries};
    in.log(element::log_level::warn, "SmartRecruiters asks for patience",
           {{"status", std::to_string(reply.status)},
            {"request", request.what},
            {"wait_ms", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*wait).count())}});
    in.sleep(*wait);
  }
}

http::response Vendor::send_once(element::call& in, const VendorRequest& request) {
  std::string target = request.target;
  for (int redirects = 0;; ++redirects) {
    http::response reply = send_limited(in, request, target);
    if (!is_redirect(reply.status) || request.method != "GET" || redirects == redirects_max) return reply;
    const std::optional<std::string> next =
        target_of(reply.headers.value_or("Location", ""), http::parse_url(settings_.base_url));
    if (!next) return reply;
    target = *next;
  }
}

http::response Vendor::send_limited(element::call& in, const VendorRequest& request, const std::string& target) {
  http::request message = {.method = std::string(request.method),
                           .target = target,
                           .headers = {{"Accept", std::string(request.accept)}},
                           .body = request.body,
                           .content_type = request.content_type,
                           .repeat = request.idempotent ? http::repeatable::yes : http::repeatable::no};
  const SecretHeader key(message.headers, "X-SmartToken", settings_.key.view());
  const http::permit inside = request.limit == Limit::alone  ? limiter_->enter(in, {alone_lane, key_lane})
                              : request.limit == Limit::slow ? limiter_->enter(in, {slow_lane, key_lane})
                                                             : limiter_->enter(in, {key_lane});
  return transport_->send(http::call_control(in), message);
}

element::error Vendor::error_of(element::call& in, const VendorRequest& request, const http::response& reply) const {
  const std::string what = std::string(request.method) + " " + std::string(request.what);
  return vendor_error(reply, {.what = what, .secrets = {settings_.key.view()}, .now = in.host().wall()});
}

/// Whether the key is known to live, from the two calls that every key may make: a document or a 403 proves that it
/// does, a 401 that it does not, and everything else (a login page, a proxy's error, no answer) neither.
Vendor::Check Vendor::check_key(element::call& in) {
  Check check;
  for (const VendorRequest& probe : {company_request(), user_request()}) {
    http::response reply;
    try {
      reply = exchange(in, probe).reply;
    } catch (const element::error& why) {
      if (why.status() == ELEMENT_CANCELLED) throw;
      return {.key = Key::unclear, .seen = std::string("failed: ") + why.what()};
    }
    const bool shown = reply.status == 200 && is_account_document(reply.body);
    if (shown || reply.status == 403) return {.key = Key::lives, .seen = {}};
    if (reply.status == 401) return {.key = Key::dead, .seen = {}};
    check.seen = "answered " + std::to_string(reply.status) + (reply.status == 200 ? " with something else" : "");
    if (reply.status == 429 || reply.status >= 500) break;  // it was asked often enough
  }
  return check;
}

/// The vendor answers 401 also when a living key may not see one object.
element::error Vendor::access_error(element::call& in, const VendorRequest& request, const http::response& reply) {
  element::error refused = error_of(in, request, reply);
  const Check check = check_key(in);
  if (check.key == Key::dead) return refused;
  const std::string what = std::string(request.method) + " " + std::string(request.what);
  if (check.key == Key::unclear) {
    return element::error(ELEMENT_UNAVAILABLE, "smartrecruiters.access_unclear",
                          what + ": SmartRecruiters answered 401, and the check whether the key still works " +
                              check.seen + "; check base.url, then try again later")
        .with_http_status(401)
        .with_details(refused.details())
        .with_retry(element::retry::if_idempotent);
  }
  return element::error(ELEMENT_PERMISSION_DENIED, "smartrecruiters.object_access_denied",
                        what +
                            ": SmartRecruiters answered 401, but the key works: access denied to this object; give "
                            "the key's user access to it")
      .with_http_status(401)
      .with_details(refused.details())
      .with_retry(element::retry::no);
}

}  // namespace smartrecruiters

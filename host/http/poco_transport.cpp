#include "host/http/poco_transport.hpp"

#include <formulary/poco/session_pool.hpp>
#include <formulary/poco/url.hpp>

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

#include "host/base/error.hpp"

namespace formulary {
namespace {

namespace http = element::http;
using std::chrono::nanoseconds;

/// A stop token as the pools want to be told. The time limit is the request's own and is kept by the pool.
class StopControl final : public http::control {
 public:
  StopControl(const Clock& clock, std::stop_token stop) : clock_(clock), stop_(std::move(stop)) {}

  [[nodiscard]] element_status poll() const noexcept override {
    return stop_.stop_requested() ? ELEMENT_CANCELLED : ELEMENT_OK;
  }
  [[nodiscard]] std::optional<nanoseconds> remaining() const noexcept override { return std::nullopt; }
  [[nodiscard]] nanoseconds monotonic() const noexcept override { return clock_.monotonic().time_since_epoch(); }
  [[nodiscard]] nanoseconds wall() const noexcept override { return clock_.wall().time_since_epoch(); }
  void sleep(nanoseconds time) const override {
    std::mutex lock;
    std::unique_lock guard(lock);
    std::condition_variable_any never;
    never.wait_for(guard, stop_, time, [] { return false; });
    check();
  }

 private:
  const Clock& clock_;
  std::stop_token stop_;
};

ErrorCode code_of(const element::error& why) {
  switch (why.status()) {
    case ELEMENT_CANCELLED:
      return ErrorCode::cancelled;
    case ELEMENT_DEADLINE_EXCEEDED:
      return ErrorCode::timed_out;
    case ELEMENT_INVALID_ARGUMENT:
      return ErrorCode::bad_input;
    case ELEMENT_RESOURCE_EXHAUSTED:
      return ErrorCode::limit_reached;
    default:
      return ErrorCode::unavailable;
  }
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [lower](char x, char y) { return lower(x) == lower(y); });
}

/// The request without its origin. `from` outlives the result.
http::request translate(const HttpRequest& from, const http::url& to) {
  if (from.time_limit.count() <= 0) throw Error(ErrorCode::bad_input, "httpRequest: its time limit is not above 0 ms");
  http::request out;
  out.method = from.method;
  out.target = to.path.empty() ? "/" : to.path;
  if (!to.query.empty()) out.target += '?' + to.query;
  for (const auto& [name, value] : from.headers) {
    if (!same_name(name, "Content-Type")) {
      out.headers.add(name, value);
    } else if (out.content_type.empty()) {
      out.content_type = value;
    } else {
      throw Error(ErrorCode::bad_input, "httpRequest: the header Content-Type is given twice; give it once");
    }
  }
  out.body = from.body;
  out.repeat = http::repeatable::no;  // "sends it once": what may be repeated, the formula's retry policy knows
  out.total = from.time_limit;
  out.body_max = from.body_max;
  return out;
}

class PocoTransport final : public Transport {
 public:
  PocoTransport(const Clock& clock, PocoTransportSettings settings) : clock_(clock), settings_(std::move(settings)) {}

  [[nodiscard]] HttpResponse send(const HttpRequest& request) override {
    try {
      const http::url to = http::parse_url(request.url);
      http::response reply = pool_of(to)->send(StopControl(clock_, request.stop), translate(request, to));
      HttpResponse out{.status = reply.status, .body = std::move(reply.body)};
      for (const auto& field : reply.headers) out.headers.push_back(field);
      return out;
    } catch (const element::error& why) {
      throw Error(code_of(why), why.what());
    }
  }

 private:
  struct Origin {
    std::string name;
    std::shared_ptr<http::session_pool> pool;
  };

  /// The pool of that origin, which thereby becomes the one used last. One that is dropped ends when its last request
  /// has.
  [[nodiscard]] std::shared_ptr<http::session_pool> pool_of(const http::url& to) {
    const std::string name = to.origin();
    std::shared_ptr<http::session_pool> dropped;  // ends after the lock is given back
    const std::lock_guard guard(lock_);
    const auto known =
        std::find_if(origins_.begin(), origins_.end(), [&name](const Origin& one) { return one.name == name; });
    if (known != origins_.end()) {
      origins_.splice(origins_.begin(), origins_, known);
      return known->pool;
    }
    auto pool = std::make_shared<http::session_pool>(
        http::options{.base_url = name,
                      .ca_file = settings_.ca_file,
                      .limits = {.sessions_max = settings_.origin_requests_max, .idle_sessions_max = 64},
                      .user_agent = settings_.user_agent,
                      .allow_plain = true,
                      .resolve = settings_.resolve});
    origins_.push_front({name, pool});
    if (origins_.size() > settings_.origins_max) {
      dropped = std::move(origins_.back().pool);
      origins_.pop_back();
    }
    return pool;
  }

  const Clock& clock_;
  PocoTransportSettings settings_;
  std::mutex lock_;
  std::list<Origin> origins_;  ///< Used last: first.
};

}  // namespace

std::unique_ptr<Transport> make_poco_transport(const Clock& clock, PocoTransportSettings settings) {
  settings.origins_max = std::max<std::size_t>(settings.origins_max, 1);
  return std::make_unique<PocoTransport>(clock, std::move(settings));
}

}  // namespace formulary

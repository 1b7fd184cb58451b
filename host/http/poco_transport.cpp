#include "host/http/poco_transport.hpp"

#include <formulary/poco/session_pool.hpp>
#include <formulary/poco/url.hpp>

#include <Poco/Net/DNS.h>
#include <Poco/Net/HostEntry.h>

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

#include "host/base/error.hpp"
#include "host/http/outbound_url.hpp"

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

std::vector<std::string> ask_system(const std::string& host) {
  std::vector<std::string> addresses;
  for (const auto& address : Poco::Net::DNS::hostByName(host).addresses()) addresses.push_back(address.toString());
  return addresses;
}

/// The addresses of one origin that may be called. Any thread may use it.
class VettedNames {
 public:
  explicit VettedNames(const PocoTransportSettings& settings)
      : resolve_(settings.resolve ? settings.resolve : ask_system), vet_(settings.vet) {}

  /// Those that pass. Throws if there is none; then refusal() says why.
  [[nodiscard]] std::vector<std::string> addresses(const std::string& host) {
    std::vector<std::string> passed;
    std::string refusal;
    for (std::string& address : resolve_(host)) {
      try {
        vet_(address);
        passed.push_back(std::move(address));
      } catch (const Error& why) {
        refusal = why.what();
      }
    }
    const std::lock_guard guard(lock_);
    refusal_ = passed.empty() ? refusal : std::string();
    if (!refusal_.empty()) throw Error(ErrorCode::permission_denied, refusal_);
    return passed;
  }

  [[nodiscard]] std::string refusal() const {
    const std::lock_guard guard(lock_);
    return refusal_;
  }

 private:
  const std::function<std::vector<std::string>(const std::string& host)> resolve_;
  const std::function<void(const std::string& address)> vet_;
  mutable std::mutex lock_;
  std::string refusal_;  ///< Of the last look-up; empty: none.
};

class PocoTransport final : public Transport {
 public:
  PocoTransport(const Clock& clock, PocoTransportSettings settings) : clock_(clock), settings_(std::move(settings)) {}

  [[nodiscard]] HttpResponse send(const HttpRequest& request) override {
    std::shared_ptr<VettedNames> names;
    try {
      const http::url to = http::parse_url(request.url);
      vet_numeric(to.host);
      const Origin origin = origin_of(to);
      names = origin.names;
      http::response reply = origin.pool->send(StopControl(clock_, request.stop), translate(request, to));
      HttpResponse out{.status = reply.status, .body = std::move(reply.body)};
      for (const auto& field : reply.headers) out.headers.push_back(field);
      return out;
    } catch (const element::error& why) {
      const std::string refusal = names && why.code() == "http.unknown_host" ? names->refusal() : std::string();
      if (!refusal.empty()) throw Error(ErrorCode::permission_denied, refusal);
      throw Error(code_of(why), why.what());
    }
  }

 private:
  struct Origin {
    std::string name;
    std::shared_ptr<VettedNames> names;  ///< Null: every address may be called.
    std::shared_ptr<http::session_pool> pool;
  };

  /// A host that is an address itself never reaches the names' resolver.
  void vet_numeric(const std::string& host) const {
    if (!settings_.vet) return;
    if (const auto address = numeric_host(host)) settings_.vet(*address);
  }

  /// That origin, which thereby becomes the one used last. The pool of one that is dropped ends when its last request
  /// has.
  [[nodiscard]] Origin origin_of(const http::url& to) {
    const std::string name = to.origin();
    std::shared_ptr<http::session_pool> dropped;  // ends after the lock is given back
    const std::lock_guard guard(lock_);
    const auto known =
        std::find_if(origins_.begin(), origins_.end(), [&name](const Origin& one) { return one.name == name; });
    if (known != origins_.end()) {
      origins_.splice(origins_.begin(), origins_, known);
      return *known;
    }
    Origin made{.name = name};
    auto resolve = settings_.resolve;
    if (settings_.vet) {
      made.names = std::make_shared<VettedNames>(settings_);
      resolve = [names = made.names](const std::string& host) { return names->addresses(host); };
    }
    made.pool = std::make_shared<http::session_pool>(
        http::options{.base_url = name,
                      .ca_file = settings_.ca_file,
                      .limits = {.sessions_max = settings_.origin_requests_max, .idle_sessions_max = 64},
                      .user_agent = settings_.user_agent,
                      .allow_plain = true,
                      .resolve = std::move(resolve)});
    origins_.push_front(made);
    if (origins_.size() > settings_.origins_max) {
      dropped = std::move(origins_.back().pool);
      origins_.pop_back();
    }
    return made;
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

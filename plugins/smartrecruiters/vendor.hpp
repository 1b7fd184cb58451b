/// \file
/// One request to SmartRecruiters, done right: the key's limits, patience with 429 and 503, redirects, errors, and the
/// question whether a 401 means the key or the object.
#pragma once

#include <formulary/element/call.hpp>
#include <formulary/poco/rate_limiter.hpp>
#include <formulary/poco/session_pool.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "plugins/smartrecruiters/configuration.hpp"
#include "plugins/smartrecruiters/resources.hpp"

namespace smartrecruiters {

/// The seam to the network: sends once and returns whatever comes. Any thread may use it.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// Throws element::error as element::http::session_pool does.
  [[nodiscard]] virtual element::http::response send(const element::http::control& within,
                                                     const element::http::request& what) = 0;
};

using TransportFactory = std::function<std::unique_ptr<Transport>(const element::http::options&)>;

/// A pool of kept connections.
[[nodiscard]] std::unique_ptr<Transport> connect_pool(const element::http::options& how);

/// The limits of every key in use, so that two instances with one key keep them together. It knows this process alone:
/// hosts that share a key must share out its limits by their configurations. Any thread may use it.
class KeyLimits {
 public:
  /// The limiter of the key at the address, of one origin and path however it is written. It has the lanes "alone" (one
  /// at a time), "slow" (2 a second) and "key" (requests_per_second, concurrent_requests): the smallest of these that
  /// any instance came with since the key has had a living one. Throws as element::http::parse_url().
  [[nodiscard]] std::shared_ptr<element::http::rate_limiter> of(const Settings& settings);

 private:
  std::mutex mutex_;
  std::map<std::size_t, std::weak_ptr<element::http::rate_limiter>> limiters_;  // by hash: no key is kept here
};

struct VendorRequest {
  std::string_view method;
  std::string target;     ///< Path and query, encoded.
  std::string_view what;  ///< For errors: the path with its parameters' names.
  std::string_view body;
  std::string content_type;
  std::string_view accept = "application/json";
  Limit limit = Limit::ordinary;
  bool idempotent = false;
};

struct VendorReply {
  element::http::response reply;  ///< 2xx.
  int retries = 0;
};

/// One key at one address. Any thread may use it.
class Vendor {
 public:
  /// No network yet. Throws what the transport's making throws, for instance for an unreadable CA file.
  Vendor(Settings settings, const TransportFactory& connect, KeyLimits& limits);

  /// Sends within the key's limits. 429 is waited out for every request, as the vendor did not take it; 502, 503 and
  /// 504 only for idempotent ones: POST is never sent twice on a guess. Waits 1, 2, 4, 8, 16 seconds with jitter, or
  /// what Retry-After says (which after a 429 holds back the key's other calls, too), at most 60 s and never beyond the
  /// call's deadline. GET follows up to 3 redirects on the same origin. After a 401 the calls of account() tell whether
  /// the key lives. Throws vendor_error()'s errors, for a 401 PERMISSION_DENIED
  /// "smartrecruiters.object_access_denied" with a living key and UNAVAILABLE "smartrecruiters.access_unclear" where
  /// the check proves nothing, and the transport's errors.
  [[nodiscard]] VendorReply send(element::call& in, const VendorRequest& request);

  /// Proves the key: the company's document (GET /configuration/company), or where the key may not read it (403, 404)
  /// the document of its user (GET /user-api/v201804/users/me). Throws as send(), and DATA_LOSS
  /// "smartrecruiters.unexpected_answer" if a 200 has no such document.
  [[nodiscard]] std::string account(element::call& in);

 private:
  enum class Key { unclear, lives, dead };
  struct Check {
    Key key = Key::unclear;
    std::string seen;  ///< What made it unclear, as the end of a sentence.
  };

  [[nodiscard]] VendorReply exchange(element::call& in, const VendorRequest& request);
  [[nodiscard]] element::http::response send_once(element::call& in, const VendorRequest& request);
  [[nodiscard]] element::http::response send_limited(element::call& in, const VendorRequest& request,
                                                     const std::string& target);
  [[nodiscard]] element::error error_of(element::call& in, const VendorRequest& request,
                                        const element::http::response& reply) const;
  [[nodiscard]] Check check_key(element::call& in);
  [[nodiscard]] element::error access_error(element::call& in, const VendorRequest& request,
                                            const element::http::response& reply);

  Settings settings_;
  std::shared_ptr<element::http::rate_limiter> limiter_;
  std::unique_ptr<Transport> transport_;
};

}  // namespace smartrecruiters

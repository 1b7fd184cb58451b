/// \file
/// The platform's API v2: from a request to its answer, whatever carries them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "host/api/api_request.hpp"
#include "host/api/authorizer.hpp"
#include "host/api/router.hpp"
#include "host/base/clock.hpp"

namespace formulary::api {

inline constexpr std::string_view api_base_path = "/elements/api-v2";

/// What became of one request, for the request log. Holds nothing secret: no query, no body.
struct RequestSeen {
  std::string request_id;
  std::string method;
  std::string path;     ///< Below the base path, without its query.
  std::string pattern;  ///< Of the route; empty for an element's resource.
  std::string peer;
  Principal principal;
  int status = 0;
  Clock::WallTime began{};
  std::chrono::microseconds duration{0};
  std::string failure;  ///< The message of a failure; empty if it went well.
};

struct ApiParts {
  Router router;
  Authorizer* authorizer = nullptr;  ///< Borrowed.
  const Clock* clock = nullptr;      ///< Borrowed.
  /// A resource of the element whose token came with the request; `path` may have its /hubs/{hub} still.
  RouteHandler element_resource;
  /// A formula that is called like a resource: nothing if there is none of that method and path. May be empty.
  std::function<std::optional<ApiAnswer>(ApiRequest&)> formula_resource;
  /// Hears of every request once it is answered, by the thread that answered. Must not throw. May be empty.
  std::function<void(const RequestSeen&)> seen;
  /// Hears of failures that are ours, with their text. May be empty.
  std::function<void(const std::string& request_id, const std::string& sentence)> warn;
};

/// Immutable once made; any thread may use it.
class Api {
 public:
  /// Adds GET /openapi.json, which describes the routes that were given and itself.
  explicit Api(ApiParts parts);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Answers, whatever happens: never throws. `request` has everything but `path`, `query`, `parameters` and
  /// `principal`, which are found here. `raw_path` and `raw_query` are as they were sent.
  ///
  /// Which resource is meant (CONTRACT 1.1): a route of the platform; with an element token one of the element, for
  /// /accounts too, whose name both have; else a formula that is called like a resource; else nobody's, which is 401.
  [[nodiscard]] ApiAnswer handle(ApiRequest& request, std::string_view raw_path, std::string_view raw_query) noexcept;

  [[nodiscard]] const Router& router() const noexcept { return parts_.router; }

 private:
  [[nodiscard]] ApiAnswer answer(ApiRequest& request, std::string_view raw_path, std::string_view raw_query,
                                 std::string& pattern);
  [[nodiscard]] ApiAnswer answer_below(ApiRequest& request, std::string_view below, std::string& pattern);
  [[nodiscard]] ApiAnswer answer_without_route(ApiRequest& request, std::string_view below, const Router::Match& match);

  ApiParts parts_;  ///< Not changed once the constructor is done.
};

}  // namespace formulary::api

/// \file
/// Which handler answers which method and path, and what the OpenAPI document says of it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_request.hpp"

namespace formulary::api {

/// What a route asks of the Authorization header.
enum class RouteAccess {
  open,     ///< Nothing.
  user,     ///< User and organization.
  element,  ///< An element token beside the user.
};

using RouteHandler = std::function<ApiAnswer(ApiRequest&)>;

/// One operation of the API. Everything but the handler is also its documentation.
struct Route {
  std::string method;
  std::string pattern;  ///< "/instances/{id}/configuration"; a last segment "{rest...}" takes all that follows.
  RouteAccess access = RouteAccess::user;
  std::string summary;             ///< What it does, one line.
  std::vector<std::string> query;  ///< Names of the query parameters that mean something.
  std::string body;                ///< Name of a schema of openapi_schemas.hpp; empty: takes no body.
  /// The same of a 200 answer, "X[]": a list, "X|Y": either; "Text": plain text or any JSON; empty: any JSON, or none.
  std::string answer;
  std::vector<int> failures;  ///< Statuses beside 200 and those that every route may give (400, 401, 403, 404).
  RouteHandler handler;
};

/// Filled once, then immutable; any thread may use it.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// Error(internal) if method and pattern are taken already.
  void add(Route route);
  /// The most literal route that fits; fills `parameters`. nullptr if no pattern fits.
  struct Match {
    const Route* route = nullptr;
    std::map<std::string, std::string, std::less<>> parameters;
    std::vector<std::string> allowed;  ///< Methods that the path has, if it has not this one.
  };
  /// `path` is not decoded yet: "/elements/smart%20x". Segments are decoded after they were split.
  [[nodiscard]] Match match(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<std::unique_ptr<const Route>>& routes() const noexcept;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<const Route>> routes_;
};

}  // namespace formulary::api

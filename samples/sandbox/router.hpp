/// \file
/// Which handler serves a request, and what its operation documents.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"

namespace sandbox {

struct Company;
struct Route;

/// One routed request. Lives as long as its handler runs.
struct Call {
  const Request& request;
  const Route& route;
  std::vector<std::string> ids;  ///< The path's {members}, in order.
  const std::string& base_url;   ///< Of this server, for the links in answers.

  [[nodiscard]] const std::string& id(std::size_t index) const { return ids.at(index); }
  [[nodiscard]] std::string url(std::string_view path) const { return base_url + std::string(path); }
  /// The body as a JSON object; throws Refusal.
  [[nodiscard]] json::object body_object() const;
  [[nodiscard]] json::value body_value() const;

  /// An object that is not there. SmartRecruiters' documents name different statuses per operation (GET /jobs/{jobId}
  /// knows no 404): the first of 404, 401, 403 that the operation documents.
  [[nodiscard]] Refusal missing(std::string code, const std::string& what) const;
  /// An object that this key may not see: the first of 401, 403, 404 that the operation documents.
  [[nodiscard]] Refusal denied(const std::string& what) const;
  /// A body or parameter that breaks the operation's schema: 422 if documented, else 400.
  [[nodiscard]] Refusal invalid(const std::string& data_path, const std::string& message) const;
};

enum class Guard {
  key,          ///< X-SmartToken, 10 a second, 8 at once.
  key_single,   ///< The same, and one at a time: GET /candidates.
  key_publish,  ///< The same, and 2 a second: publication.
  open,         ///< Not the vendor's: HRIS stand-in, platform, control routes.
};

using Handler = std::function<Answer(Company&, const Call&)>;

struct Route {
  std::string method;
  std::string pattern;          ///< "/jobs/{jobId}/note"
  std::vector<int> documented;  ///< Error statuses that the operation documents.
  Handler handler;
  Guard guard = Guard::key;

  [[nodiscard]] bool documents(int status) const;
};

class Router {
 public:
  void add(Route route) { routes_.push_back(std::move(route)); }
  void add(std::string method, std::string pattern, std::initializer_list<int> documented, Handler handler,
           Guard guard = Guard::key) {
    add({std::move(method), std::move(pattern), documented, std::move(handler), guard});
  }

  struct Match {
    const Route* route = nullptr;
    std::vector<std::string> ids;
    std::string allowed;  ///< Without a route: the methods that the path knows, comma-separated.
  };
  /// Literal members win over {members}: /users/me before /users/{id}.
  [[nodiscard]] Match find(const std::string& method, const std::string& path) const;
  [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace sandbox

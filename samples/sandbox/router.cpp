#include "router.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <optional>

namespace sandbox {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> members;
  std::size_t begin = path.starts_with('/') ? 1 : 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    members.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return members;
}

struct Fit {
  std::vector<std::string> ids;
  std::size_t literals = 0;
};

std::optional<Fit> fit(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Fit result;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (pattern[i].starts_with('{')) {
      if (path[i].empty()) return std::nullopt;
      result.ids.push_back(path[i]);
    } else if (pattern[i] == path[i]) {
      ++result.literals;
    } else {
      return std::nullopt;
    }
  }
  return result;
}

}  // namespace

bool Route::documents(int status) const {
  return std::find(documented.begin(), documented.end(), status) != documented.end();
}

Refusal Call::missing(std::string code, const std::string& what) const {
  for (const int status : {404, 401, 403}) {
    if (route.documents(status)) return {status, status == 404 ? std::move(code) : "ACCESS_FORBIDDEN", what};
  }
  return {404, std::move(code), what};
}

Refusal Call::denied(const std::string& what) const {
  for (const int status : {401, 403, 404}) {
    if (route.documents(status)) return {status, "ACCESS_FORBIDDEN", what};
  }
  return {403, "ACCESS_FORBIDDEN", what};
}

Refusal Call::invalid(const std::string& data_path, const std::string& message) const {
  return {route.documents(422) ? 422 : 400, "INVALID_REQUEST", data_path + ": " + message, data_path};
}

json::value Call::body_value() const {
  json::error_code error;
  json::value body = json::parse(request.body, error);
  if (error) throw Refusal(400, "INVALID_JSON", "the body is not JSON: " + error.message());
  return body;
}

json::object Call::body_object() const {
  json::value body = body_value();
  if (!body.is_object()) throw invalid("/", "must be a JSON object");
  return std::move(body.as_object());
}

Router::Match Router::find(const std::string& method, const std::string& path) const {
  Match best;
  std::size_t best_literals = 0;
  const auto members = split(path);
  for (const Route& route : routes_) {
    auto found = fit(split(route.pattern), members);
    if (!found) continue;
    if (route.method != method) {
      best.allowed += (best.allowed.empty() ? "" : ", ") + route.method;
    } else if (best.route == nullptr || found->literals > best_literals) {
      best.route = &route;
      best.ids = std::move(found->ids);
      best_literals = found->literals;
    }
  }
  return best;
}

}  // namespace sandbox

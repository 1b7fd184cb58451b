#include "host/api/openapi.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>
#include <vector>

#include "host/api/openapi_schemas.hpp"

namespace formulary::api {
namespace {

/// "/hubs/{hub}/{rest...}" -> {"hub", "rest"}
std::vector<std::string> parameters_of(const std::string& pattern) {
  std::vector<std::string> names;
  for (std::size_t open = pattern.find('{'); open != std::string::npos; open = pattern.find('{', open + 1)) {
    const std::size_t close = pattern.find('}', open);
    std::string name = pattern.substr(open + 1, close - open - 1);
    if (name.ends_with("...")) name.resize(name.size() - 3);
    names.push_back(std::move(name));
  }
  return names;
}

std::string documented_path(std::string pattern) {
  const std::size_t dots = pattern.find("...}");
  if (dots != std::string::npos) pattern.erase(dots, 3);
  return pattern;
}

/// "PUT /formulas/{id}/steps/{stepId}" -> "putFormulasByIdStepsByStepId": unique, since the routes are.
std::string operation_id(const Route& route) {
  std::string id;
  for (const char c : route.method) id += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  bool up = false;
  for (const char c : route.pattern) {
    if (c == '{') {
      id += "By";
      up = true;
    } else if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      id += up ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      up = false;
    } else {
      up = true;
    }
  }
  return id;
}

std::string tag_of(const Route& route) {
  const std::string_view rest = std::string_view(route.pattern).substr(1);
  return std::string(rest.substr(0, rest.find('/')));
}

bool is_number_of_query(std::string_view name) {
  static const std::set<std::string_view> numbers = {"pageSize", "page", "offset", "pageOffset"};
  return numbers.contains(name);
}

json::array parameters_documented(const Route& route) {
  json::array parameters;
  for (const std::string& name : parameters_of(route.pattern)) {
    parameters.push_back(
        json::object{{"name", name}, {"in", "path"}, {"required", true}, {"schema", json::object{{"type", "string"}}}});
  }
  for (const std::string& name : route.query) {
    json::object schema{{"type", is_number_of_query(name) ? "integer" : "string"}};
    if (name.ends_with("[]")) schema = {{"type", "array"}, {"items", json::object{{"type", "string"}}}};
    parameters.push_back(json::object{{"name", name}, {"in", "query"}, {"required", false}, {"schema", schema}});
  }
  return parameters;
}

json::object reference(std::string_view name) {
  if (name == "string") return {{"type", "string"}};
  return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

json::object schema_of(std::string_view name) {
  if (name.empty()) return {};
  if (const std::size_t bar = name.find('|'); bar != std::string_view::npos) {
    return {{"anyOf", json::array{schema_of(name.substr(0, bar)), schema_of(name.substr(bar + 1))}}};
  }
  if (!name.ends_with("[]")) return reference(name);
  return {{"type", "array"}, {"items", reference(name.substr(0, name.size() - 2))}};
}

json::object content(json::object schema) {
  return {{"application/json", json::object{{"schema", std::move(schema)}}}};
}

json::object answers_documented(const Route& route) {
  json::object answers;
  json::object good{{"description", "Done"}};
  if (route.answer == "Text") {
    good["content"] = json::object{{"text/plain", json::object{{"schema", json::object{{"type", "string"}}}}},
                                   {"application/json", json::object()}};
  } else if (!route.answer.empty()) {
    good["content"] = content(schema_of(route.answer));
  }
  answers["200"] = std::move(good);
  std::set<int> failures(route.failures.begin(), route.failures.end());
  // Any body may be too long or broken, any disk may fail, and any client may come too often.
  failures.insert({400, 404, 413, 429, 503});
  if (route.access != RouteAccess::open) failures.insert({401, 403});
  for (const int status : failures) {
    answers[std::to_string(status)] = reference_to_failure();
  }
  return answers;
}

json::array security_of(RouteAccess access) {
  if (access == RouteAccess::open) return {};
  return {json::object{{"platform", json::array()}}, json::object{{"session", json::array()}}};
}

json::object operation(const Route& route) {
  json::object documented{{"operationId", operation_id(route)},         {"summary", route.summary},
                          {"tags", json::array{tag_of(route)}},         {"security", security_of(route.access)},
                          {"parameters", parameters_documented(route)}, {"responses", answers_documented(route)}};
  if (!route.body.empty()) {
    documented["requestBody"] = json::object{{"required", false}, {"content", content(schema_of(route.body))}};
  }
  return documented;
}

}  // namespace

json::object openapi_of(const Router& router, const std::string& server_url) {
  json::object paths;
  for (const auto& route : router.routes()) {
    std::string method = route->method;
    std::transform(method.begin(), method.end(), method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    json::value& path = paths[documented_path(route->pattern)];
    if (!path.is_object()) path = json::object();
    path.get_object()[method] = operation(*route);
  }
  return {{"openapi", "3.1.0"},
          {"info", json::object{{"title", "Formulary"},
                                {"version", "2"},
                                {"description",
                                 "The element platform's API v2. An element's own resources are below /hubs/{hub}, and "
                                 "each instance describes them under /instances/{id}/docs."}}},
          {"servers", json::array{json::object{{"url", server_url}}}},
          {"paths", std::move(paths)},
          {"components", openapi_components()}};
}

}  // namespace formulary::api

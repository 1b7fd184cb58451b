#include "host/formula/instance_problems.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string>
#include <utility>

#include "host/base/error.hpp"
#include "host/formula/cron.hpp"
#include "host/formula/problems.hpp"

namespace formulary {
namespace {

using Kind = FormulaProblem::Kind;

constexpr std::array<std::string_view, 7> methods{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};

/// First segments of the paths of the platform's API.
constexpr std::array<std::string_view, 29> platform_segments{"accounts",
                                                             "applications",
                                                             "audit-logs",
                                                             "authentication",
                                                             "bulkloader",
                                                             "catalog-properties",
                                                             "change-management",
                                                             "client-sdks",
                                                             "common-resources",
                                                             "customers",
                                                             "elements",
                                                             "events",
                                                             "formulas",
                                                             "hubs",
                                                             "instances",
                                                             "integrations",
                                                             "jobs",
                                                             "metrics",
                                                             "models",
                                                             "notifications",
                                                             "objects",
                                                             "organizations",
                                                             "signup-partners",
                                                             "transformations",
                                                             "usage",
                                                             "users",
                                                             "vdrs",
                                                             "api-docs",
                                                             "jsp"};

std::string text_of(const json::value& value) {
  const auto* text = value.if_string();
  return text == nullptr ? to_text(value) : std::string(*text);
}

bool is_given(const json::value* value) {
  return value != nullptr && !value->is_null() && (!value->is_string() || !value->as_string().empty());
}

void check_value(const FormulaVariable& variable, const json::value& value, const InstanceOrder& order,
                 std::vector<FormulaProblem>& problems) {
  const std::string path = "configuration." + variable.key;
  if (value.is_structured()) return problems.push_back({Kind::incomplete, path, "is neither a text nor a number"});
  if (variable.type != "elementInstance") return;
  const std::string selector = text_of(value);
  if (value.is_bool()) {
    problems.push_back({Kind::incomplete, path, "is no id or name of an element instance"});
  } else if (order.has_element_instance && !order.has_element_instance(selector)) {
    problems.push_back({Kind::incomplete, path, "there is no element instance '" + selector + "'"});
  }
}

void check_configuration(const Formula& formula, const InstanceOrder& order, std::vector<FormulaProblem>& problems) {
  std::set<std::string_view> known;
  for (const auto& variable : formula.configuration()) {
    if (!known.insert(variable.key).second) continue;
    const json::value* value = order.configuration.if_contains(variable.key);
    if (is_given(value)) {
      check_value(variable, *value, order, problems);
    } else if (variable.required) {
      const std::string what = variable.type == "elementInstance" ? "id or name of an element instance" : "value";
      problems.push_back({Kind::incomplete, "configuration." + variable.key,
                          "is required; give the " + what + " for '" + variable.name + "'"});
    }
  }
  for (const auto& member : order.configuration) {
    if (known.contains(member.key())) continue;
    problems.push_back({Kind::warning, "configuration." + std::string(member.key()), "is not a key of the formula"});
  }
}

/// A cron that the configuration gives need not keep the shortest interval, but it must be one.
void check_schedule(const Formula& formula, const InstanceOrder& order, std::vector<FormulaProblem>& problems) {
  if (formula.triggers().empty()) return;
  const auto* scheduled = std::get_if<ScheduledTrigger>(&formula.triggers().front().kind);
  if (scheduled == nullptr || scheduled->cron.plain_text()) return;
  for (const auto& variable : formula.configuration()) {
    const std::string_view source =
        scheduled->cron.source().is_string() ? std::string_view(scheduled->cron.source().as_string()) : "";
    const json::value* value = order.configuration.if_contains(variable.key);
    const bool is_it = source == "${config." + variable.key + "}" || source == "${" + variable.key + "}";
    if (!is_it || value == nullptr || !value->is_string() || value->as_string().empty()) continue;
    try {
      (void)CronSchedule::parse(std::string_view(value->as_string()));
    } catch (const Error& error) {
      problems.push_back(
          {Kind::incomplete, "configuration." + variable.key, "is no Quartz expression: " + std::string(error.what())});
    }
  }
}

void check_settings(const json::object& settings, std::vector<FormulaProblem>& problems) {
  if (const json::value* api = settings.if_contains("api"); is_given(api)) {
    const auto resource = api->is_string() ? parse_api(std::string_view(api->as_string())) : std::nullopt;
    if (!resource) {
      problems.push_back({Kind::invalid, "settings.api", R"(must be a method and a path, as in "POST /hires")"});
    } else if (is_platform_path(resource->uri)) {
      problems.push_back({Kind::invalid, "settings.api",
                          "'" + resource->uri + "' is a resource of the platform already; choose another path"});
    }
  }
  const json::value* lives = settings.if_contains("formula.instance.time.to.live");
  if (!is_given(lives)) return;
  const std::string text = text_of(*lives);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds <= 0) {
    problems.push_back({Kind::warning, "settings.formula.instance.time.to.live",
                        "is no number of seconds; the instance stays until it is deleted"});
  }
}

}  // namespace

std::optional<FormulaResource> parse_api(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  FormulaResource resource{.method = std::string(text.substr(0, blank)), .uri = std::string(text.substr(blank + 1))};
  for (char& byte : resource.method) {
    if (byte >= 'a' && byte <= 'z') byte = static_cast<char>(byte - 'a' + 'A');
  }
  const bool is_method = std::find(methods.begin(), methods.end(), resource.method) != methods.end();
  const bool is_path = resource.uri.size() > 1 && resource.uri.front() == '/' &&
                       resource.uri.find_first_of(" ?#\t\r\n") == std::string::npos;
  return is_method && is_path ? std::optional(std::move(resource)) : std::nullopt;
}

bool is_platform_path(std::string_view path) {
  constexpr std::string_view root = "/elements/api-v2";
  if (path.starts_with(root) && path.size() > root.size() && path[root.size()] == '/') path.remove_prefix(root.size());
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find_first_of("/?#"));
  return std::find(platform_segments.begin(), platform_segments.end(), segment) != platform_segments.end();
}

std::vector<FormulaProblem> find_instance_problems(const Formula& formula, const InstanceOrder& order) {
  std::vector<FormulaProblem> problems;
  for (FormulaProblem& problem : find_problems(formula)) {
    if (problem.kind == Kind::incomplete) problems.push_back(std::move(problem));
  }
  check_configuration(formula, order, problems);
  check_schedule(formula, order, problems);
  check_settings(order.settings, problems);
  return problems;
}

std::vector<FormulaProblem> find_problems(const Formula& formula, const json::object& configuration) {
  std::vector<FormulaProblem> problems;
  const InstanceOrder order{.configuration = configuration, .settings = {}, .has_element_instance = {}};
  check_configuration(formula, order, problems);
  check_schedule(formula, order, problems);
  return problems;
}

}  // namespace formulary

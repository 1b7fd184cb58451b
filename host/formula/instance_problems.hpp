/// \file
/// What is wrong with an instance that is to be made of a template: its configuration and its settings.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "host/formula/formula.hpp"

namespace formulary {

/// As clients give it:
///
///   {"configuration": {"crm.instance": 42, "subject": "Hello"},
///    "settings": {"api": "POST /hires", "notification.email": "a@example.org", "formula.instance.time.to.live": 3600}}
struct InstanceOrder {
  json::object configuration;  ///< By key; values are texts, numbers or flags.
  json::object settings;
  /// Whether there is an element instance of that id or name. Not asked if it is empty.
  std::function<bool(std::string_view)> has_element_instance;
};

/// All of it: what the template leaves open (steps that do not exist, sub-formulas that call each other), then what the
/// order lacks. An instance is made if prevents_running() says false. Source: CONTRACT 2.7.
[[nodiscard]] std::vector<FormulaProblem> find_instance_problems(const Formula& formula, const InstanceOrder& order);

/// "POST /hires" in two; nullopt if it is not `METHOD /path`.
[[nodiscard]] std::optional<FormulaResource> parse_api(std::string_view text);

/// Whether the platform itself answers below that path, so that nothing else can: "/accounts", "/formulas/instances".
[[nodiscard]] bool is_platform_path(std::string_view path);

}  // namespace formulary

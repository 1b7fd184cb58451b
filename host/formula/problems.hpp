/// \file
/// What is wrong with a template, all at once.
#pragma once

#include <string>
#include <vector>

#include "host/base/json.hpp"
#include "host/formula/formula.hpp"

namespace formulary {

/// Everything wrong or doubtful about the template itself, in the order of its members, then about its sub-formulas;
/// empty if nothing is. What the contract does not name as a reason to refuse is a warning. Source: CONTRACT 2.7.
[[nodiscard]] std::vector<FormulaProblem> find_problems(const Formula& formula);

/// What is missing or wrong in the configuration values (by key) for an instance of the formula; more
/// is in instance_problems.hpp.
[[nodiscard]] std::vector<FormulaProblem> find_problems(const Formula& formula, const json::object& configuration);

/// True if any of them keeps the template from being stored: invalid or conflict.
[[nodiscard]] bool refuses_template(const std::vector<FormulaProblem>& problems) noexcept;

/// True if any of them is more than a warning.
[[nodiscard]] bool prevents_running(const std::vector<FormulaProblem>& problems) noexcept;

/// "steps[2].onSuccess[0]: names the step 'b', which does not exist", one a line.
[[nodiscard]] std::string to_text(const std::vector<FormulaProblem>& problems);

/// [{"kind": "invalid", "path": "steps[2].type", "message": "is missing"}]
[[nodiscard]] json::array to_json(const std::vector<FormulaProblem>& problems);

}  // namespace formulary

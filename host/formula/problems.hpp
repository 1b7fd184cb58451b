/// \file
/// What is wrong with a template, all at once.
#pragma once

#include <string>
#include <vector>

#include "host/base/json.hpp"
#include "host/formula/formula.hpp"

namespace formulary {

/// Everything wrong or doubtful about the template itself, in the order of its members; empty if nothing is. Includes
/// `unsupported` problems for steps and triggers that this version cannot run. Source: CONTRACT 2.7.
[[nodiscard]] std::vector<FormulaProblem> find_problems(const Formula& formula);

/// What is missing or wrong in the configuration values (by key) for an instance of the formula.
[[nodiscard]] std::vector<FormulaProblem> find_problems(const Formula& formula, const json::object& configuration);

/// True if any of them is more than a warning.
[[nodiscard]] bool prevents_running(const std::vector<FormulaProblem>& problems) noexcept;

/// "steps[2].onSuccess[0]: names the step 'b', which does not exist", one a line.
[[nodiscard]] std::string to_text(const std::vector<FormulaProblem>& problems);

}  // namespace formulary

/// \file
/// What is wrong with one step or trigger of a template.
#pragma once

#include <cstddef>
#include <vector>

#include "host/formula/formula.hpp"

namespace formulary {

/// Refuses only what CONTRACT 2.7 names; what can be accepted and will not work as meant is a warning. Adds the
/// problems of `formula.steps()[index]` that need nothing but the step and the names in the formula.
void find_step_problems(const Formula& formula, std::size_t index, std::vector<FormulaProblem>& problems);
void find_trigger_problems(const Formula& formula, std::size_t index, std::vector<FormulaProblem>& problems);

}  // namespace formulary

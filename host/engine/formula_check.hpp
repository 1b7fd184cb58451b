/// \file
/// Refuses what cannot run before anything is done.
#pragma once

#include "host/base/json.hpp"
#include "host/formula/formula.hpp"

namespace formulary {

/// Throws Error(formula_invalid), or Error(unsupported) if that is all, with all problems of the formula and of the
/// configuration that prevent it from running.
void refuse_what_cannot_run(const Formula& formula, const json::object& configuration);

}  // namespace formulary

/// \file
/// Keeps secrets out of what is recorded of an execution.
#pragma once

#include <optional>

#include "host/base/json.hpp"
#include "host/base/redactor.hpp"
#include "host/formula/plan.hpp"

namespace formulary {

/// Member names too.
[[nodiscard]] json::value redacted(const json::value& value, const Redactor& redactor);
[[nodiscard]] std::optional<plan::StepError> redacted(const std::optional<plan::StepError>& error,
                                                      const Redactor& redactor);
[[nodiscard]] plan::StepRecord redacted(plan::StepRecord step, const Redactor& redactor);

}  // namespace formulary

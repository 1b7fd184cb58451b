/// \file
/// Keeps secrets out of what is recorded of an execution.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/json.hpp"
#include "host/base/redactor.hpp"
#include "host/formula/plan.hpp"

namespace formulary {

/// Member names too.
[[nodiscard]] json::value redacted(const json::value& value, const Redactor& redactor);
[[nodiscard]] std::optional<plan::StepError> redacted(const std::optional<plan::StepError>& error,
                                                      const Redactor& redactor);
/// The values of a formula's configuration whose keys name a credential: "smtp.password", "hmacSecret", "apiKey",
/// "access_token". A configuration does not say which of its values are secrets, as an element's does; what is left out
/// here shows in the history where a script or a vendor repeats it.
[[nodiscard]] std::vector<std::string> secrets_by_name(const json::object& configuration);

[[nodiscard]] plan::StepRecord redacted(plan::StepRecord step, const Redactor& redactor);

}  // namespace formulary

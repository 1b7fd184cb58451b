/// \file
/// RFC 6902, as PATCH of jobs and users takes it.
#pragma once

#include <boost/json/value.hpp>

#include "router.hpp"

namespace sandbox {

/// Applies the array of operations to `document`: all of them or, if one fails, none (throws Refusal by
/// call.invalid()). At most 200 operations.
void apply_json_patch(const Call& call, const json::value& operations, json::value& document);

}  // namespace sandbox

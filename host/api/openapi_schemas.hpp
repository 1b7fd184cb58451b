/// \file
/// The named shapes of the API's documents.
#pragma once

#include "host/base/json.hpp"

namespace formulary::api {

/// {"schemas", "responses", "securitySchemes"}
[[nodiscard]] json::object openapi_components();

/// How an operation refers to the one shape of failures.
[[nodiscard]] json::object reference_to_failure();

}  // namespace formulary::api

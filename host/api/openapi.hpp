/// \file
/// The API's own OpenAPI 3.1 document, made from the routes: what is not there is not documented, and what is
/// documented is there.
#pragma once

#include <string>

#include "host/api/router.hpp"

namespace formulary::api {

/// `server_url`: "https://host/elements/api-v2". Every operation has its summary, path and query parameters, the access
/// it asks for, its body and answer by name of a schema, and every status that it may give.
[[nodiscard]] json::object openapi_of(const Router& router, const std::string& server_url);

}  // namespace formulary::api

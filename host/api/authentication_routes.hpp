/// \file
/// Logging in, and the secrets of who is.
#pragma once

#include "host/api/identity_parts.hpp"
#include "host/api/router.hpp"

namespace formulary::api {

/// POST /authentication, GET /authentication/secrets, POST /authentication/passwords. Source: CONTRACT 1.1, 1.2.
void add_authentication_routes(Router& router, const IdentityParts& parts);

}  // namespace formulary::api

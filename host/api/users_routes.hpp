/// \file
/// Users: of an account, of the organization, and of whoever asks.
#pragma once

#include "host/api/identity_parts.hpp"
#include "host/api/router.hpp"

namespace formulary::api {

/// /users, /accounts/{id}/users, /organizations/users and /users/{id}/roles. Only the answer that makes a user has his
/// secret. Source: CONTRACT 1.2.
void add_users_routes(Router& router, const IdentityParts& parts);

}  // namespace formulary::api

/// \file
/// The organization of who asks: its name, its roles, what it demands of passwords.
#pragma once

#include "host/api/identity_parts.hpp"
#include "host/api/router.hpp"

namespace formulary::api {

/// /organizations/me, /organizations/roles, /organizations/password-policies, /customers/me. Source: CONTRACT 1.2.
void add_organizations_routes(Router& router, const IdentityParts& parts);

}  // namespace formulary::api

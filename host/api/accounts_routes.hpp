/// \file
/// The accounts of an organization and their settings.
#pragma once

#include "host/api/identity_parts.hpp"
#include "host/api/router.hpp"

namespace formulary::api {

/// /accounts[/{id}], their /roles and /settings, and /organizations/{id}/accounts. Source: CONTRACT 1.2.
void add_accounts_routes(Router& router, const IdentityParts& parts);

}  // namespace formulary::api

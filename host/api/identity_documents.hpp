/// \file
/// Accounts, users and organizations as the API shows them. Source: CONTRACT 1.2.
#pragma once

#include <cstdint>
#include <string>

#include "host/base/json.hpp"
#include "host/store/identity_store.hpp"

namespace formulary::api {

/// "2018-04-04T20:44:36Z"
[[nodiscard]] std::string date_text(std::int64_t ms);

/// {"id":2,"name":"…","externalId":"…","description":"…","companyId":2,"active":true,"type":"default",
/// "defaultAccount":true,"createdDate":"…","updatedDate":"…"}
[[nodiscard]] json::object account_document(const AccountRecord& account);
/// {"id":2,"email":"…","firstName":"…","lastName":"…","fullName":"…","accountId":2,"active":true,"enabled":true,
/// "roles":[…],"createdDate":"…",…}; no secret.
[[nodiscard]] json::object user_document(const UserRecord& user);
/// {"id":2,"name":"…","createdDate":"…","updatedDate":"…"}; no secret.
[[nodiscard]] json::object organization_document(const OrganizationRecord& organization);
/// Who is logged in, without a token.
[[nodiscard]] json::object authenticated_user_document(const IdentityStore& store, const UserRecord& user,
                                                       const AccountRecord& account);

/// Error(not_found) if there is none.
[[nodiscard]] OrganizationRecord known_organization(const IdentityStore& store, std::int64_t id);
[[nodiscard]] AccountRecord known_account(const IdentityStore& store, std::int64_t id);
[[nodiscard]] UserRecord known_user(const IdentityStore& store, std::int64_t id);

}  // namespace formulary::api

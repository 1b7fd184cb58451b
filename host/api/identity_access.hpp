/// \file
/// Which accounts and users somebody may see and change, and what their routes have in common. Source: CONTRACT 1.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_request.hpp"
#include "host/api/roles.hpp"
#include "host/base/json.hpp"
#include "host/store/identity_store.hpp"

namespace formulary::api {

/// The principal's own; for an administrator of the organization each of its accounts. Error(not_found) if there is
/// none, Error(permission_denied) if it is somebody else's.
[[nodiscard]] AccountRecord account_in_reach(const IdentityStore& store, const Principal& principal, std::int64_t id);
/// A user of such an account. As account_in_reach(), but an email address of another organization is one of nobody.
[[nodiscard]] UserRecord user_in_reach(const IdentityStore& store, const Principal& principal,
                                       std::string_view email_or_id);

/// Error(permission_denied) for an administrator who would change one that may more than he.
void require_not_stronger(const Principal& principal, const UserRecord& user);
/// Error(permission_denied) for sys-admin, which nobody is given, and for what the principal may not do himself.
void require_may_give(const Principal& principal, const Role& role);
/// Error(conflict) if it is there already.
void give_role(std::vector<std::string>& role_keys, const Role& role);
/// Error(not_found) if it is not there.
void take_role(std::vector<std::string>& role_keys, const Role& role);

/// Error(bad_input) if it is missing, blank, over 255 bytes or has control characters.
[[nodiscard]] std::string required_text(const JsonReader& reader, std::string_view key);
/// Replaces `text` if the member is there. Error(bad_input) as required_text().
void take_text(const JsonReader& reader, std::string_view key, std::string& text);

/// Those of the documents that are active, unless `includeInactive` asks for all, and for which `where` holds; in
/// pages.
[[nodiscard]] ApiAnswer answer_list(const ApiRequest& request, json::array documents);
/// Error(not_found) for one that is not active, unless `includeInactive` asks for it.
[[nodiscard]] ApiAnswer answer_one(const ApiRequest& request, const json::object& document);

}  // namespace formulary::api

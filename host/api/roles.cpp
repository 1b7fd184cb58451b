#include "host/api/roles.hpp"

#include <algorithm>
#include <array>

#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::array<Role, 4> all_roles = {{
    {.id = 1, .key = "org", .name = "User", .gives = UserRole::user},
    {.id = 2, .key = "admin", .name = "Account administrator", .gives = UserRole::account_admin},
    {.id = 3, .key = "org-admin", .name = "Organization administrator", .gives = UserRole::organization_admin},
    {.id = 4, .key = "sys-admin", .name = "System administrator", .gives = UserRole::system_admin},
}};

const Role* find_role(std::string_view key) noexcept {
  const auto* const found = std::ranges::find(all_roles, key, &Role::key);
  return found == all_roles.end() ? nullptr : found;
}

}  // namespace

std::span<const Role> roles() noexcept {
  return all_roles;
}

const Role& role_of_key(std::string_view key) {
  if (const Role* role = find_role(key)) return *role;
  throw Error(ErrorCode::bad_input, "role: there is no role '" + std::string(key.substr(0, 100)) +
                                        "'; take one of: org, admin, org-admin, sys-admin");
}

UserRole strongest(const std::vector<std::string>& role_keys) noexcept {
  UserRole most = UserRole::user;
  for (const std::string& key : role_keys) {
    if (const Role* role = find_role(key)) most = std::max(most, role->gives);
  }
  return most;
}

json::object role_document(const Role& role) {
  return {{"id", role.id},  {"key", role.key},           {"name", role.name},          {"description", role.name},
          {"active", true}, {"features", json::array()}, {"privileges", json::array()}};
}

json::array role_documents(const std::vector<std::string>& role_keys) {
  json::array documents;
  for (const std::string& key : role_keys) {
    if (const Role* role = find_role(key)) documents.push_back(role_document(*role));
  }
  return documents;
}

std::string_view name(UserRole role) noexcept {
  return std::ranges::find(all_roles, role, &Role::gives)->key;
}

void require_role(const Principal& principal, UserRole least) {
  if (principal.role >= least) return;
  throw Error(ErrorCode::permission_denied, "user " + principal.email + ": this needs the role " +
                                                std::string(name(least)) + "; ask who administrates the account");
}

}  // namespace formulary::api

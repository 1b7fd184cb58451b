/// \file
/// The platform's roles. Source: CONTRACT 1.2.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_request.hpp"

namespace formulary::api {

struct Role {
  std::int64_t id = 0;
  std::string_view key;
  std::string_view name;
  UserRole gives = UserRole::user;  ///< What who has it may do.
};

/// "org", "admin", "org-admin", "sys-admin": each may more than those before it.
[[nodiscard]] std::span<const Role> roles() noexcept;
/// Error(bad_input) names those that exist.
[[nodiscard]] const Role& role_of_key(std::string_view key);
/// The most that one of these roles gives; an unknown key gives nothing.
[[nodiscard]] UserRole strongest(const std::vector<std::string>& role_keys) noexcept;

/// {"id":2,"key":"admin","name":"Account administrator","description":…,"active":true,"features":[],"privileges":[]}
[[nodiscard]] json::object role_document(const Role& role);
/// Of those keys that are known.
[[nodiscard]] json::array role_documents(const std::vector<std::string>& role_keys);

/// "admin": the key of the role that gives this.
[[nodiscard]] std::string_view name(UserRole role) noexcept;

/// Error(permission_denied) "…; ask an administrator of the account" unless the principal may as much as `least`.
void require_role(const Principal& principal, UserRole least);

}  // namespace formulary::api

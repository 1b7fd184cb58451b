/// \file
/// What an organization demands of its users' passwords.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/json.hpp"
#include "host/store/identity_store.hpp"

namespace formulary::api {

struct PasswordPolicy {
  std::int64_t min_length = 8;
  std::int64_t min_uppercase = 1;
  std::int64_t min_lowercase = 1;
  std::int64_t min_numbers = 1;
  std::int64_t min_symbols = 1;
  std::string symbols = "!@#$%^&*()";
  std::int64_t previous_passwords = 0;  ///< Kept and shown; not held, since old passwords are not kept.
  std::int64_t expiration_days = 0;     ///< Kept and shown; passwords do not expire.

  /// Error(bad_input) names everything that `password` lacks, and the user's names if it has one of them.
  void check(std::string_view password, const UserRecord& user) const;
  /// {"minLength":8,"minUppercase":1,…,"symbolCharacterSet":"!@#$%^&*()","previousPasswordCount":3,"rotationDays":180,
  /// "expirationDays":180}
  [[nodiscard]] json::object document() const;
};

/// Error(bad_input) names the member that is out of its bounds.
[[nodiscard]] PasswordPolicy parse_password_policy(const json::value& document);
/// What the organization's settings have under "passwordPolicy"; else the platform's.
[[nodiscard]] PasswordPolicy password_policy(const OrganizationRecord& organization);

}  // namespace formulary::api

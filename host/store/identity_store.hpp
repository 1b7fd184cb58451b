/// \file
/// Organizations, their accounts, the users of these, and their sessions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/store/password.hpp"

namespace formulary {

class Storage;

/// Times are milliseconds since 1970 UTC.
struct OrganizationRecord {
  std::int64_t id = 0;
  std::string name;
  std::string settings = "{}";  ///< JSON object.
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
};

struct AccountRecord {
  std::int64_t id = 0;
  std::int64_t organization = 0;
  std::string name;
  std::string external_id;  ///< Unique within the organization, unless it is empty.
  std::string description;
  bool is_default = false;
  bool active = true;
  std::vector<std::string> roles;  ///< Their keys, without spaces: what the account as a whole was given.
  std::string settings = "{}";     ///< JSON object.
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
};

struct UserRecord {
  std::int64_t id = 0;
  std::int64_t account = 0;
  std::string email;  ///< Unique on this machine, whatever the case of its letters.
  std::string first_name;
  std::string last_name;
  std::vector<std::string> roles;  ///< Their keys: "admin", "org-admin". No spaces.
  bool active = true;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::int64_t last_login_ms = 0;
};

/// A user whose secret or session is good, and what stands above him.
struct KnownUser {
  UserRecord user;
  std::int64_t organization = 0;
  std::string organization_secret_sha256;
  bool account_active = true;
};

/// Whose an element token is.
struct TokenOwner {
  std::int64_t instance = 0;
  std::int64_t account = 0;
};

/// What lets the first user in. `bootstrap()` makes what is left empty.
struct FirstSecrets {
  std::string email;
  std::string password;
  std::string user_secret;
  std::string organization_secret;
};

/// 32 random bytes in base64: 43 characters and "=".
[[nodiscard]] std::string new_user_secret();
/// 32 hexadecimal digits.
[[nodiscard]] std::string new_organization_secret();

/// Any thread may use it. What changes something is durable on return. Every function throws Error(store_failed).
/// Secrets are sealed at rest and found again by their SHA-256; the tokens of sessions are not kept at all.
class IdentityStore {
 public:
  explicit IdentityStore(std::shared_ptr<const Storage> storage, const PasswordCost& cost = {});
  IdentityStore(const IdentityStore&) = delete;
  IdentityStore& operator=(const IdentityStore&) = delete;
  ~IdentityStore();

  /// At the first start: one organization with one account, and one user who may do everything in both; what this
  /// machine has so far becomes that account's. Returns what lets him in, which is shown this once. Nothing if there is
  /// an organization already. Id 1 of each kind is the machine's own: clients count on its being somebody else's.
  [[nodiscard]] std::optional<FirstSecrets> bootstrap(FirstSecrets wished, std::int64_t now_ms);

  [[nodiscard]] std::optional<OrganizationRecord> organization(std::int64_t id) const;
  /// The caller wipes it. Error(not_found) if there is none of that id; so does user_secret().
  [[nodiscard]] std::string organization_secret(std::int64_t id) const;
  /// Writes name, settings and updated. False if there is none.
  bool replace_organization(const OrganizationRecord& record);

  /// Returns the id. Error(conflict) if another account of the organization has its external id.
  std::int64_t add_account(const AccountRecord& record);
  [[nodiscard]] std::optional<AccountRecord> account(std::int64_t id) const;
  [[nodiscard]] std::vector<AccountRecord> accounts(std::int64_t organization) const;  ///< By id.
  /// Writes everything but id, organization, is_default and created. False if there is none. As add_account().
  bool replace_account(const AccountRecord& record);
  /// With its users and their sessions. False if there is none.
  bool remove_account(std::int64_t id);

  /// Returns the id. `password` may be empty: none fits. Error(conflict) if another user has the email address.
  std::int64_t add_user(const UserRecord& record, std::string_view password, std::string_view secret);
  [[nodiscard]] std::optional<UserRecord> user(std::int64_t id) const;
  [[nodiscard]] std::optional<UserRecord> user_of_email(std::string_view email) const;
  [[nodiscard]] std::vector<UserRecord> users_of_account(std::int64_t account) const;            ///< By id.
  [[nodiscard]] std::vector<UserRecord> users_of_organization(std::int64_t organization) const;  ///< By id.
  [[nodiscard]] std::string user_secret(std::int64_t id) const;
  /// Writes email, names, roles, active and updated; of one who is no longer active, ends the sessions. False if there
  /// is none. Error(conflict) as add_user().
  bool replace_user(const UserRecord& record);
  /// Ends his sessions. False if there is none.
  bool set_password(std::int64_t id, std::string_view password);
  bool remove_user(std::int64_t id);

  /// Takes as long for an email address that nobody has. Nothing if they do not belong together.
  [[nodiscard]] std::optional<UserRecord> user_of_password(std::string_view email, std::string_view password) const;
  [[nodiscard]] std::optional<KnownUser> user_of_secret(std::string_view secret) const;
  [[nodiscard]] std::optional<KnownUser> user_of_session(std::string_view token, std::int64_t now_ms) const;
  /// A session's token. Forgets sessions that are over, and of one user those beyond a hundred.
  [[nodiscard]] std::string add_session(std::int64_t user, std::int64_t now_ms, std::int64_t expires_ms);

  /// Nothing if no instance has that token (any more).
  [[nodiscard]] std::optional<TokenOwner> owner_of_token(std::string_view token) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace formulary

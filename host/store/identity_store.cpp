#include "host/store/identity_store.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "host/base/digest.hpp"
#include "host/base/error.hpp"
#include "host/base/ids.hpp"
#include "host/base/text.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

constexpr std::string_view organization_purpose = "organization.secret";
constexpr std::string_view user_purpose = "user.secret";
constexpr std::int64_t sessions_max = 100;
constexpr std::string_view account_columns =
    "id, organization, name, external_id, description, is_default, active, roles, settings, created, updated "
    "FROM account";
constexpr std::string_view user_columns =
    "user.id, user.account, email, first_name, last_name, user.roles, user.active, user.created, user.updated, "
    "last_login";
constexpr std::string_view known_user_tables =
    ", account.organization, organization.secret_sha256, account.active FROM user "
    "JOIN account ON account.id = user.account JOIN organization ON organization.id = account.organization";

std::string text_of(const std::vector<std::string>& roles) {
  std::string text;
  for (const std::string& role : roles) text += (text.empty() ? "" : " ") + role;
  return text;
}

std::vector<std::string> roles_in(std::string_view text) {
  std::vector<std::string> roles;
  while (!text.empty()) {
    const std::string_view role = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), role.size() + 1));
    roles.emplace_back(role);
  }
  return roles;
}

AccountRecord account_of(const Statement& row) {
  return {.id = row.number(0),
          .organization = row.number(1),
          .name = row.text(2),
          .external_id = row.text(3),
          .description = row.text(4),
          .is_default = row.number(5) != 0,
          .active = row.number(6) != 0,
          .roles = roles_in(row.view(7)),
          .settings = row.text(8),
          .created_ms = row.number(9),
          .updated_ms = row.number(10)};
}

UserRecord user_of(const Statement& row) {
  return {.id = row.number(0),
          .account = row.number(1),
          .email = row.text(2),
          .first_name = row.text(3),
          .last_name = row.text(4),
          .roles = roles_in(row.view(5)),
          .active = row.number(6) != 0,
          .created_ms = row.number(7),
          .updated_ms = row.number(8),
          .last_login_ms = row.number(9)};
}

std::vector<UserRecord> users_in(Statement& statement) {
  std::vector<UserRecord> records;
  while (statement.step()) records.push_back(user_of(statement));
  return records;
}

std::optional<KnownUser> known_user_in(Statement& statement) {
  if (!statement.step()) return std::nullopt;
  return KnownUser{.user = user_of(statement),
                   .organization = statement.number(10),
                   .organization_secret_sha256 = statement.text(11),
                   .account_active = statement.number(12) != 0};
}

}  // namespace

std::string new_user_secret() {
  return new_token();
}

std::string new_organization_secret() {
  return to_hex(random_bytes(16));
}

struct IdentityStore::Parts {
  Parts(std::shared_ptr<const Storage> given, const PasswordCost& given_cost)
      : storage(std::move(given)),
        cost(given_cost),
        nobodys_hash(hash_password("", given_cost)),
        database(storage->connect()) {}

  std::int64_t add_organization(const OrganizationRecord& record, std::string_view secret) {
    Statement insert = database.prepare(
        "INSERT INTO organization (name, secret_sha256, secret, settings, created, updated) "
        "VALUES (?1, ?2, x'', ?3, ?4, ?5)");
    insert.bind(1, record.name).bind_bytes(2, sha256(secret)).bind(3, record.settings);
    insert.bind(4, record.created_ms).bind(5, record.updated_ms).run();
    // Sealed only now, because the id is part of what a sealed record is bound to.
    const std::int64_t id = database.last_insert_id();
    Statement update = database.prepare("UPDATE organization SET secret = ?2 WHERE id = ?1");
    update.bind(1, id).bind_bytes(2, storage->vault().seal(secret, {.purpose = organization_purpose, .id = id})).run();
    return id;
  }

  std::int64_t add_account(const AccountRecord& record) {
    refuse_taken_external_id(record);
    Statement insert = database.prepare(
        "INSERT INTO account (organization, name, external_id, description, is_default, active, roles, settings, "
        "created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    insert.bind(1, record.organization).bind(2, record.name).bind(3, record.external_id).bind(4, record.description);
    insert.bind(5, static_cast<std::int64_t>(record.is_default)).bind(6, static_cast<std::int64_t>(record.active));
    insert.bind(7, text_of(record.roles)).bind(8, record.settings);
    insert.bind(9, record.created_ms).bind(10, record.updated_ms).run();
    return database.last_insert_id();
  }

  std::int64_t add_user(const UserRecord& record, std::string_view password_hash, std::string_view secret) {
    refuse_taken_email(record);
    Statement insert = database.prepare(
        "INSERT INTO user (account, email, first_name, last_name, roles, active, password, secret_sha256, secret, "
        "created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, x'', ?9, ?10)");
    insert.bind(1, record.account).bind(2, record.email).bind(3, record.first_name).bind(4, record.last_name);
    insert.bind(5, text_of(record.roles)).bind(6, static_cast<std::int64_t>(record.active)).bind(7, password_hash);
    insert.bind_bytes(8, sha256(secret)).bind(9, record.created_ms).bind(10, record.updated_ms).run();
    const std::int64_t id = database.last_insert_id();
    Statement update = database.prepare("UPDATE user SET secret = ?2 WHERE id = ?1");
    update.bind(1, id).bind_bytes(2, storage->vault().seal(secret, {.purpose = user_purpose, .id = id})).run();
    return id;
  }

  /// Nobody has its secrets, and no password fits.
  void add_machine(std::int64_t now_ms) {
    const std::int64_t organization =
        add_organization({.name = "machine", .created_ms = now_ms, .updated_ms = now_ms}, new_organization_secret());
    const std::int64_t account = add_account(
        {.organization = organization, .name = "machine", .active = false, .created_ms = now_ms, .updated_ms = now_ms});
    add_user({.account = account, .email = "machine", .active = false, .created_ms = now_ms, .updated_ms = now_ms}, "",
             new_user_secret());
  }

  void refuse_taken_external_id(const AccountRecord& record) {
    if (record.external_id.empty()) return;
    Statement taken =
        database.prepare("SELECT id FROM account WHERE organization = ?1 AND external_id = ?2 AND id <> ?3");
    if (!taken.bind(1, record.organization).bind(2, record.external_id).bind(3, record.id).step()) return;
    throw Error(ErrorCode::conflict, "account.externalId: account " + std::to_string(taken.number(0)) + " has '" +
                                         record.external_id + "' already; choose another one");
  }

  void refuse_taken_email(const UserRecord& record) {
    Statement taken = database.prepare("SELECT id FROM user WHERE email = ?1 AND id <> ?2");
    if (!taken.bind(1, record.email).bind(2, record.id).step()) return;
    throw Error(ErrorCode::conflict, "user.email: another user has '" + record.email + "' already; choose another one");
  }

  void end_sessions(std::int64_t user) { database.prepare("DELETE FROM session WHERE user = ?1").bind(1, user).run(); }

  [[nodiscard]] std::string secret_in(std::string_view table, std::string_view purpose, std::int64_t id) {
    Statement statement = database.prepare("SELECT secret FROM " + std::string(table) + " WHERE id = ?1");
    if (!statement.bind(1, id).step()) {
      throw Error(ErrorCode::not_found, std::string(table) + " " + std::to_string(id) + ": there is none");
    }
    return storage->vault().open(statement.view(0), {.purpose = purpose, .id = id});
  }

  std::shared_ptr<const Storage> storage;
  const PasswordCost cost;
  const std::string nobodys_hash;  ///< Compared with where there is no user, for its time.
  std::mutex mutex;
  Database database;
};

IdentityStore::IdentityStore(std::shared_ptr<const Storage> storage, const PasswordCost& cost)
    : parts_(std::make_unique<Parts>(std::move(storage), cost)) {}
IdentityStore::~IdentityStore() = default;

std::optional<FirstSecrets> IdentityStore::bootstrap(FirstSecrets wished, std::int64_t now_ms) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  if (parts_->database.prepare("SELECT id FROM organization LIMIT 1").step()) return std::nullopt;
  parts_->add_machine(now_ms);
  if (wished.email.empty()) wished.email = "admin";
  if (wished.password.empty()) wished.password = to_hex(random_bytes(12));
  if (wished.user_secret.empty()) wished.user_secret = new_user_secret();
  if (wished.organization_secret.empty()) wished.organization_secret = new_organization_secret();
  const std::int64_t organization = parts_->add_organization(
      {.name = "Formulary", .created_ms = now_ms, .updated_ms = now_ms}, wished.organization_secret);
  const std::int64_t account = parts_->add_account({.organization = organization,
                                                    .name = "Formulary",
                                                    .external_id = "formulary",
                                                    .description = "The first account",
                                                    .is_default = true,
                                                    .created_ms = now_ms,
                                                    .updated_ms = now_ms});
  const std::int64_t user = parts_->add_user({.account = account,
                                              .email = wished.email,
                                              .first_name = "Formulary",
                                              .last_name = "Administrator",
                                              .roles = {"admin", "org-admin"},
                                              .created_ms = now_ms,
                                              .updated_ms = now_ms},
                                             hash_password(wished.password, parts_->cost), wished.user_secret);
  for (const char* table : {"instances", "formula", "formula_instance"}) {
    Statement adopt =
        parts_->database.prepare(std::string("UPDATE ") + table + " SET account = ?1, user = ?2 WHERE account = 0");
    adopt.bind(1, account).bind(2, user).run();
  }
  transaction.commit();
  return wished;
}

std::optional<OrganizationRecord> IdentityStore::organization(std::int64_t id) const {
  const std::lock_guard lock(parts_->mutex);
  Statement row =
      parts_->database.prepare("SELECT id, name, settings, created, updated FROM organization WHERE id = ?1");
  if (!row.bind(1, id).step()) return std::nullopt;
  return OrganizationRecord{.id = row.number(0),
                            .name = row.text(1),
                            .settings = row.text(2),
                            .created_ms = row.number(3),
                            .updated_ms = row.number(4)};
}

std::string IdentityStore::organization_secret(std::int64_t id) const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->secret_in("organization", organization_purpose, id);
}

bool IdentityStore::replace_organization(const OrganizationRecord& record) {
  const std::lock_guard lock(parts_->mutex);
  Statement update =
      parts_->database.prepare("UPDATE organization SET name = ?2, settings = ?3, updated = ?4 WHERE id = ?1");
  update.bind(1, record.id).bind(2, record.name).bind(3, record.settings).bind(4, record.updated_ms).run();
  return parts_->database.changed_rows() > 0;
}

std::int64_t IdentityStore::add_account(const AccountRecord& record) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  const std::int64_t id = parts_->add_account(record);
  transaction.commit();
  return id;
}

std::optional<AccountRecord> IdentityStore::account(std::int64_t id) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(account_columns) + " WHERE id = ?1");
  if (!statement.bind(1, id).step()) return std::nullopt;
  return account_of(statement);
}

std::vector<AccountRecord> IdentityStore::accounts(std::int64_t organization) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement =
      parts_->database.prepare("SELECT " + std::string(account_columns) + " WHERE organization = ?1 ORDER BY id");
  statement.bind(1, organization);
  std::vector<AccountRecord> records;
  while (statement.step()) records.push_back(account_of(statement));
  return records;
}

bool IdentityStore::replace_account(const AccountRecord& record) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  parts_->refuse_taken_external_id(record);
  Statement update = parts_->database.prepare(
      "UPDATE account SET name = ?2, external_id = ?3, description = ?4, active = ?5, settings = ?6, updated = ?7, "
      "roles = ?8 WHERE id = ?1");
  update.bind(1, record.id).bind(2, record.name).bind(3, record.external_id).bind(4, record.description);
  update.bind(5, static_cast<std::int64_t>(record.active)).bind(6, record.settings);
  update.bind(7, record.updated_ms).bind(8, text_of(record.roles)).run();
  const bool found = parts_->database.changed_rows() > 0;
  transaction.commit();
  return found;
}

bool IdentityStore::remove_account(std::int64_t id) {
  const std::lock_guard lock(parts_->mutex);
  parts_->database.prepare("DELETE FROM account WHERE id = ?1").bind(1, id).run();
  return parts_->database.changed_rows() > 0;
}

std::int64_t IdentityStore::add_user(const UserRecord& record, std::string_view password, std::string_view secret) {
  const std::string hash = password.empty() ? std::string() : hash_password(password, parts_->cost);
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  const std::int64_t id = parts_->add_user(record, hash, secret);
  transaction.commit();
  return id;
}

std::optional<UserRecord> IdentityStore::user(std::int64_t id) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(user_columns) + " FROM user WHERE id = ?1");
  if (!statement.bind(1, id).step()) return std::nullopt;
  return user_of(statement);
}

std::optional<UserRecord> IdentityStore::user_of_email(std::string_view email) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(user_columns) + " FROM user WHERE email = ?1");
  if (!statement.bind(1, email).step()) return std::nullopt;
  return user_of(statement);
}

std::vector<UserRecord> IdentityStore::users_of_account(std::int64_t account) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement =
      parts_->database.prepare("SELECT " + std::string(user_columns) + " FROM user WHERE account = ?1 ORDER BY id");
  return users_in(statement.bind(1, account));
}

std::vector<UserRecord> IdentityStore::users_of_organization(std::int64_t organization) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(user_columns) +
                                                 " FROM user JOIN account ON account.id = user.account "
                                                 "WHERE account.organization = ?1 ORDER BY user.id");
  return users_in(statement.bind(1, organization));
}

std::string IdentityStore::user_secret(std::int64_t id) const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->secret_in("user", user_purpose, id);
}

bool IdentityStore::replace_user(const UserRecord& record) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  parts_->refuse_taken_email(record);
  Statement update = parts_->database.prepare(
      "UPDATE user SET email = ?2, first_name = ?3, last_name = ?4, roles = ?5, active = ?6, updated = ?7 "
      "WHERE id = ?1");
  update.bind(1, record.id).bind(2, record.email).bind(3, record.first_name).bind(4, record.last_name);
  update.bind(5, text_of(record.roles)).bind(6, static_cast<std::int64_t>(record.active));
  update.bind(7, record.updated_ms).run();
  const bool found = parts_->database.changed_rows() > 0;
  if (!record.active) parts_->end_sessions(record.id);
  transaction.commit();
  return found;
}

bool IdentityStore::set_password(std::int64_t id, std::string_view password) {
  const std::string hash = hash_password(password, parts_->cost);
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  parts_->database.prepare("UPDATE user SET password = ?2 WHERE id = ?1").bind(1, id).bind(2, hash).run();
  const bool found = parts_->database.changed_rows() > 0;
  parts_->end_sessions(id);
  transaction.commit();
  return found;
}

bool IdentityStore::remove_user(std::int64_t id) {
  const std::lock_guard lock(parts_->mutex);
  parts_->database.prepare("DELETE FROM user WHERE id = ?1").bind(1, id).run();
  return parts_->database.changed_rows() > 0;
}

std::optional<UserRecord> IdentityStore::user_of_password(std::string_view email, std::string_view password) const {
  std::optional<UserRecord> found;
  std::string hash;
  {
    const std::lock_guard lock(parts_->mutex);
    Statement statement =
        parts_->database.prepare("SELECT " + std::string(user_columns) + ", password FROM user WHERE email = ?1");
    if (statement.bind(1, email).step()) {
      found = user_of(statement);
      hash = statement.text(10);
    }
  }
  const bool fits = password_fits(password, hash.empty() ? parts_->nobodys_hash : hash);
  if (!fits || hash.empty()) return std::nullopt;
  return found;
}

std::optional<KnownUser> IdentityStore::user_of_secret(std::string_view secret) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(user_columns) +
                                                 std::string(known_user_tables) + " WHERE user.secret_sha256 = ?1");
  return known_user_in(statement.bind_bytes(1, sha256(secret)));
}

std::optional<KnownUser> IdentityStore::user_of_session(std::string_view token, std::int64_t now_ms) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare(
      "SELECT " + std::string(user_columns) + std::string(known_user_tables) +
      " JOIN session ON session.user = user.id WHERE session.token_sha256 = ?1 AND session.expires > ?2");
  return known_user_in(statement.bind_bytes(1, sha256(token)).bind(2, now_ms));
}

std::string IdentityStore::add_session(std::int64_t user, std::int64_t now_ms, std::int64_t expires_ms) {
  std::string token = new_token();
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  parts_->database.prepare("DELETE FROM session WHERE expires <= ?1").bind(1, now_ms).run();
  Statement oldest = parts_->database.prepare(
      "DELETE FROM session WHERE token_sha256 IN "
      "(SELECT token_sha256 FROM session WHERE user = ?1 ORDER BY expires DESC LIMIT -1 OFFSET ?2)");
  oldest.bind(1, user).bind(2, sessions_max - 1).run();
  Statement insert = parts_->database.prepare("INSERT INTO session (token_sha256, user, expires) VALUES (?1, ?2, ?3)");
  insert.bind_bytes(1, sha256(token)).bind(2, user).bind(3, expires_ms).run();
  parts_->database.prepare("UPDATE user SET last_login = ?2 WHERE id = ?1").bind(1, user).bind(2, now_ms).run();
  transaction.commit();
  return token;
}

std::optional<TokenOwner> IdentityStore::owner_of_token(std::string_view token) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT id, account FROM instances WHERE token_sha256 = ?1");
  if (!statement.bind_bytes(1, sha256(token)).step()) return std::nullopt;
  return TokenOwner{.instance = statement.number(0), .account = statement.number(1)};
}

}  // namespace formulary

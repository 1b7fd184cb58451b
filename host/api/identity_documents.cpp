#include "host/api/identity_documents.hpp"

#include <chrono>

#include "host/api/roles.hpp"
#include "host/base/clock.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

template <class Record>
Record found(std::optional<Record> record, std::string_view kind, std::int64_t id) {
  if (record) return std::move(*record);
  throw Error(ErrorCode::not_found, std::string(kind) + " " + std::to_string(id) + ": there is none of that id");
}

json::value date_or_null(std::int64_t ms) {
  return ms == 0 ? json::value() : json::value(date_text(ms));
}

}  // namespace

std::string date_text(std::int64_t ms) {
  return iso8601(Clock::WallTime(std::chrono::milliseconds(ms)));
}

json::object account_document(const AccountRecord& account) {
  return {{"id", account.id},
          {"name", account.name},
          {"externalId", account.external_id},
          {"description", account.description},
          {"companyId", account.organization},
          {"active", account.active},
          {"type", account.is_default ? "default" : "manual"},
          {"defaultAccount", account.is_default},
          {"createdDate", date_text(account.created_ms)},
          {"updatedDate", date_text(account.updated_ms)}};
}

json::object user_document(const UserRecord& user) {
  return {{"id", user.id},
          {"email", user.email},
          {"firstName", user.first_name},
          {"lastName", user.last_name},
          {"fullName", user.first_name + " " + user.last_name},
          {"accountId", user.account},
          {"active", user.active},
          {"enabled", user.active},
          {"emailValid", true},
          {"accountExpired", false},
          {"accountNonExpired", true},
          {"accountLocked", false},
          {"accountNonLocked", true},
          {"credentialsExpired", false},
          {"credentialsNonExpired", true},
          {"roles", role_documents(user.roles)},
          {"createdDate", date_text(user.created_ms)},
          {"updatedDate", date_text(user.updated_ms)},
          {"lastLoginDate", date_or_null(user.last_login_ms)}};
}

json::object organization_document(const OrganizationRecord& organization) {
  return {{"id", organization.id},
          {"name", organization.name},
          {"active", true},
          {"createdDate", date_text(organization.created_ms)},
          {"updatedDate", date_text(organization.updated_ms)}};
}

json::object authenticated_user_document(const IdentityStore& store, const UserRecord& user,
                                         const AccountRecord& account) {
  const OrganizationRecord organization = known_organization(store, account.organization);
  const UserRole may = strongest(user.roles);
  return {{"id", user.id},
          {"username", user.email},
          {"firstName", user.first_name},
          {"lastName", user.last_name},
          {"accountId", account.id},
          {"accountName", account.name},
          {"organizationId", organization.id},
          {"organizationName", organization.name},
          {"accountAdmin", may >= UserRole::account_admin},
          {"organizationAdmin", may >= UserRole::organization_admin},
          {"sysAdmin", may >= UserRole::system_admin},
          {"roles", role_documents(user.roles)},
          {"twoFactor", false},
          {"registeredForTwoFactor", false},
          {"lastLoginDate", date_or_null(user.last_login_ms)},
          {"createdDate", date_text(user.created_ms)}};
}

OrganizationRecord known_organization(const IdentityStore& store, std::int64_t id) {
  return found(store.organization(id), "organization", id);
}

AccountRecord known_account(const IdentityStore& store, std::int64_t id) {
  return found(store.account(id), "account", id);
}

UserRecord known_user(const IdentityStore& store, std::int64_t id) {
  return found(store.user(id), "user", id);
}

}  // namespace formulary::api

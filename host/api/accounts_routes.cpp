#include "host/api/accounts_routes.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "host/api/identity_access.hpp"
#include "host/api/identity_documents.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t description_bytes_max = 4'096;
constexpr std::size_t settings_bytes_max = 64U << 10U;
constexpr std::string_view webhook_policy = "notification.webhook.failure.policy";

using AccountHandler = ApiAnswer (*)(const IdentityParts&, ApiRequest&, std::int64_t id);

/// {"externalId":"x","name":"…","description":"…"}: what is absent stays.
void take_account(const JsonReader& reader, AccountRecord& account) {
  take_text(reader, "externalId", account.external_id);
  take_text(reader, "name", account.name);
  account.description = reader.text_or("description", account.description);
  if (account.description.size() > description_bytes_max) {
    throw Error(ErrorCode::bad_input,
                "account.description: it is over " + std::to_string(description_bytes_max) + " bytes");
  }
}

/// The organization of the path, which has to be the principal's.
std::int64_t own_organization(const IdentityParts& parts, const ApiRequest& request) {
  const std::int64_t id = known_organization(parts.store, request.id("id")).id;
  if (id == request.principal.organization) return id;
  throw Error(ErrorCode::permission_denied, "organization " + std::to_string(id) + ": it is not yours");
}

ApiAnswer list_accounts(const IdentityParts& parts, const ApiRequest& request) {
  json::array documents;
  for (const AccountRecord& account : parts.store.accounts(request.principal.organization)) {
    const bool shown =
        request.principal.role >= UserRole::organization_admin || account.id == request.principal.account;
    if (shown) documents.push_back(account_document(account));
  }
  return answer_list(request, std::move(documents));
}

ApiAnswer create_account(const IdentityParts& parts, ApiRequest& request) {
  require_role(request.principal, UserRole::organization_admin);
  const json::object body = request.body_object();
  const JsonReader reader(body, "account");
  AccountRecord account{.organization = request.principal.organization,
                        .name = required_text(reader, "externalId"),
                        .created_ms = parts.now_ms(),
                        .updated_ms = parts.now_ms()};
  take_account(reader, account);
  account.id = parts.store.add_account(account);
  return answer_json(account_document(account));
}

ApiAnswer show_account(const IdentityParts& parts, ApiRequest& request, std::int64_t id) {
  return answer_one(request, account_document(account_in_reach(parts.store, request.principal, id)));
}

/// Writes it as inactive, so that nobody adds to it meanwhile; then ends what others keep of it. Whatever fails can be
/// tried again.
void end_account(const IdentityParts& parts, const Principal& principal, AccountRecord& account, bool for_good) {
  require_role(principal, UserRole::organization_admin);
  if (account.is_default || account.id == principal.account) {
    throw Error(ErrorCode::conflict, "account " + std::to_string(account.id) +
                                         ": it is the organization's first one, or your own; these do not end");
  }
  account.active = false;
  account.updated_ms = parts.now_ms();
  parts.store.replace_account(account);
  if (parts.account_ends) parts.account_ends({.account = account.id, .removed = for_good});
  if (for_good) parts.store.remove_account(account.id);
}

ApiAnswer change_account(const IdentityParts& parts, ApiRequest& request, std::int64_t id) {
  const json::object body = request.body_object();
  const JsonReader reader(body, "account");
  const bool for_good = request.query_flag("permanent");
  const std::lock_guard lock(*parts.changes);
  AccountRecord account = account_in_reach(parts.store, request.principal, id);
  require_role(request.principal, UserRole::account_admin);
  take_account(reader, account);
  if (!reader.flag_or("active", account.active)) {
    end_account(parts, request.principal, account, for_good);
    return answer_json(account_document(account));
  }
  if (!account.active) require_role(request.principal, UserRole::organization_admin);
  account.active = true;
  account.updated_ms = parts.now_ms();
  parts.store.replace_account(account);
  return answer_json(account_document(account));
}

ApiAnswer remove_account(const IdentityParts& parts, ApiRequest& request, std::int64_t id) {
  const std::lock_guard lock(*parts.changes);
  AccountRecord account = account_in_reach(parts.store, request.principal, id);
  end_account(parts, request.principal, account, true);
  return answer_empty();
}

ApiAnswer show_roles(const IdentityParts& parts, ApiRequest& request, std::int64_t id) {
  return answer_json(role_documents(account_in_reach(parts.store, request.principal, id).roles));
}

/// The role's key is looked at first, then the account: so clients tell a wrong word from a foreign account.
ApiAnswer change_roles(const IdentityParts& parts, const ApiRequest& request, std::int64_t id,
                       void (*change)(std::vector<std::string>&, const Role&)) {
  const Role& role = role_of_key(request.parameter("roleKey"));
  const std::lock_guard lock(*parts.changes);
  AccountRecord account = account_in_reach(parts.store, request.principal, id);
  require_may_give(request.principal, role);
  require_role(request.principal, UserRole::organization_admin);
  change(account.roles, role);
  account.updated_ms = parts.now_ms();
  parts.store.replace_account(account);
  return answer_json(role_document(role));
}

ApiAnswer put_role(const IdentityParts& parts, ApiRequest& request, std::int64_t id) {
  return change_roles(parts, request, id, give_role);
}

ApiAnswer delete_role(const IdentityParts& parts, ApiRequest& request, std::int64_t id) {
  return change_roles(parts, request, id, take_role);
}

json::object settings_of(const AccountRecord& account) {
  return parse_json(account.settings, "account.settings").as_object();
}

ApiAnswer show_settings(const IdentityParts& parts, ApiRequest& request, std::int64_t id) {
  return answer_json(settings_of(account_in_reach(parts.store, request.principal, id)));
}

void check_settings(const json::object& settings, std::size_t bytes) {
  if (bytes > settings_bytes_max) {
    throw Error(ErrorCode::limit_reached, "settings: they are over " + std::to_string(settings_bytes_max) + " bytes");
  }
  const json::value* policy = settings.if_contains(webhook_policy);
  if (policy != nullptr && *policy != json::value("retry") && *policy != json::value("queue")) {
    throw Error(ErrorCode::bad_input, "settings." + std::string(webhook_policy) + ": give \"retry\" or \"queue\"");
  }
}

/// What is absent stays; null takes a setting away.
ApiAnswer change_settings(const IdentityParts& parts, ApiRequest& request, std::int64_t id) {
  const json::object body = request.body_object();
  const std::lock_guard lock(*parts.changes);
  AccountRecord account = account_in_reach(parts.store, request.principal, id);
  require_role(request.principal, UserRole::account_admin);
  json::object settings = settings_of(account);
  for (const auto& [key, value] : body) {
    if (value.is_null()) {
      settings.erase(key);
    } else {
      settings[key] = value;
    }
  }
  account.settings = to_text(settings);
  check_settings(settings, account.settings.size());
  account.updated_ms = parts.now_ms();
  parts.store.replace_account(account);
  return answer_json(settings);
}

RouteHandler of_path(const IdentityParts& parts, const char* parameter, AccountHandler handler) {
  return [parts, parameter, handler](ApiRequest& request) {
    // What is no number is nobody's, but a wrong role's key is said first.
    if (request.parameters.contains("roleKey")) (void)role_of_key(request.parameter("roleKey"));
    return handler(parts, request, request.id(parameter));
  };
}

RouteHandler of_own(const IdentityParts& parts, AccountHandler handler) {
  return [parts, handler](ApiRequest& request) { return handler(parts, request, request.principal.account); };
}

void add_settings_routes(Router& router, const IdentityParts& parts) {
  router.add({.method = "GET",
              .pattern = "/accounts/settings",
              .summary = "The settings of the account of who asks",
              .answer = "Any",
              .handler = of_own(parts, show_settings)});
  router.add({.method = "GET",
              .pattern = "/accounts/{id}/settings",
              .summary = "The settings of an account",
              .answer = "Any",
              .handler = of_path(parts, "id", show_settings)});
  for (const char* method : {"PATCH", "POST"}) {
    router.add({.method = method,
                .pattern = "/accounts/settings",
                .summary = "Change settings of the account of who asks; null takes one away",
                .body = "Any",
                .answer = "Any",
                .failures = {413},
                .handler = of_own(parts, change_settings)});
    router.add({.method = method,
                .pattern = "/accounts/{id}/settings",
                .summary = "Change settings of an account; null takes one away",
                .body = "Any",
                .answer = "Any",
                .failures = {413},
                .handler = of_path(parts, "id", change_settings)});
  }
}

void add_role_routes(Router& router, const IdentityParts& parts) {
  router.add({.method = "GET",
              .pattern = "/accounts/{id}/roles",
              .summary = "The roles that an account was given",
              .answer = "Role[]",
              .handler = of_path(parts, "id", show_roles)});
  router.add({.method = "PUT",
              .pattern = "/accounts/{id}/roles/{roleKey}",
              .summary = "Give an account a role",
              .answer = "Role",
              .failures = {409},
              .handler = of_path(parts, "id", put_role)});
  router.add({.method = "DELETE",
              .pattern = "/accounts/{id}/roles/{roleKey}",
              .summary = "Take a role from an account",
              .answer = "Role",
              .handler = of_path(parts, "id", delete_role)});
}

void add_one_account_routes(Router& router, const IdentityParts& parts) {
  router.add({.method = "GET",
              .pattern = "/accounts/{id}",
              .summary = "One account",
              .query = {"includeInactive"},
              .answer = "Account",
              .handler = of_path(parts, "id", show_account)});
  for (const char* method : {"PUT", "PATCH"}) {
    router.add({.method = method,
                .pattern = "/accounts/{id}",
                .summary = "Change an account; active=false disables its instances, with permanent=true it is removed",
                .query = {"permanent"},
                .body = "Account",
                .answer = "Account",
                .failures = {409},
                .handler = of_path(parts, "id", change_account)});
  }
  router.add({.method = "DELETE",
              .pattern = "/accounts/{id}",
              .summary = "Remove an account, its users and its instances",
              .failures = {409},
              .handler = of_path(parts, "id", remove_account)});
}

}  // namespace

void add_accounts_routes(Router& router, const IdentityParts& parts) {
  router.add({.method = "GET",
              .pattern = "/accounts",
              .summary = "The accounts of the organization that who asks may see",
              .query = {"where", "offset", "pageSize", "nextPage", "includeInactive"},
              .answer = "Account[]",
              .handler = [parts](ApiRequest& request) { return list_accounts(parts, request); }});
  router.add({.method = "POST",
              .pattern = "/accounts",
              .summary = "Make an account",
              .body = "Account",
              .answer = "Account",
              .failures = {409},
              .handler = [parts](ApiRequest& request) { return create_account(parts, request); }});
  add_one_account_routes(router, parts);
  add_role_routes(router, parts);
  add_settings_routes(router, parts);
  router.add({.method = "GET",
              .pattern = "/organizations/{id}/accounts",
              .summary = "The accounts of the organization that who asks may see",
              .query = {"where", "pageSize", "nextPage", "includeInactive"},
              .answer = "Account[]",
              .handler = [parts](ApiRequest& request) {
                (void)own_organization(parts, request);
                return list_accounts(parts, request);
              }});
  router.add({.method = "POST",
              .pattern = "/organizations/{id}/accounts",
              .summary = "Make an account",
              .body = "Account",
              .answer = "Account",
              .failures = {409},
              .handler = [parts](ApiRequest& request) {
                (void)own_organization(parts, request);
                return create_account(parts, request);
              }});
  router.add({.method = "GET",
              .pattern = "/organizations/{id}/accounts/{accountId}",
              .summary = "One account",
              .query = {"includeInactive"},
              .answer = "Account",
              .handler = [parts](ApiRequest& request) {
                (void)own_organization(parts, request);
                return show_account(parts, request, request.id("accountId"));
              }});
}

}  // namespace formulary::api

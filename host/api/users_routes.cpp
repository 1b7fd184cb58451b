#include "host/api/users_routes.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "host/api/identity_access.hpp"
#include "host/api/identity_documents.hpp"
#include "host/api/password_policy.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

/// One of the places where users are found: the same operations below another path.
struct UserPlace {
  std::string pattern;  ///< Of the list.
  /// The account of a new one; Error as account_in_reach().
  std::function<AccountRecord(const ApiRequest&, const json::object& body)> account;
  std::function<std::vector<UserRecord>(const ApiRequest&)> list;
  std::function<UserRecord(const ApiRequest&)> find;  ///< The one that `emailOrId` names.
};

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != 0 && at != std::string_view::npos && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos && text.find_first_of(" /,;<>") == std::string_view::npos;
}

/// What is absent stays.
void take_user(const JsonReader& reader, UserRecord& user) {
  const std::string email = user.email;
  take_text(reader, "email", user.email);
  take_text(reader, "firstName", user.first_name);
  take_text(reader, "lastName", user.last_name);
  if (user.email != email && !is_email(user.email)) {
    throw Error(ErrorCode::bad_input, "user.email: it is no email address; give one like ada@example.com");
  }
}

/// [{"key":"admin"}] or ["admin"]
std::vector<std::string> roles_in(const JsonReader& reader, const Principal& principal) {
  std::vector<std::string> keys;
  if (!reader.has("roles")) return keys;
  for (const json::value& given : reader.array("roles")) {
    const json::object* object = given.if_object();
    const json::value* key = object == nullptr ? &given : object->if_contains("key");
    if (key == nullptr || !key->is_string()) {
      throw Error(ErrorCode::bad_input, "user.roles: one of them has no text `key`; give [{\"key\": \"admin\"}]");
    }
    const Role& role = role_of_key(key->get_string());
    require_may_give(principal, role);
    if (std::ranges::find(keys, role.key) == keys.end()) keys.emplace_back(role.key);
  }
  return keys;
}

ApiAnswer create_user(const IdentityParts& parts, const UserPlace& place, ApiRequest& request) {
  const json::object body = request.body_object();
  const JsonReader reader(body, "user");
  const AccountRecord account = place.account(request, body);
  require_role(request.principal, UserRole::account_admin);
  (void)required_text(reader, "email");
  UserRecord user{.account = account.id, .created_ms = parts.now_ms(), .updated_ms = parts.now_ms()};
  take_user(reader, user);
  user.roles = roles_in(reader, request.principal);
  user.active = reader.flag_or("active", true);
  std::string password = reader.text_or("password", "");
  const WipeAtExit password_guard(password);
  if (reader.has("password")) {
    password_policy(known_organization(parts.store, account.organization)).check(password, user);
  }
  std::string secret = new_user_secret();
  const WipeAtExit secret_guard(secret);
  user.id = parts.store.add_user(user, password, secret);
  json::object document = user_document(user);
  document["secret"] = secret;
  return answer_json(document);
}

ApiAnswer list_users(const UserPlace& place, const ApiRequest& request) {
  json::array documents;
  for (const UserRecord& user : place.list(request)) documents.push_back(user_document(user));
  return answer_list(request, std::move(documents));
}

/// Error(conflict) for what would lock out who asks, and with him perhaps everybody.
void refuse_self(const Principal& principal, const UserRecord& user) {
  if (user.id != principal.user) return;
  throw Error(ErrorCode::conflict, "user " + user.email + ": that is you; another administrator has to do this");
}

/// Somebody changes his own name; everything else is an administrator's.
void require_may_change(const JsonReader& reader, const Principal& principal, const UserRecord& user) {
  const bool is_own_name =
      user.id == principal.user && !reader.has("email") && !reader.has("password") && !reader.has("active");
  if (is_own_name) return;
  require_role(principal, UserRole::account_admin);
  require_not_stronger(principal, user);
}

ApiAnswer change_user(const IdentityParts& parts, const UserPlace& place, ApiRequest& request) {
  const json::object body = request.body_object();
  const JsonReader reader(body, "user");
  std::string password = reader.text_or("password", "");
  const WipeAtExit guard(password);
  const std::lock_guard lock(*parts.changes);
  UserRecord user = place.find(request);
  require_may_change(reader, request.principal, user);
  take_user(reader, user);
  user.active = reader.flag_or("active", user.active);
  if (!user.active) refuse_self(request.principal, user);
  if (reader.has("password")) {
    password_policy(known_organization(parts.store, request.principal.organization)).check(password, user);
  }
  user.updated_ms = parts.now_ms();
  parts.store.replace_user(user);
  if (reader.has("password")) parts.store.set_password(user.id, password);
  return answer_json(user_document(user));
}

ApiAnswer remove_user(const IdentityParts& parts, const UserPlace& place, const ApiRequest& request) {
  const std::lock_guard lock(*parts.changes);
  const UserRecord user = place.find(request);
  require_role(request.principal, UserRole::account_admin);
  require_not_stronger(request.principal, user);
  refuse_self(request.principal, user);
  parts.store.remove_user(user.id);
  return answer_empty();
}

/// The role's key is looked at first, then the user: so clients tell a wrong word from a foreign user.
ApiAnswer change_roles(const IdentityParts& parts, const ApiRequest& request, bool give) {
  const Role& role = role_of_key(request.parameter("roleKey"));
  const std::lock_guard lock(*parts.changes);
  UserRecord user = user_in_reach(parts.store, request.principal, request.parameter("emailOrId"));
  require_role(request.principal, UserRole::account_admin);
  require_not_stronger(request.principal, user);
  require_may_give(request.principal, role);
  if (give) {
    give_role(user.roles, role);
  } else {
    refuse_self(request.principal, user);
    take_role(user.roles, role);
  }
  user.updated_ms = parts.now_ms();
  parts.store.replace_user(user);
  return answer_json(role_document(role));
}

UserPlace users_of_account(const IdentityParts& parts) {
  const auto account = [parts](const ApiRequest& request) {
    return account_in_reach(parts.store, request.principal, request.id("id"));
  };
  return {
      .pattern = "/accounts/{id}/users",
      .account = [account](const ApiRequest& request, const json::object& /*body*/) { return account(request); },
      .list = [parts, account](const ApiRequest& request) { return parts.store.users_of_account(account(request).id); },
      .find =
          [parts, account](const ApiRequest& request) {
            const std::int64_t id = account(request).id;
            UserRecord user = user_in_reach(parts.store, request.principal, request.parameter("emailOrId"));
            if (user.account == id) return user;
            throw Error(ErrorCode::not_found,
                        "user " + user.email + ": account " + std::to_string(id) + " has no such user");
          }};
}

std::vector<UserRecord> users_in_reach(const IdentityParts& parts, const ApiRequest& request) {
  const Principal& principal = request.principal;
  return principal.role >= UserRole::organization_admin ? parts.store.users_of_organization(principal.organization)
                                                        : parts.store.users_of_account(principal.account);
}

/// A new one is made in `accountId`, or in the account of who asks.
UserPlace users_of_organization(const IdentityParts& parts) {
  return {.pattern = "/organizations/users",
          .account =
              [parts](const ApiRequest& request, const json::object& body) {
                require_role(request.principal, UserRole::organization_admin);
                const std::int64_t id = JsonReader(body, "user").integer_or("accountId", request.principal.account);
                return account_in_reach(parts.store, request.principal, id);
              },
          .list =
              [parts](const ApiRequest& request) {
                require_role(request.principal, UserRole::organization_admin);
                return users_in_reach(parts, request);
              },
          .find =
              [parts](const ApiRequest& request) {
                require_role(request.principal, UserRole::organization_admin);
                return user_in_reach(parts.store, request.principal, request.parameter("emailOrId"));
              }};
}

/// None is made there.
UserPlace users_of_principal(const IdentityParts& parts) {
  return {.pattern = "/users",
          .account = {},
          .list = [parts](const ApiRequest& request) { return users_in_reach(parts, request); },
          .find =
              [parts](const ApiRequest& request) {
                return user_in_reach(parts.store, request.principal, request.parameter("emailOrId"));
              }};
}

void add_place(Router& router, const IdentityParts& parts, const UserPlace& place, bool has_put) {
  const std::string one = place.pattern + "/{emailOrId}";
  router.add({.method = "GET",
              .pattern = place.pattern,
              .summary = "The users that who asks may see",
              .query = {"where", "pageSize", "nextPage", "includeInactive"},
              .answer = "User[]",
              .handler = [place](ApiRequest& request) { return list_users(place, request); }});
  router.add(
      {.method = "GET",
       .pattern = one,
       .summary = "One user, by email address or id",
       .query = {"includeInactive"},
       .answer = "User",
       .handler = [place](ApiRequest& request) { return answer_one(request, user_document(place.find(request))); }});
  std::vector<const char*> methods = {"PATCH"};
  if (has_put) methods.push_back("PUT");
  for (const char* method : methods) {
    router.add({.method = method,
                .pattern = one,
                .summary = "Change a user: email address, names, password, active",
                .body = "User",
                .answer = "User",
                .failures = {409},
                .handler = [parts, place](ApiRequest& request) { return change_user(parts, place, request); }});
  }
  router.add({.method = "DELETE",
              .pattern = one,
              .summary = "Remove a user",
              .failures = {409},
              .handler = [parts, place](ApiRequest& request) { return remove_user(parts, place, request); }});
  if (!place.account) return;
  router.add({.method = "POST",
              .pattern = place.pattern,
              .summary = "Make a user; the answer alone has his secret",
              .body = "User",
              .answer = "User",
              .failures = {409},
              .handler = [parts, place](ApiRequest& request) { return create_user(parts, place, request); }});
}

void add_role_routes(Router& router, const IdentityParts& parts) {
  router.add({.method = "GET",
              .pattern = "/users/{emailOrId}/roles",
              .summary = "The roles of a user",
              .answer = "Role[]",
              .handler = [parts](ApiRequest& request) {
                const std::string& who = request.parameter("emailOrId");
                return answer_json(role_documents(user_in_reach(parts.store, request.principal, who).roles));
              }});
  router.add({.method = "PUT",
              .pattern = "/users/{emailOrId}/roles/{roleKey}",
              .summary = "Give a user a role",
              .answer = "Role",
              .failures = {409},
              .handler = [parts](ApiRequest& request) { return change_roles(parts, request, true); }});
  router.add({.method = "DELETE",
              .pattern = "/users/{emailOrId}/roles/{roleKey}",
              .summary = "Take a role from a user",
              .answer = "Role",
              .failures = {409},
              .handler = [parts](ApiRequest& request) { return change_roles(parts, request, false); }});
}

}  // namespace

void add_users_routes(Router& router, const IdentityParts& parts) {
  add_place(router, parts, users_of_account(parts), true);
  add_place(router, parts, users_of_organization(parts), false);
  add_place(router, parts, users_of_principal(parts), false);
  add_role_routes(router, parts);
}

}  // namespace formulary::api

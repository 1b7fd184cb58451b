#include "host/api/authentication_routes.hpp"

#include <utility>

#include "host/api/identity_documents.hpp"
#include "host/api/password_policy.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

void refuse_inactive(const UserRecord& user, const AccountRecord& account) {
  if (user.active && account.active) return;
  throw Error(ErrorCode::permission_denied,
              "user " + user.email + ": the user or the account is not active; ask who administrates it");
}

/// {"username":"admin","password":"x"}
ApiAnswer log_in(const IdentityParts& parts, ApiRequest& request) {
  const json::value body = request.body_object();
  const JsonReader reader(body, "authentication");
  const std::string email = reader.text("username");
  std::string password = reader.text("password");
  const WipeAtExit guard(password);

  const std::string by_peer = "login:" + request.peer;
  const std::string by_name = "name:" + email.substr(0, 256);
  parts.guard.check(by_peer);
  parts.guard.check(by_name);
  const std::optional<UserRecord> user = parts.store.user_of_password(email, password);
  if (!user) {
    parts.guard.failed(by_peer);
    parts.guard.failed(by_name);
    throw Error(ErrorCode::unauthenticated, "authentication: user name and password do not belong together");
  }
  parts.guard.succeeded(by_peer);
  parts.guard.succeeded(by_name);
  const AccountRecord account = known_account(parts.store, user->account);
  refuse_inactive(*user, account);
  json::object document = authenticated_user_document(parts.store, *user, account);
  const std::int64_t life = std::chrono::milliseconds(parts.session_life).count();
  document["token"] = parts.store.add_session(user->id, parts.now_ms(), parts.now_ms() + life);
  return answer_json(document);
}

ApiAnswer show_secrets(const IdentityParts& parts, const ApiRequest& request) {
  return answer_json(json::object{
      {"userSecret", parts.store.user_secret(request.principal.user)},
      {"organizationSecret", parts.store.organization_secret(request.principal.organization)},
  });
}

/// {"currentPassword":"x","password":"y"}, of who asks.
ApiAnswer change_password(const IdentityParts& parts, ApiRequest& request) {
  const json::value body = request.body_object();
  const JsonReader reader(body, "passwordReset");
  std::string current = reader.text_or("currentPassword", reader.text_or("oldPassword", ""));
  const WipeAtExit current_guard(current);
  std::string password = reader.text_or("newPassword", reader.text_or("password", ""));
  const WipeAtExit guard(password);

  const UserRecord user = known_user(parts.store, request.principal.user);
  const std::string by_name = "name:" + user.email.substr(0, 256);
  parts.guard.check(by_name);
  if (!parts.store.user_of_password(user.email, current)) {
    parts.guard.failed(by_name);
    throw Error(ErrorCode::bad_input, "passwordReset.currentPassword: it is not the one that is set");
  }
  parts.guard.succeeded(by_name);
  password_policy(known_organization(parts.store, request.principal.organization)).check(password, user);
  parts.store.set_password(user.id, password);
  return answer_json(authenticated_user_document(parts.store, user, known_account(parts.store, user.account)));
}

}  // namespace

void add_authentication_routes(Router& router, const IdentityParts& parts) {
  router.add({.method = "POST",
              .pattern = "/authentication",
              .access = RouteAccess::open,
              .summary = "Log in: a token for Authorization: Bearer",
              .body = "Login",
              .answer = "AuthenticatedUser",
              .failures = {401, 403},
              .handler = [parts](ApiRequest& request) { return log_in(parts, request); }});
  router.add({.method = "GET",
              .pattern = "/authentication/secrets",
              .summary = "The secrets of who asks: User and Organization of the Authorization header",
              .answer = "Secrets",
              .handler = [parts](ApiRequest& request) { return show_secrets(parts, request); }});
  router.add({.method = "POST",
              .pattern = "/authentication/passwords",
              .summary = "Change the password of who asks",
              .body = "PasswordReset",
              .answer = "AuthenticatedUser",
              .handler = [parts](ApiRequest& request) { return change_password(parts, request); }});
}

}  // namespace formulary::api

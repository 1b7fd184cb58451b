#include "host/api/organizations_routes.hpp"

#include <utility>

#include "host/api/identity_access.hpp"
#include "host/api/identity_documents.hpp"
#include "host/api/password_policy.hpp"
#include "host/api/roles.hpp"

namespace formulary::api {
namespace {

OrganizationRecord organization_of(const IdentityParts& parts, const ApiRequest& request) {
  return known_organization(parts.store, request.principal.organization);
}

/// {"name":"Acme"}
ApiAnswer rename(const IdentityParts& parts, ApiRequest& request) {
  require_role(request.principal, UserRole::organization_admin);
  const json::object body = request.body_object();
  const std::string name = required_text(JsonReader(body, "organization"), "name");
  const std::lock_guard lock(*parts.changes);
  OrganizationRecord organization = organization_of(parts, request);
  organization.name = name;
  organization.updated_ms = parts.now_ms();
  parts.store.replace_organization(organization);
  return answer_json(organization_document(organization));
}

ApiAnswer list_roles() {
  json::array documents;
  for (const Role& role : roles()) documents.push_back(role_document(role));
  return answer_json(documents);
}

/// Null: the platform's own.
ApiAnswer set_password_policy(const IdentityParts& parts, const ApiRequest& request, const json::value& policy) {
  const std::lock_guard lock(*parts.changes);
  OrganizationRecord organization = organization_of(parts, request);
  json::value settings = parse_json(organization.settings, "organization.settings");
  if (policy.is_null()) {
    settings.as_object().erase("passwordPolicy");
  } else {
    settings.as_object()["passwordPolicy"] = policy;
  }
  organization.settings = to_text(settings);
  organization.updated_ms = parts.now_ms();
  parts.store.replace_organization(organization);
  return policy.is_null() ? answer_empty() : answer_json(policy);
}

ApiAnswer change_password_policy(const IdentityParts& parts, ApiRequest& request) {
  require_role(request.principal, UserRole::organization_admin);
  const json::value body = request.body_object();
  return set_password_policy(parts, request, parse_password_policy(body).document());
}

ApiAnswer reset_password_policy(const IdentityParts& parts, const ApiRequest& request) {
  require_role(request.principal, UserRole::organization_admin);
  return set_password_policy(parts, request, json::value());
}

void add_password_policy_routes(Router& router, const IdentityParts& parts) {
  router.add({.method = "GET",
              .pattern = "/organizations/password-policies",
              .summary = "What the organization demands of passwords",
              .answer = "PasswordPolicy",
              .handler = [parts](ApiRequest& request) {
                return answer_json(password_policy(organization_of(parts, request)).document());
              }});
  router.add({.method = "PUT",
              .pattern = "/organizations/password-policies",
              .summary = "Change what the organization demands of passwords that are set from now on",
              .body = "PasswordPolicy",
              .answer = "PasswordPolicy",
              .handler = [parts](ApiRequest& request) { return change_password_policy(parts, request); }});
  router.add({.method = "DELETE",
              .pattern = "/organizations/password-policies",
              .summary = "Demand what the platform demands",
              .handler = [parts](ApiRequest& request) { return reset_password_policy(parts, request); }});
}

}  // namespace

void add_organizations_routes(Router& router, const IdentityParts& parts) {
  for (const char* pattern : {"/organizations/me", "/customers/me"}) {
    router.add({.method = "GET",
                .pattern = pattern,
                .summary = "The organization of who asks",
                .answer = "Organization",
                .handler = [parts](ApiRequest& request) {
                  return answer_json(organization_document(organization_of(parts, request)));
                }});
  }
  router.add({.method = "PUT",
              .pattern = "/organizations/me",
              .summary = "Change the organization's name",
              .body = "Organization",
              .answer = "Organization",
              .handler = [parts](ApiRequest& request) { return rename(parts, request); }});
  router.add({.method = "GET",
              .pattern = "/organizations/roles",
              .summary = "The roles that there are",
              .answer = "Role[]",
              .handler = [](ApiRequest& /*request*/) { return list_roles(); }});
  add_password_policy_routes(router, parts);
}

}  // namespace formulary::api

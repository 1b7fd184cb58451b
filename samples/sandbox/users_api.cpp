#include "apis.hpp"
#include "body_check.hpp"
#include "clock.hpp"
#include "company.hpp"
#include "filters.hpp"
#include "json_patch.hpp"
#include "paging.hpp"

namespace sandbox {
namespace {

bool is_deprecated_form(const Call& call) {
  return call.route.pattern.starts_with("/users");
}

/// The deprecated document says `role` where the present one says `systemRole`.
json::object view(const Call& call, const json::object& user) {
  json::object shown = user;
  if (is_deprecated_form(call)) {
    shown["role"] = text_at(user, "systemRole.id", "STANDARD");
    shown.erase("systemRole");
  }
  return shown;
}

json::object list_item(const Call& call, const json::object& user) {
  json::object shown = view(call, user);
  shown.erase("location");
  return shown;
}

Answer list_users(Company& company, const Call& call) {
  constexpr std::size_t query_min = 3;
  const auto query = call.request.parameter("q");
  if (query && query->size() < query_min) throw call.invalid("q", "must have at least 3 characters");
  std::vector<json::object> found;
  for (const auto& [id, user] : company.users) {
    const std::string words =
        text_at(user, "firstName") + ' ' + text_at(user, "lastName") + ' ' + text_at(user, "email");
    if (contains(call, "q", words) && is_after(call, "updatedAfter", text_at(user, "updatedOn"))) {
      found.push_back(list_item(call, user));
    }
  }
  constexpr PageBounds bounds{.limit_default = 100, .limit_max = 100};
  return is_deprecated_form(call) ? offset_page(call, found, bounds) : cursor_page(call, found, bounds, company.trap);
}

/// The checks of a new user and of a changed one, in both forms.
void check_user(const Call& call, const json::object& body) {
  check_members(call, body,
                {{.path = "email", .kind = Kind::email, .required = true},
                 {.path = "firstName", .required = true, .length_min = 1, .length_max = 300},
                 {.path = "lastName", .required = true, .length_min = 1, .length_max = 300},
                 {.path = "location", .kind = Kind::object},
                 {.path = "location.countryCode", .required = true, .length_min = 2, .length_max = 2},
                 {.path = "location.city", .required = true, .length_min = 1},
                 {.path = "language", .kind = Kind::object},
                 {.path = "language.code", .required = true, .length_min = 2}});
  if (is_deprecated_form(call)) {
    check_members(call, body,
                  {{.path = "role",
                    .required = true,
                    .one_of = {"EMPLOYEE", "RESTRICTED", "STANDARD", "EXTENDED", "ADMINISTRATOR"}}});
  } else {
    check_members(call, body,
                  {{.path = "systemRole", .kind = Kind::object, .required = true},
                   {.path = "systemRole.id", .required = true, .length_min = 1}});
  }
}

void take_user_input(const Call& call, const json::object& body, json::object& user) {
  check_user(call, body);
  copy_members(body, user,
               {"email", "firstName", "lastName", "systemRole", "externalData", "ssoIdentifier", "ssoLoginMode",
                "language", "location"});
  if (is_deprecated_form(call)) user["systemRole"] = json::object{{"id", text_at(body, "role")}};
  user["updatedOn"] = now_text();
}

void check_email(const Company& company, const json::object& body, std::string_view own_id) {
  for (const auto& [id, user] : company.users) {
    if (id != own_id && text_at(user, "email") == text_at(body, "email")) {
      throw Refusal(409, "RESOURCE_ALREADY_EXIST", "a user with this email exists");
    }
  }
}

Answer create_user(Company& company, const Call& call) {
  check_room(company.users.size());
  const json::object body = call.body_object();
  json::object user{{"id", ""}, {"language", {{"code", "en"}}}, {"active", false}};
  take_user_input(call, body, user);
  check_email(company, body, {});
  const std::string id = company.make_user_id();
  user["id"] = id;
  company.users[id] = user;
  return json_answer(201, view(call, user));
}

Answer get_me(Company& company, const Call& call) {
  return json_answer(200, view(call, company.users.begin()->second));
}

Answer get_user(Company& company, const Call& call) {
  return json_answer(200, view(call, company.user(call, call.id(0))));
}

Answer patch_user(Company& company, const Call& call) {
  json::object& user = company.user(call, call.id(0));
  json::value changed = view(call, user);
  apply_json_patch(call, call.body_value(), changed);
  if (!changed.is_object()) throw call.invalid("/", "a user must stay an object");
  check_email(company, changed.as_object(), call.id(0));
  json::object kept = user;
  take_user_input(call, changed.as_object(), kept);
  user = std::move(kept);
  return json_answer(200, view(call, user));
}

Answer activate(Company& company, const Call& call) {
  json::object& user = company.user(call, call.id(0));
  if (user["active"].as_bool()) throw Refusal(409, "USER_ALREADY_ACTIVE", "the user is active already");
  user["active"] = true;
  return no_content();
}

Answer deactivate(Company& company, const Call& call) {
  company.user(call, call.id(0))["active"] = false;
  return no_content();
}

Answer list_roles(Company&, const Call&) {
  const json::array roles{json::object{{"id", "ADMINISTRATOR"}, {"name", "Administrator"}},
                          json::object{{"id", "STANDARD"}, {"name", "Standard"}}};
  return json_answer(200, {{"content", roles}});
}

}  // namespace

void add_user_routes(Router& router) {
  for (const std::string base : {"/user-api/v201804/users", "/users"}) {
    router.add("GET", base, {400, 403}, list_users);
    router.add("POST", base, {400, 403, 409, 422}, create_user);
    router.add("GET", base + "/me", {}, get_me);
    router.add("GET", base + "/{id}", {403, 404}, get_user);
    router.add("PATCH", base + "/{id}", {400, 403, 404, 409}, patch_user);
    router.add("PUT", base + "/{id}/activation", {400, 403, 404, 409}, activate);
    router.add("DELETE", base + "/{id}/activation", {403, 404}, deactivate);
  }
  router.add("DELETE", "/users/{id}", {403, 404}, deactivate);
  router.add("GET", "/user-api/v201804/system-roles", {403}, list_roles);
}

}  // namespace sandbox

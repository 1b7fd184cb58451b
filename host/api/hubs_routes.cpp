#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "host/api/account_elements.hpp"
#include "host/api/element_document.hpp"
#include "host/api/element_parts.hpp"
#include "host/api/elements_routes.hpp"
#include "host/api/paging.hpp"
#include "host/api/plain_text.hpp"
#include "host/base/error.hpp"
#include "host/element/instance_document.hpp"

namespace formulary::api {
namespace {

using Elements = std::shared_ptr<const AccountElements>;

/// Whose hubs and elements an open path shows beside the host's own: 0, nobody's, unless who asks is known.
std::int64_t account_of(const Elements& elements, const ApiRequest& request) {
  Authorizer* authorizer = elements->ports().authorizer;
  if (authorizer == nullptr || !request.header("authorization")) return 0;
  try {
    return authorizer->authorize(request).account;
  } catch (const Error& failure) {
    if (failure.code() != ErrorCode::unauthenticated) throw;
    return 0;  // these paths need no authorization
  }
}

/// All elements that may be seen by that account, or by nobody in particular.
void for_each_element(const Elements& elements, std::int64_t account,
                      const std::function<void(json::object element)>& visit) {
  if (account != 0) return elements->for_each(account, visit);
  for (const json::object& element : elements->system()) visit(element);
}

json::object hub_document(std::string_view key, std::int64_t id) {
  return {{"id", id}, {"key", key}, {"name", key}, {"description", ""}, {"active", true}};
}

using Hubs = std::map<std::string, json::object, std::less<>>;

Hubs hubs_of(const Elements& elements, std::int64_t account) {
  Hubs hubs;
  for_each_element(elements, account, [&hubs](const json::object& element) {
    const std::string key(text_member(element, "hub"));
    // As elements are numbered: the same for a key, always.
    hubs.try_emplace(key, hub_document(key, element_number("hub/" + key)));
  });
  if (account == 0) return hubs;
  for (const HubRecord& record : elements->store().hubs(account)) {
    hubs.insert_or_assign(record.key, parse_json(record.document, "hub '" + record.key + "'").as_object());
  }
  return hubs;
}

/// "GET /hubs/crm/contacts" of every element of the hub, once.
json::array resources_of(const Elements& elements, std::int64_t account, std::string_view hub) {
  std::set<std::pair<std::string, std::string>> seen;
  json::array resources;
  for_each_element(elements, account, [&](const json::object& element) {
    if (text_member(element, "hub") != hub) return;
    for (const json::value& value : list_of(element, "resources")) {
      const json::object& resource = value.get_object();
      const std::string_view method = text_member(resource, "method");
      const std::string_view path = text_member(resource, "path");
      if (text_member(resource, "type") != "api" || !seen.emplace(method, path).second) continue;
      resources.push_back(
          json::object{{"method", method}, {"path", path}, {"description", text_member(resource, "description")}});
    }
  });
  return resources;
}

const json::object& find_hub(const Hubs& hubs, const std::string& key) {
  const auto found = hubs.find(key);
  if (found != hubs.end()) return found->second;
  throw Error(ErrorCode::not_found,
              "hub '" + key.substr(0, 100) + "': there is none of that key; GET /hubs/keys lists them");
}

ApiAnswer list_hubs(const Elements& elements, const ApiRequest& request) {
  const std::int64_t account = account_of(elements, request);
  const bool is_hydrated = request.query_flag("hydrate");
  json::array shown;
  for (auto& [key, hub] : hubs_of(elements, account)) {
    json::object one = hub;
    if (is_hydrated) one["resources"] = resources_of(elements, account, key);
    shown.push_back(std::move(one));
  }
  return answer_page(std::move(shown), page_order(request));
}

ApiAnswer list_hub_keys(const Elements& elements, const ApiRequest& request) {
  json::array keys;
  for (const auto& [key, hub] : hubs_of(elements, account_of(elements, request))) keys.emplace_back(key);
  return answer_page(std::move(keys), page_order(request));
}

ApiAnswer show_hub(const Elements& elements, const ApiRequest& request) {
  return answer_json(find_hub(hubs_of(elements, account_of(elements, request)), request.parameter("key")));
}

ApiAnswer list_hub_elements(const Elements& elements, const ApiRequest& request) {
  const std::int64_t account = account_of(elements, request);
  const std::string& key = request.parameter("key");
  static_cast<void>(find_hub(hubs_of(elements, account), key));
  json::array shown;
  for_each_element(elements, account, [&](const json::object& element) {
    if (text_member(element, "hub") == key) shown.push_back(abridged_element(element));
  });
  return answer_page(std::move(shown), page_order(request));
}

ApiAnswer create_hub(const Elements& elements, ApiRequest& request) {
  const json::object posted = request.body_object();
  const std::string name = without_tags(trimmed(text_member(posted, "name")));
  const std::string_view given = text_member(posted, "key");
  const std::string key = given.empty() ? key_of_name(name) : std::string(given);
  const bool is_key = !key.empty() && key.size() <= 64 && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (!is_key || key == "keys") {
    throw Error(ErrorCode::bad_input, "body.key: give 1 to 64 of letters, digits and _ -, other than 'keys'");
  }
  if (name.size() > 255 || text_member(posted, "description").size() > 8'192 ||
      text_member(posted, "videoLink").size() > 2'048) {
    throw Error(ErrorCode::bad_input, "body: name, description or videoLink is too long; shorten it");
  }
  const std::int64_t account = request.principal.account;
  if (hubs_of(elements, account).contains(key)) {
    throw Error(ErrorCode::conflict, "hub '" + key + "': there is one of that key; choose another");
  }
  const std::int64_t id = elements->store().take_ids(1);
  json::object hub = hub_document(key, id);
  if (!name.empty()) hub["name"] = name;
  hub["description"] = text_member(posted, "description");
  if (posted.contains("videoLink")) hub["videoLink"] = text_member(posted, "videoLink");
  const json::value* active = posted.if_contains("active");
  hub["active"] = active == nullptr || *active != false;
  hub["createdDate"] = elements->now();
  elements->store().add_hub({.id = id, .account = account, .key = key, .document = to_text(hub)});
  return answer_json(hub);
}

ApiAnswer delete_hub(const Elements& elements, const ApiRequest& request) {
  const std::string& key = request.parameter("key");
  if (elements->store().remove_hub(request.principal.account, key)) return answer_empty();
  static_cast<void>(find_hub(hubs_of(elements, request.principal.account), key));
  throw Error(ErrorCode::permission_denied, "hub '" + key + "': it is there as long as an element is in it");
}

}  // namespace

void add_hub_routes(Router& router, const Elements& elements) {
  const auto add = [&router, &elements](Route route, ApiAnswer (*handle)(const Elements&, const ApiRequest&)) {
    route.method = "GET";
    route.access = RouteAccess::open;
    route.handler = [elements, handle](ApiRequest& request) { return handle(elements, request); };
    router.add(std::move(route));
  };
  add({.pattern = "/hubs",
       .summary = "Lists the hubs",
       .query = {"hydrate", "pageSize", "nextPage"},
       .answer = "Hub[]"},
      list_hubs);
  add({.pattern = "/hubs/keys", .summary = "Lists their keys", .query = {"pageSize", "nextPage"}, .answer = "string[]"},
      list_hub_keys);
  add({.pattern = "/hubs/{key}", .summary = "Shows a hub", .answer = "Hub"}, show_hub);
  add({.pattern = "/hubs/{key}/elements",
       .summary = "Lists the elements of a hub",
       .query = {"pageSize", "nextPage"},
       .answer = "Element[]"},
      list_hub_elements);
  router.add({.method = "POST",
              .pattern = "/hubs",
              .summary = "Makes a hub of the account's own",
              .body = "Hub",
              .answer = "Hub",
              .failures = {409},
              .handler = [elements](ApiRequest& request) { return create_hub(elements, request); }});
  router.add({.method = "DELETE",
              .pattern = "/hubs/{key}",
              .summary = "Deletes a hub of the account's own",
              .handler = [elements](ApiRequest& request) { return delete_hub(elements, request); }});
}

}  // namespace formulary::api

#include "host/api/instances_routes.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "host/api/instance_configuration.hpp"
#include "host/api/paging.hpp"
#include "host/api/plain_text.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

/// Names and tags as they are kept.
std::vector<std::string> tags_in(const json::object& body) {
  std::vector<std::string> tags;
  const json::value* given = body.if_contains("tags");
  if (given == nullptr || given->is_null()) return tags;
  if (!given->is_array()) throw Error(ErrorCode::bad_input, "body.tags: it is no array; give texts in one");
  for (const json::value& tag : given->get_array()) {
    if (!tag.is_string()) throw Error(ErrorCode::bad_input, "body.tags: one of them is no text");
    tags.push_back(without_tags(tag.get_string()));
  }
  return tags;
}

/// `element.key` or `element.id`, or what the path says.
std::string element_named_in(const json::object& body) {
  const json::value* element = body.if_contains("element");
  if (element == nullptr || !element->is_object()) {
    throw Error(ErrorCode::bad_input,
                "body.element: missing; say which: {\"element\": {\"key\": \"smartrecruiters\"}}");
  }
  const json::object& named = element->get_object();
  if (const json::value* key = named.if_contains("key"); key != nullptr && key->is_string()) {
    return std::string(key->get_string());
  }
  if (const json::value* id = named.if_contains("id"); id != nullptr && id->is_int64()) {
    return std::to_string(id->get_int64());
  }
  throw Error(ErrorCode::bad_input, "body.element: it has neither a text `key` nor a number `id`; give one");
}

json::object configuration_in(const json::object& body) {
  const json::value* configuration = body.if_contains("configuration");
  if (configuration == nullptr || configuration->is_null()) return {};
  if (!configuration->is_object()) {
    throw Error(ErrorCode::bad_input, "body.configuration: it is no object; give values by key");
  }
  return configuration->get_object();
}

InstanceDraft draft_in(const json::object& body, std::string element_key) {
  const JsonReader reader(body, "body");
  InstanceDraft draft;
  draft.element_key = std::move(element_key);
  draft.name = without_tags(reader.text("name"));
  draft.tags = tags_in(body);
  if (draft.tags.empty()) draft.tags.push_back(draft.name);
  draft.configuration = configuration_in(body);
  return draft;
}

bool has_tag(const json::object& document, std::string_view tag) {
  const json::value* tags = document.if_contains("tags");
  if (tags == nullptr || !tags->is_array()) return false;
  return std::any_of(tags->get_array().begin(), tags->get_array().end(),
                     [tag](const json::value& one) { return one.is_string() && one.get_string() == tag; });
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

/// Name, id, element and tags are searched.
bool matches(const json::object& document, std::string_view search) {
  const std::string name(document.at("name").as_string());
  const json::object& element = document.at("element").as_object();
  const std::string key(element.at("key").as_string());
  const json::value* tags = document.if_contains("tags");
  return contains_ignoring_case(name, search) || contains_ignoring_case(key, search) ||
         std::to_string(document.at("id").as_int64()) == search ||
         (tags != nullptr && contains_ignoring_case(to_text(*tags), search));
}

/// The handlers' common part.
class InstanceRoutes {
 public:
  explicit InstanceRoutes(InstancePorts ports) : ports_(std::move(ports)) {}

  ApiAnswer create(ApiRequest& request, const std::string& element) const {
    json::object body = request.body_object();
    const std::string named = element.empty() ? element_named_in(body) : element;
    const InstanceDraft draft = draft_in(body, ports_.element_key(named, request.principal));
    InstanceOwner owner = ports_.owner ? ports_.owner(request.principal) : InstanceOwner{};
    owner.account = request.principal.account;
    owner.user = request.principal.user;
    owner.may_repeat_name = true;
    return answer_json(ports_.instances->create(draft, {}, ports_.call_context(request), owner));
  }

  ApiAnswer list(ApiRequest& request, const std::string& element) const {
    const auto search = request.query_value("searchText");
    const std::vector<std::string_view> tags = request.query_values("tags[]");
    const PageOrder order = page_order(request);
    json::array found;
    for (json::object& document : ports_.instances->list(request.principal.account)) {
      const bool of_element = element.empty() || document.at("element").as_object().at("key") == json::value(element);
      const bool tagged =
          std::all_of(tags.begin(), tags.end(), [&](std::string_view tag) { return has_tag(document, tag); });
      if (of_element && tagged && (!search || matches(document, *search))) found.push_back(std::move(document));
    }
    if (found.empty() && (search || !tags.empty())) {
      // Said in these words, clients take it for an empty list. Source: CONTRACT 1.1, "Error body".
      throw Error(ErrorCode::not_found, "No element instances found");
    }
    return answer_page(std::move(found), order);
  }

  ApiAnswer count(const ApiRequest& request) const {
    json::object by_element;
    std::int64_t total = 0;
    for (const InstanceRecord& record : ports_.store->instances(request.principal.account)) {
      json::value& at = by_element[record.element_key];
      at = (at.is_int64() ? at.get_int64() : 0) + 1;
      ++total;
    }
    return answer_json(json::object{{"totalInstances", total}, {"elementInstances", by_element}});
  }

  ApiAnswer show(const ApiRequest& request, std::int64_t id) const {
    const InstanceRecord record = instance_of_account(*ports_.store, id, request.principal);
    return answer_json(ports_.instances->show(record.id, true));
  }

  ApiAnswer change(ApiRequest& request, std::int64_t id) const {
    const InstanceRecord record = instance_of_account(*ports_.store, id, request.principal);
    const json::value body = request.body_json();
    InstancePatch patch;
    if (body.is_object()) {
      const json::object& given = body.get_object();
      if (given.contains("name")) patch.name = without_tags(JsonReader(given, "body").text("name"));
      if (given.contains("tags")) patch.tags = tags_in(given);
      patch.configuration = configuration_in(given);
    } else if (!body.is_null()) {
      throw Error(ErrorCode::bad_input, "body: it is no JSON object; send what is to change: {\"tags\": [\"x\"]}");
    }
    return answer_json(ports_.instances->update(record.id, patch, ports_.call_context(request)));
  }

  ApiAnswer remove(const ApiRequest& request, std::int64_t id) const {
    const InstanceRecord record = instance_of_account(*ports_.store, id, request.principal);
    ports_.instances->remove(record.id);
    return answer_empty();
  }

  ApiAnswer set_enabled(const ApiRequest& request, std::int64_t id, bool enabled) const {
    const InstanceRecord record = instance_of_account(*ports_.store, id, request.principal);
    ports_.instances->set_disabled(record.id, !enabled);
    return answer_empty();
  }

  ApiAnswer configuration(const ApiRequest& request, std::int64_t id) const {
    return answer_json(entries(request, id));
  }

  ApiAnswer configuration_entry(const ApiRequest& request, std::int64_t id) const {
    return answer_json(find_configuration_entry(entries(request, id), request.parameter("configId")));
  }

  ApiAnswer change_entry(ApiRequest& request, std::int64_t id) const {
    const std::string& named = request.parameter("configId");
    const json::object entry = find_configuration_entry(entries(request, id), named);
    const json::object body = request.body_object();
    const json::value* value = body.if_contains("propertyValue");
    if (value == nullptr) throw Error(ErrorCode::bad_input, "body.propertyValue: missing; give the new value");
    InstancePatch patch;
    patch.configuration[entry.at("key").as_string()] = *value;
    (void)ports_.instances->update(id, patch, ports_.call_context(request));
    return answer_json(find_configuration_entry(entries(request, id), named));
  }

  ApiAnswer nothing_yet(const ApiRequest& request, std::int64_t id) const {
    (void)instance_of_account(*ports_.store, id, request.principal);
    return answer_empty();
  }

  [[nodiscard]] std::string element_key(const ApiRequest& request) const {
    return ports_.element_key(request.parameter("keyOrId"), request.principal);
  }

 private:
  [[nodiscard]] json::array entries(const ApiRequest& request, std::int64_t id) const {
    const InstanceRecord record = instance_of_account(*ports_.store, id, request.principal);
    return configuration_entries(ports_.instances->show(record.id, false),
                                 ports_.instances->manifest(record.element_key));
  }

  InstancePorts ports_;
};

using Shared = std::shared_ptr<const InstanceRoutes>;
using OneHandler = std::function<ApiAnswer(const InstanceRoutes&, ApiRequest&, std::int64_t id)>;

/// The same under /instances/{id} and, for the instance whose token comes along, under /instances.
void add_both(Router& router, const Shared& routes, const Route& route, const OneHandler& handler) {
  Route by_id = route;
  by_id.pattern = "/instances/{id}" + route.pattern;
  by_id.handler = [routes, handler](ApiRequest& request) { return handler(*routes, request, request.id("id")); };
  router.add(std::move(by_id));
  Route by_token = route;
  by_token.pattern = "/instances" + route.pattern;
  by_token.access = RouteAccess::element;
  by_token.handler = [routes, handler](ApiRequest& request) {
    return handler(*routes, request, request.principal.instance.value_or(0));
  };
  router.add(std::move(by_token));
}

void add_one_routes(Router& router, const Shared& routes) {
  for (const char* method : {"PUT", "PATCH"}) {
    add_both(router, routes,
             {.method = method,
              .summary = "Change name, tags or configuration; credentials are proved again",
              .body = "ElementInstance",
              .answer = "ElementInstance",
              .failures = {502, 504}},
             [](const InstanceRoutes& self, ApiRequest& request, std::int64_t id) { return self.change(request, id); });
  }
  add_both(router, routes, {.method = "DELETE", .summary = "Delete the instance and its secrets"},
           [](const InstanceRoutes& self, ApiRequest& request, std::int64_t id) { return self.remove(request, id); });
  add_both(router, routes, {.method = "PUT", .pattern = "/enabled", .summary = "Let it take calls again"},
           [](const InstanceRoutes& self, ApiRequest& request, std::int64_t id) {
             return self.set_enabled(request, id, true);
           });
  add_both(router, routes, {.method = "DELETE", .pattern = "/enabled", .summary = "Let it take no calls"},
           [](const InstanceRoutes& self, ApiRequest& request, std::int64_t id) {
             return self.set_enabled(request, id, false);
           });
  for (const char* method : {"PUT", "DELETE"}) {
    add_both(
        router, routes,
        {.method = method, .pattern = "/trace-logging", .summary = "Accepted; every call is logged as it is"},
        [](const InstanceRoutes& self, ApiRequest& request, std::int64_t id) { return self.nothing_yet(request, id); });
  }
}

void add_configuration_routes(Router& router, const Shared& routes) {
  add_both(
      router, routes,
      {.method = "GET",
       .pattern = "/configuration",
       .summary = "Its configuration, secrets masked",
       .answer = "ElementInstanceConfig[]"},
      [](const InstanceRoutes& self, ApiRequest& request, std::int64_t id) { return self.configuration(request, id); });
  add_both(router, routes,
           {.method = "GET",
            .pattern = "/configuration/{configId}",
            .summary = "One entry, by its id or key",
            .answer = "ElementInstanceConfig"},
           [](const InstanceRoutes& self, ApiRequest& request, std::int64_t id) {
             return self.configuration_entry(request, id);
           });
  add_both(
      router, routes,
      {.method = "PATCH",
       .pattern = "/configuration/{configId}",
       .summary = "Change one entry",
       .body = "ElementInstanceConfigUpdate",
       .answer = "ElementInstanceConfig",
       .failures = {502, 504}},
      [](const InstanceRoutes& self, ApiRequest& request, std::int64_t id) { return self.change_entry(request, id); });
}

}  // namespace

InstanceRecord instance_of_account(Store& store, std::int64_t id, const Principal& principal) {
  std::optional<InstanceRecord> record = store.shown_instance(id);
  if (record && record->account == principal.account) return std::move(*record);
  throw Error(ErrorCode::not_found, "element instance " + std::to_string(id) +
                                        ": the account has none of that id; GET /instances shows those that it has");
}

void add_instances_routes(Router& router, const InstancePorts& ports) {
  const auto routes = std::make_shared<const InstanceRoutes>(ports);
  router.add({.method = "POST",
              .pattern = "/instances",
              .summary = "Authenticate an instance of an element",
              .body = "ElementInstance",
              .answer = "ElementInstance",
              .failures = {429, 502, 503, 504},
              .handler = [routes](ApiRequest& request) { return routes->create(request, {}); }});
  router.add({.method = "GET",
              .pattern = "/instances",
              .summary = "The account's instances; with an element token, that one",
              .query = {"tags[]", "searchText", "hydrate", "pageSize", "nextPage"},
              .answer = "ElementInstance|ElementInstance[]",
              .handler = [routes](ApiRequest& request) {
                const auto instance = request.principal.instance;
                return instance ? routes->show(request, *instance) : routes->list(request, {});
              }});
  router.add({.method = "GET",
              .pattern = "/instances/count",
              .summary = "How many instances there are, by element",
              .handler = [routes](ApiRequest& request) { return routes->count(request); }});
  router.add({.method = "GET",
              .pattern = "/instances/{id}",
              .summary = "One instance",
              .answer = "ElementInstance",
              .handler = [routes](ApiRequest& request) { return routes->show(request, request.id("id")); }});
  add_one_routes(router, routes);
  add_configuration_routes(router, routes);
  router.add(
      {.method = "POST",
       .pattern = "/elements/{keyOrId}/instances",
       .summary = "Authenticate an instance of that element",
       .body = "ElementInstance",
       .answer = "ElementInstance",
       .failures = {429, 502, 503, 504},
       .handler = [routes](ApiRequest& request) { return routes->create(request, routes->element_key(request)); }});
  router.add(
      {.method = "GET",
       .pattern = "/elements/{keyOrId}/instances",
       .summary = "The account's instances of that element",
       .query = {"tags[]", "searchText", "pageSize", "nextPage"},
       .answer = "ElementInstance[]",
       .handler = [routes](ApiRequest& request) { return routes->list(request, routes->element_key(request)); }});
  router.add({.method = "GET",
              .pattern = "/elements/{keyOrId}/instances/{id}",
              .summary = "One instance of that element",
              .answer = "ElementInstance",
              .handler = [routes](ApiRequest& request) { return routes->show(request, request.id("id")); }});
  router.add({.method = "PUT",
              .pattern = "/elements/{keyOrId}/instances/{id}",
              .summary = "Change one instance of that element",
              .body = "ElementInstance",
              .answer = "ElementInstance",
              .failures = {502, 504},
              .handler = [routes](ApiRequest& request) { return routes->change(request, request.id("id")); }});
  router.add({.method = "DELETE",
              .pattern = "/elements/{keyOrId}/instances/{id}",
              .summary = "Delete one instance of that element",
              .handler = [routes](ApiRequest& request) { return routes->remove(request, request.id("id")); }});
}

}  // namespace formulary::api

#include <algorithm>
#include <utility>

#include "host/api/account_elements.hpp"
#include "host/api/element_document.hpp"
#include "host/api/element_parts.hpp"
#include "host/api/elements_routes.hpp"
#include "host/api/paging.hpp"
#include "host/api/request_json.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

using Elements = std::shared_ptr<const AccountElements>;
using Extendable = AccountElements::Extendable;

/// What a part is made in: its element, and the resource or object that holds it (else the element again). Of a
/// plugin's element both are what the account added.
struct PartPlace {
  const json::object* element = nullptr;
  std::string hub;
  std::int64_t element_id = 0;
  std::int64_t holder_id = 0;
};

/// One kind of thing in an element: what its five routes have in common.
struct PartKind {
  std::string holders;  ///< "resources": it is in one of these; empty: in the element itself.
  std::string list;     ///< "hooks"
  std::string noun;     ///< "hook"
  std::string schema;   ///< Of its documents.
  Extendable extendable = Extendable::no;
  bool has_key = false;  ///< Named by `key` in paths, not by id.
  json::object (*make)(json::object posted, const PartPlace& place, PartMaking& making) = nullptr;

  [[nodiscard]] std::string base() const {
    return "/elements/{keyOrId}/" + (holders.empty() ? "" : holders + "/{holder}/") + list;
  }
};

[[noreturn]] void refuse_missing(const std::string& noun, std::string_view name) {
  throw Error(ErrorCode::not_found,
              noun + " '" + std::string(name.substr(0, 100)) + "': the element has none of that id");
}

json::array& list_in(json::object& holder, std::string_view name) {
  json::value& list = holder[name];
  if (!list.is_array()) list = json::array();
  return list.get_array();
}

json::array::iterator find_part(json::array& list, const PartKind& kind, std::string_view name) {
  return std::find_if(list.begin(), list.end(), [&kind, name](const json::value& part) {
    const json::object& one = part.get_object();
    return kind.has_key ? text_member(one, "key") == name : std::to_string(id_member(one)) == name;
  });
}

/// The object whose list the part is in. Error(not_found) if the path names one that is not there: of a plugin's
/// element that is also one of its own, which an account does not change.
json::object& holder_in(json::object& document, const PartKind& kind, const ApiRequest& request) {
  if (kind.holders.empty()) return document;
  const std::string& name = request.parameter("holder");
  json::array& list = list_in(document, kind.holders);
  const auto found = find_part(list, {.holders = {}, .list = kind.holders}, name);
  if (found == list.end()) refuse_missing(kind.holders, name);
  return found->get_object();
}

PartPlace place_of(const AccountElements::Found& element, const json::object& document, const json::object& holder) {
  return {.element = &document,
          .hub = std::string(text_member(element.document, "hub")),
          .element_id = element.id,
          .holder_id = id_member(holder)};
}

/// One resource answers a method and path; a chain's links are the exception, which are found by their ids.
void check_resource_is_new(const json::object& element, const json::object& resource) {
  if (text_member(resource, "type") != "api") return;
  const json::array& resources = list_of(element, "resources");
  const auto same = std::find_if(resources.begin(), resources.end(), [&resource](const json::value& other) {
    const json::object& one = other.get_object();
    return text_member(one, "type") == "api" && text_member(one, "method") == text_member(resource, "method") &&
           text_member(one, "path") == text_member(resource, "path") && id_member(one) != id_member(resource);
  });
  if (same == resources.end()) return;
  throw Error(ErrorCode::conflict, "resource " + std::string(text_member(resource, "method")) + " " +
                                       std::string(text_member(resource, "path")) +
                                       ": the element has one of that method and path; change that one");
}

void check_is_new(const PartKind& kind, const AccountElements::Found& element, const json::object& document,
                  const json::object& holder, const json::object& made) {
  if (kind.list == "resources") {
    check_resource_is_new(document, made);
    if (element.is_system) check_resource_is_new(element.document, made);
  }
  if (!kind.has_key) return;
  for (const json::value& other : list_of(holder, kind.list)) {
    if (text_member(other.get_object(), "key") != text_member(made, "key")) continue;
    throw Error(ErrorCode::conflict, kind.noun + " '" + std::string(text_member(made, "key")) +
                                         "': the element has one of that key; change it with PUT");
  }
}

void check_room(const json::array& list, const std::string& noun) {
  if (list.size() < element_list_max) return;
  throw Error(ErrorCode::limit_reached, noun + ": the element has " + std::to_string(element_list_max) +
                                            " of them, which is as many as it may; delete one first");
}

/// What is shown of a part: secrets masked.
json::value shown_part(const PartKind& kind, const json::object& part) {
  if (!kind.has_key) return part;
  json::object holder{{"configuration", json::array{part}}};
  mask_defaults(holder);
  return holder.at("configuration").at(0);
}

ApiAnswer list_parts(const Elements& elements, const PartKind& kind, const ApiRequest& request) {
  AccountElements::Found found = elements->find(request);
  const bool account_only = kind.extendable == Extendable::yes && request.query_flag("accountOnly");
  json::object& document = account_only && found.is_system ? found.extension : found.document;
  json::array shown;
  for (const json::value& part : list_in(holder_in(document, kind, request), kind.list)) {
    shown.push_back(shown_part(kind, part.get_object()));
  }
  return answer_page(std::move(shown), page_order(request, 5'000));
}

ApiAnswer show_part(const Elements& elements, const PartKind& kind, const ApiRequest& request) {
  AccountElements::Found found = elements->find(request);
  json::array& list = list_in(holder_in(found.document, kind, request), kind.list);
  const std::string& name = request.parameter("part");
  const auto part = find_part(list, kind, name);
  if (part == list.end()) refuse_missing(kind.noun, name);
  return answer_json(shown_part(kind, part->get_object()));
}

ApiAnswer add_part(const Elements& elements, const PartKind& kind, ApiRequest& request) {
  const AccountElements::Found found = elements->find(request);
  if (found.is_system && kind.extendable == Extendable::no) refuse_system_element(found.key);
  json::object posted = request.body_object();
  posted.erase("id");
  const std::int64_t first = elements->store().take_ids(count_parts(posted));
  return answer_json(elements->change(request, kind.extendable, [&](json::object& document) {
    json::object& holder = holder_in(document, kind, request);
    PartMaking making(first, elements->now(), request.principal.account);
    json::object made = kind.make(std::move(posted), place_of(found, document, holder), making);
    check_is_new(kind, found, document, holder, made);
    json::array& list = list_in(holder, kind.list);
    check_room(list, kind.noun);
    list.push_back(std::move(made));
    return shown_part(kind, list.back().get_object());
  }));
}

ApiAnswer replace_part(const Elements& elements, const PartKind& kind, ApiRequest& request) {
  const AccountElements::Found found = elements->find(request);
  if (found.is_system && kind.extendable == Extendable::no) refuse_system_element(found.key);
  json::object posted = request.body_object();
  const std::int64_t first = elements->store().take_ids(count_parts(posted));
  return answer_json(elements->change(request, kind.extendable, [&](json::object& document) {
    json::object& holder = holder_in(document, kind, request);
    json::array& list = list_in(holder, kind.list);
    const std::string& name = request.parameter("part");
    const auto part = find_part(list, kind, name);
    if (part == list.end()) refuse_missing(kind.noun, name);
    PartMaking making(first, elements->now(), request.principal.account);
    json::object before{{kind.has_key ? "configuration" : "parameters", json::array{*part}}};
    making.know(before);
    posted["id"] = id_member(part->get_object());
    if (kind.has_key) posted["key"] = name;
    json::object made = kind.make(std::move(posted), place_of(found, document, holder), making);
    if (kind.list == "resources") check_is_new(kind, found, document, holder, made);
    *part = std::move(made);
    return shown_part(kind, part->get_object());
  }));
}

ApiAnswer delete_part(const Elements& elements, const PartKind& kind, const ApiRequest& request) {
  elements->change(request, kind.extendable, [&](json::object& document) {
    json::array& list = list_in(holder_in(document, kind, request), kind.list);
    const std::string& name = request.parameter("part");
    const auto part = find_part(list, kind, name);
    if (part == list.end()) refuse_missing(kind.noun, name);
    list.erase(part);
    return json::value();
  });
  return answer_empty();
}

std::vector<PartKind> part_kinds() {
  const auto field = [](json::object posted, const PartPlace& /*place*/, PartMaking& making) {
    return make_field(std::move(posted), making, "body");
  };
  const auto object = [](json::object posted, const PartPlace& /*place*/, PartMaking& making) {
    return make_object(std::move(posted), making, "body");
  };
  return {
      {.list = "configuration",
       .noun = "configuration",
       .schema = "Configuration",
       .has_key = true,
       .make = [](json::object posted, const PartPlace& /*place*/,
                  PartMaking& making) { return make_configuration(std::move(posted), making, "body"); }},
      {.list = "parameters",
       .noun = "parameter",
       .schema = "Parameter",
       .make =
           [](json::object posted, const PartPlace& place, PartMaking& making) {
             return make_parameter(std::move(posted), "elementId", place.element_id, making, "body");
           }},
      {.list = "hooks",
       .noun = "hook",
       .schema = "Hook",
       .make =
           [](json::object posted, const PartPlace& place, PartMaking& making) {
             return make_hook(std::move(posted), "elementId", place.element_id, making, "body");
           }},
      {.list = "objects", .noun = "object", .schema = "ElementObject", .extendable = Extendable::yes, .make = object},
      {.holders = "objects",
       .list = "fields",
       .noun = "field",
       .schema = "Field",
       .extendable = Extendable::yes,
       .make = field},
      {.list = "models", .noun = "model", .schema = "ElementObject", .extendable = Extendable::yes, .make = object},
      {.holders = "models",
       .list = "fields",
       .noun = "field",
       .schema = "Field",
       .extendable = Extendable::yes,
       .make = field},
      {.list = "resources",
       .noun = "resource",
       .schema = "Resource",
       .extendable = Extendable::yes,
       .make = [](json::object posted, const PartPlace& place,
                  PartMaking& making) { return make_resource(std::move(posted), place.hub, making, "body"); }},
      {.holders = "resources",
       .list = "parameters",
       .noun = "parameter",
       .schema = "Parameter",
       .extendable = Extendable::yes,
       .make =
           [](json::object posted, const PartPlace& place, PartMaking& making) {
             return make_parameter(std::move(posted), "resourceId", place.holder_id, making, "body");
           }},
      {.holders = "resources",
       .list = "hooks",
       .noun = "hook",
       .schema = "Hook",
       .extendable = Extendable::yes,
       .make = [](json::object posted, const PartPlace& place, PartMaking& making) {
         return make_hook(std::move(posted), "resourceId", place.holder_id, making, "body");
       }}};
}

void add_routes_of(Router& router, const Elements& elements, const PartKind& given) {
  const auto kind = std::make_shared<const PartKind>(given);
  const std::string base = kind->base();
  const std::string of = kind->noun + " of an element" + (kind->holders.empty() ? "" : "'s " + kind->holders);
  router.add({.method = "GET",
              .pattern = base,
              .summary = "Lists each " + of,
              .query = kind->extendable == Extendable::yes
                           ? std::vector<std::string>{"accountOnly", "pageSize", "nextPage"}
                           : std::vector<std::string>{"pageSize", "nextPage"},
              .answer = kind->schema + "[]",
              .handler = [elements, kind](ApiRequest& request) { return list_parts(elements, *kind, request); }});
  router.add({.method = "POST",
              .pattern = base,
              .summary = "Adds one " + of,
              .body = kind->schema,
              .answer = kind->schema,
              .failures = {409, 413},
              .handler = [elements, kind](ApiRequest& request) { return add_part(elements, *kind, request); }});
  router.add({.method = "GET",
              .pattern = base + "/{part}",
              .summary = "Shows one " + of,
              .answer = kind->schema,
              .handler = [elements, kind](ApiRequest& request) { return show_part(elements, *kind, request); }});
  router.add({.method = "PUT",
              .pattern = base + "/{part}",
              .summary = "Replaces one " + of,
              .body = kind->schema,
              .answer = kind->schema,
              .failures = {409, 413},
              .handler = [elements, kind](ApiRequest& request) { return replace_part(elements, *kind, request); }});
  router.add({.method = "DELETE",
              .pattern = base + "/{part}",
              .summary = "Deletes one " + of,
              .handler = [elements, kind](ApiRequest& request) { return delete_part(elements, *kind, request); }});
}

/// PUT /models: one or several, each in place of the one of its name if there is one.
ApiAnswer put_models(const Elements& elements, ApiRequest& request) {
  json::value posted = parse_request_json(request.body_text());
  const bool is_one = posted.is_object();
  if (is_one) posted = json::array{std::move(posted)};
  if (!posted.is_array()) throw Error(ErrorCode::bad_input, "body: neither a model nor a list of models");
  const std::int64_t first = elements->store().take_ids(count_parts(posted));
  return answer_json(elements->change(request, Extendable::yes, [&](json::object& document) {
    json::array& models = list_in(document, "models");
    PartMaking making(first, elements->now(), request.principal.account);
    const json::object before{{"models", models}};
    making.know(before);
    json::array made;
    for (json::value& one : posted.get_array()) {
      if (!one.is_object()) throw Error(ErrorCode::bad_input, "body: a model that is not an object");
      json::object& model = one.get_object();
      const std::string name(text_member(model, "name"));
      const auto same = std::find_if(models.begin(), models.end(), [&name](const json::value& other) {
        return text_member(other.get_object(), "name") == name;
      });
      model.erase("id");
      if (same != models.end()) model["id"] = id_member(same->get_object());
      json::object complete = make_object(std::move(model), making, "body");
      made.push_back(complete);
      if (same == models.end()) {
        check_room(models, "model");
        models.push_back(std::move(complete));
      } else {
        *same = std::move(complete);
      }
    }
    return is_one ? made.at(0) : json::value(made);
  }));
}

/// PUT /configurations: all entries of an element, or an element with them.
ApiAnswer put_configurations(const Elements& elements, ApiRequest& request) {
  json::value posted = parse_request_json(request.body_text());
  if (const json::object* element = posted.if_object(); element != nullptr && element->contains("configuration")) {
    posted = json::value(element->at("configuration"));
  }
  const bool is_list = posted.is_array();
  json::array entries = is_list ? std::move(posted.get_array()) : json::array();
  if (entries.size() > element_list_max) {
    throw Error(ErrorCode::bad_input, "body: more than " + std::to_string(element_list_max) + " entries");
  }
  const std::int64_t first = elements->store().take_ids(count_parts(entries) + 1);
  return answer_json(elements->change(request, Extendable::no, [&](json::object& document) {
    if (!is_list) {  // else nothing would be left of what there is
      throw Error(ErrorCode::bad_input, "body: neither a list of configuration entries nor an element that has one");
    }
    PartMaking making(first, elements->now(), request.principal.account);
    making.know(document);
    json::array made;
    for (std::size_t at = 0; at < entries.size(); ++at) {
      const std::string where = "body[" + std::to_string(at) + "]";
      if (!entries[at].is_object()) throw Error(ErrorCode::bad_input, where + ": not an object");
      made.push_back(make_configuration(std::move(entries[at].get_object()), making, where));
    }
    document["configuration"] = std::move(made);
    json::object shown = document;
    mask_defaults(shown);
    return json::value(std::move(shown));
  }));
}

const PartKind& resource_models() {
  static const PartKind kind{.holders = "resources", .list = "models", .noun = "model"};
  return kind;
}

ApiAnswer show_resource_model(const Elements& elements, const ApiRequest& request) {
  AccountElements::Found found = elements->find(request);
  const json::object& resource = holder_in(found.document, resource_models(), request);
  const json::value* model = resource.if_contains("model");
  if (model == nullptr || model->is_null()) {
    throw Error(ErrorCode::not_found, "No model of resource " + request.parameter("holder") + " found");
  }
  return answer_json(*model);
}

ApiAnswer put_resource_model(const Elements& elements, ApiRequest& request) {
  json::object model = make_resource_model(request.body_object(), "body");
  return answer_json(elements->change(request, Extendable::yes, [&](json::object& document) {
    json::object& resource = holder_in(document, resource_models(), request);
    resource["model"] = model;
    return json::value(model);
  }));
}

ApiAnswer delete_resource_model(const Elements& elements, const ApiRequest& request) {
  elements->change(request, Extendable::yes, [&](json::object& document) {
    holder_in(document, resource_models(), request).erase("model");
    return json::value();
  });
  return answer_empty();
}

}  // namespace

void add_element_part_routes(Router& router, const Elements& elements) {
  for (const PartKind& kind : part_kinds()) add_routes_of(router, elements, kind);
  router.add({.method = "PUT",
              .pattern = "/elements/{keyOrId}/configurations",
              .summary = "Replaces the whole configuration of an element",
              .body = "Configuration[]",
              .answer = "Element",
              .failures = {413},
              .handler = [elements](ApiRequest& request) { return put_configurations(elements, request); }});
  router.add({.method = "PUT",
              .pattern = "/elements/{keyOrId}/models",
              .summary = "Adds a model, or replaces the one of its name",
              .body = "ElementObject",
              .answer = "ElementObject",
              .failures = {413},
              .handler = [elements](ApiRequest& request) { return put_models(elements, request); }});
  const std::string models = resource_models().base();
  router.add({.method = "GET",
              .pattern = models,
              .summary = "Shows the model of a resource",
              .answer = "ResourceModel",
              .handler = [elements](ApiRequest& request) { return show_resource_model(elements, request); }});
  router.add({.method = "POST",
              .pattern = models,
              .summary = "Sets the model of a resource",
              .body = "ResourceModel",
              .answer = "ResourceModel",
              .failures = {413},
              .handler = [elements](ApiRequest& request) { return put_resource_model(elements, request); }});
  router.add({.method = "DELETE",
              .pattern = models,
              .summary = "Takes the model of a resource away",
              .handler = [elements](ApiRequest& request) { return delete_resource_model(elements, request); }});
}

}  // namespace formulary::api

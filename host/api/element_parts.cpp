#include "host/api/element_parts.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "host/api/element_document.hpp"
#include "host/api/plain_text.hpp"
#include "host/base/error.hpp"
#include "host/element/instance_document.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t key_bytes_max = 64;
constexpr std::size_t text_bytes_max = 8U << 10U;
constexpr std::size_t code_bytes_max = 1U << 20U;

using Words = std::initializer_list<std::string_view>;
// Source: CONTRACT 5. The vendor's side of a parameter may be each of them, too.
constexpr std::string_view parameter_types[] = {"path",      "query",         "body",          "header",    "form",
                                                "multipart", "value",         "configuration", "bodyField", "bodyToken",
                                                "prevBody",  "prevBodyField", "no-op"};
constexpr std::string_view hook_types[] = {"preRequest", "postRequest", "event"};
constexpr std::string_view methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::bad_input, where + ": " + what);
}

std::string path(const std::string& where, std::string_view member) {
  return where + "." + std::string(member);
}

template <class Value>
void put_if_missing(json::object& object, std::string_view name, const Value& value) {
  json::value made(value);  // before the object grows, of which it may be a member
  json::value& member = object[name];
  if (member.is_null()) member = std::move(made);
}

/// Checks a text that may be missing.
std::string_view checked_text(json::object& object, std::string_view name, std::size_t bytes_max,
                              const std::string& where) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_string()) refuse(path(where, name), "not a text");
  if (value->get_string().size() > bytes_max) {
    refuse(path(where, name), "longer than " + std::to_string(bytes_max) + " bytes; shorten it");
  }
  return text_member(object, name);
}

std::string_view required_text(json::object& object, std::string_view name, std::size_t bytes_max,
                               const std::string& where) {
  const std::string_view text = checked_text(object, name, bytes_max, where);
  if (text.empty()) refuse(path(where, name), "missing; give one");
  return text;
}

template <class Allowed>
void check_word(std::string_view word, const Allowed& allowed, const std::string& where) {
  if (std::find(std::begin(allowed), std::end(allowed), word) != std::end(allowed)) return;
  std::string all;
  for (const std::string_view one : allowed) all += (all.empty() ? "" : ", ") + std::string(one);
  refuse(where, "'" + std::string(word.substr(0, name_bytes_max)) + "' is none of " + all);
}

void check_flag(json::object& object, std::string_view name, bool otherwise, const std::string& where) {
  put_if_missing(object, name, otherwise);
  if (!object.at(name).is_bool()) refuse(path(where, name), "neither true nor false");
}

void check_name(json::object& object, const std::string& where) {
  const std::string plain = without_tags(required_text(object, "name", name_bytes_max, where));
  const std::string name(trimmed(plain));
  if (name.empty()) refuse(path(where, "name"), "nothing is left of it without HTML's tags; give a name in plain text");
  object["name"] = name;
}

/// Makes each object of a list that may be missing.
template <class Make>
void make_list(json::object& object, std::string_view name, const std::string& where, const Make& make) {
  put_if_missing(object, name, json::array());
  json::value& value = object.at(name);
  if (!value.is_array()) refuse(path(where, name), "not a list");
  json::array& list = value.get_array();
  if (list.size() > element_list_max) {
    refuse(path(where, name), "more than " + std::to_string(element_list_max) + " members; leave some out");
  }
  for (std::size_t at = 0; at < list.size(); ++at) {
    const std::string place = path(where, name) + "[" + std::to_string(at) + "]";
    if (!list[at].is_object()) refuse(place, "not an object");
    list[at] = make(std::move(list[at].get_object()), place);
  }
}

/// Gives id and dates; the part before if this changes one.
const json::object* number(json::object& posted, PartMaking& making) {
  const json::object* before = making.take(posted);
  posted["id"] = before == nullptr ? making.next_id() : id_member(*before);
  const bool has_date = before != nullptr && before->contains("createdDate");
  posted["createdDate"] = has_date ? before->at("createdDate") : json::value(making.now());
  posted.erase("updatedDate");
  if (before != nullptr) posted["updatedDate"] = making.now();
  return before;
}

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= key_bytes_max && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

void check_element_key(json::object& element, const std::string& where) {
  const std::string_view given = checked_text(element, "key", key_bytes_max, where);
  const std::string key = given.empty() ? key_of_name(text_member(element, "name")) : std::string(given);
  if (!is_key(key)) refuse(path(where, "key"), "give 1 to 64 of letters, digits and . _ -");
  if (std::all_of(key.begin(), key.end(), [](unsigned char c) { return c >= '0' && c <= '9'; })) {
    refuse(path(where, "key"), "only digits, which would be taken for an id; add a letter");
  }
  // Words that stand in the same place of a path.
  for (const std::string_view taken : {"keys", "metadata", "convert", "oauthProxies", "client-sdks"}) {
    if (key == taken) refuse(path(where, "key"), "'" + key + "' is a path of the platform's own; choose another");
  }
  element["key"] = key;
}

void complete_element(json::object& element) {
  const std::string name(text_member(element, "name"));
  put_if_missing(element, "hookName", name);
  put_if_missing(element, "description", "");
  put_if_missing(element, "image", "elements/custom-element-default-logo.png");
  put_if_missing(element, "logo", element.at("key"));
  put_if_missing(element, "authentication", json::object{{"type", "custom"}});
  put_if_missing(element, "protocolType", "http");
}

}  // namespace

std::size_t count_parts(const json::value& posted) {
  if (const json::array* list = posted.if_array()) {
    std::size_t count = 0;
    for (const json::value& one : *list) count += count_parts(one);
    return count;
  }
  const json::object* object = posted.if_object();
  if (object == nullptr) return 0;
  std::size_t count = 1;
  for (const std::string_view name : element_lists) count += count_parts(list_of(*object, name));
  return count + count_parts(list_of(*object, "fields"));
}

void PartMaking::know(const json::object& before) {
  if (const std::int64_t id = id_member(before); id != 0) known_[id] = &before;
  for (const std::string_view name : element_lists) {
    for (const json::value& part : list_of(before, name)) {
      const json::object* one = part.if_object();
      if (one == nullptr) continue;
      if (name == "configuration") known_configuration_.emplace(text_member(*one, "key"), one);
      know(*one);
    }
  }
  for (const json::value& field : list_of(before, "fields")) {
    if (const json::object* one = field.if_object()) know(*one);
  }
}

const json::object* PartMaking::take(const json::object& posted) {
  const auto found = known_.find(id_member(posted));
  if (found == known_.end()) return nullptr;
  const json::object* before = found->second;
  known_.erase(found);
  return before;
}

const json::object* PartMaking::take_configuration(std::string_view key) {
  const auto found = known_configuration_.find(key);
  if (found == known_configuration_.end()) return nullptr;
  const json::object* before = found->second;
  known_configuration_.erase(found);
  return before;
}

json::object make_configuration(json::object posted, PartMaking& making, const std::string& where) {
  const std::string key(required_text(posted, "key", 128, where));
  const json::object* before = making.take_configuration(key);
  posted["id"] = before == nullptr ? making.next_id() : id_member(*before);
  put_if_missing(posted, "name", key);
  check_name(posted, where);
  checked_text(posted, "description", text_bytes_max, where);
  put_if_missing(posted, "description", "");
  checked_text(posted, "type", 32, where);
  put_if_missing(posted, "type", "TEXTFIELD_128");
  for (const std::string_view flag :
       {"resellerConfig", "companyConfig", "internal", "groupControl", "hideFromConsole", "required"}) {
    check_flag(posted, flag, false, where);
  }
  check_flag(posted, "active", true, where);
  put_if_missing(posted, "displayOrder", 1);
  checked_text(posted, "defaultValue", code_bytes_max, where);
  if (is_secret_entry(posted) && text_member(posted, "defaultValue") == secret_mask) {
    // What was shown comes back: the value stays as it is.
    if (before != nullptr && before->contains("defaultValue")) {
      posted["defaultValue"] = before->at("defaultValue");
    } else {
      posted.erase("defaultValue");
    }
  }
  return posted;
}

json::object make_parameter(json::object posted, std::string_view owner_name, std::int64_t owner, PartMaking& making,
                            const std::string& where) {
  number(posted, making);
  posted[owner_name] = owner;
  required_text(posted, "name", text_bytes_max, where);
  put_if_missing(posted, "vendorName", posted.at("name"));
  checked_text(posted, "vendorName", text_bytes_max, where);
  checked_text(posted, "description", text_bytes_max, where);
  check_word(required_text(posted, "type", 32, where), parameter_types, path(where, "type"));
  put_if_missing(posted, "vendorType", posted.at("type"));
  check_word(checked_text(posted, "vendorType", 32, where), parameter_types, path(where, "vendorType"));
  put_if_missing(posted, "source", "request");
  check_word(checked_text(posted, "source", 32, where), Words{"request", "response"}, path(where, "source"));
  check_flag(posted, "required", false, where);
  return posted;
}

json::object make_hook(json::object posted, std::string_view owner_name, std::int64_t owner, PartMaking& making,
                       const std::string& where) {
  const json::object* before = number(posted, making);
  posted[owner_name] = owner;
  check_word(required_text(posted, "type", 32, where), hook_types, path(where, "type"));
  put_if_missing(posted, "mimeType", "application/javascript");
  checked_text(posted, "mimeType", 128, where);
  required_text(posted, "body", code_bytes_max, where);
  check_flag(posted, "isLegacy", false, where);
  const json::value* was_legacy = before == nullptr ? nullptr : before->if_contains("isLegacy");
  if (before != nullptr && posted.at("isLegacy") == true && (was_legacy == nullptr || *was_legacy == false)) {
    refuse(path(where, "isLegacy"), "the hook is of the newer kind already, which calls done(); it cannot go back");
  }
  return posted;
}

json::object make_resource_model(json::object posted, const std::string& where) {
  required_text(posted, "name", name_bytes_max, where);
  check_flag(posted, "transform", false, where);
  put_if_missing(posted, "swagger", json::object());
  if (!posted.at("swagger").is_object()) refuse(path(where, "swagger"), "not an object of definitions");
  return posted;
}

json::object make_resource(json::object posted, std::string_view hub, PartMaking& making, const std::string& where) {
  number(posted, making);
  const std::int64_t id = id_member(posted);
  const std::string_view given = required_text(posted, "path", 1'024, where);
  if (!given.starts_with('/')) refuse(path(where, "path"), "it does not begin with a slash; write /contacts/{id}");
  const std::string base = "/hubs/" + std::string(hub);
  const std::string full = given.starts_with("/hubs/") ? std::string(given) : base + std::string(given);
  std::string below = full;
  if (full.starts_with(base + "/")) below = full.substr(base.size());
  posted["path"] = full;
  put_if_missing(posted, "method", "GET");
  check_word(checked_text(posted, "method", 16, where), methods, path(where, "method"));
  put_if_missing(posted, "vendorPath", below);
  checked_text(posted, "vendorPath", text_bytes_max, where);
  put_if_missing(posted, "vendorMethod", posted.at("method"));
  checked_text(posted, "vendorMethod", 16, where);
  put_if_missing(posted, "description", "");
  checked_text(posted, "description", text_bytes_max, where);
  put_if_missing(posted, "type", "api");
  checked_text(posted, "type", 64, where);
  put_if_missing(posted, "kind", "eb");
  put_if_missing(posted, "response", json::object{{"contentType", "application/json"}});
  posted["ownerAccountId"] = making.account();
  check_flag(posted, "modelMigrated", false, where);
  if (json::value* model = posted.if_contains("model"); model != nullptr && !model->is_null()) {
    if (!model->is_object()) refuse(path(where, "model"), "not an object");
    *model = make_resource_model(std::move(model->get_object()), path(where, "model"));
  }
  make_list(posted, "parameters", where, [&](json::object one, const std::string& place) {
    return make_parameter(std::move(one), "resourceId", id, making, place);
  });
  make_list(posted, "hooks", where, [&](json::object one, const std::string& place) {
    return make_hook(std::move(one), "resourceId", id, making, place);
  });
  return posted;
}

json::object make_field(json::object posted, PartMaking& making, const std::string& where) {
  number(posted, making);
  if (!posted.contains("name")) put_if_missing(posted, "name", text_member(posted, "vendorPath"));
  check_name(posted, where);
  put_if_missing(posted, "type", "string");
  checked_text(posted, "type", 128, where);
  return posted;
}

json::object make_object(json::object posted, PartMaking& making, const std::string& where) {
  number(posted, making);
  check_name(posted, where);
  make_list(posted, "fields", where,
            [&](json::object one, const std::string& place) { return make_field(std::move(one), making, place); });
  return posted;
}

json::object make_element(json::object posted, PartMaking& making, const std::string& where) {
  number(posted, making);
  const std::int64_t id = id_member(posted);
  check_name(posted, where);
  check_element_key(posted, where);
  put_if_missing(posted, "hub", "general");
  if (!is_key(checked_text(posted, "hub", key_bytes_max, where))) {
    refuse(path(where, "hub"), "give 1 to 64 of letters, digits and . _ -");
  }
  const std::string hub(text_member(posted, "hub"));
  checked_text(posted, "description", text_bytes_max, where);
  complete_element(posted);
  if (!posted.at("authentication").is_object()) refuse(path(where, "authentication"), "not an object");
  for (const std::string_view flag :
       {"typeOauth", "trialAccount", "bulkDownloadEnabled", "bulkUploadEnabled", "beta", "useModelsForMetadata"}) {
    check_flag(posted, flag, false, where);
  }
  for (const std::string_view flag : {"active", "transformationsEnabled", "cloneable", "extendable"}) {
    check_flag(posted, flag, true, where);
  }
  posted["deleted"] = false;
  posted["extended"] = false;
  posted["private"] = true;
  make_list(posted, "configuration", where, [&](json::object one, const std::string& place) {
    return make_configuration(std::move(one), making, place);
  });
  make_list(posted, "resources", where, [&](json::object one, const std::string& place) {
    return make_resource(std::move(one), hub, making, place);
  });
  for (const std::string_view name : {"objects", "models"}) {
    make_list(posted, name, where,
              [&](json::object one, const std::string& place) { return make_object(std::move(one), making, place); });
  }
  make_list(posted, "hooks", where, [&](json::object one, const std::string& place) {
    return make_hook(std::move(one), "elementId", id, making, place);
  });
  make_list(posted, "parameters", where, [&](json::object one, const std::string& place) {
    return make_parameter(std::move(one), "elementId", id, making, place);
  });
  return posted;
}

std::string key_of_name(std::string_view name) {
  std::string key;
  for (const char c : name) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) key += c;
    if (c >= 'A' && c <= 'Z') key += static_cast<char>(c - 'A' + 'a');
  }
  return key.substr(0, key_bytes_max);
}

}  // namespace formulary::api

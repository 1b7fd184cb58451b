#include "host/api/element_document.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "host/element/instance_document.hpp"

namespace formulary::api {
namespace {

/// Derives numbers from names: the same for the same names in the same order.
class DerivedNumbers {
 public:
  explicit DerivedNumbers(std::string_view element_key) : element_key_(element_key) {}

  [[nodiscard]] std::int64_t of(const std::string& name) {
    constexpr std::int64_t first = std::int64_t{1} << 30U;
    std::int64_t number = element_number(element_key_ + "/" + name) | first;
    while (!given_.insert(number).second) number = ((number + 1) & 0x7FFF'FFFF) | first;
    return number;
  }

 private:
  std::string element_key_;
  std::set<std::int64_t> given_;
};

const json::object* object_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

/// The member of that list of the manifest's text which the n-th parsed entry came from.
const json::object& source_of(const Manifest& manifest, std::string_view list, std::size_t at) {
  static const json::object none;
  const json::object* document = manifest.document.if_object();
  if (document == nullptr) return none;
  const json::array& entries = list_of(*document, list);
  const json::object* entry = at < entries.size() ? entries[at].if_object() : nullptr;
  return entry == nullptr ? none : *entry;
}

json::array options_of(const json::object& source) {
  json::array options;
  for (const json::value& option : list_of(source, "options")) {
    options.push_back(json::object{{"value", option}, {"description", option}});
  }
  return options;
}

json::object configuration_entry(const ConfigurationEntry& entry, const json::object& source, std::size_t order,
                                 std::int64_t id) {
  json::object shown{{"id", id},
                     {"name", entry.name},
                     {"key", entry.key},
                     {"description", entry.description.empty() ? entry.help : entry.description}};
  if (!entry.secret && source.contains("default")) shown["defaultValue"] = entry.default_value;
  shown["resellerConfig"] = false;
  shown["companyConfig"] = false;
  shown["active"] = true;
  shown["internal"] = false;
  shown["groupControl"] = false;
  shown["displayOrder"] = order;
  shown["type"] = entry.type == "NUMBER" ? "TEXTFIELD_32" : entry.type;
  shown["hideFromConsole"] = false;
  shown["required"] = entry.required;
  if (entry.type == "COMBO") shown["options"] = options_of(source);
  return shown;
}

json::object resource_parameter(const json::object& source, std::int64_t id, std::int64_t resource) {
  const std::string_view in = text_member(source, "in");
  const std::string_view type = source.contains("type") ? text_member(source, "type") : "string";
  const json::value* required = source.if_contains("required");
  json::object shown{{"id", id},
                     {"resourceId", resource},
                     {"name", text_member(source, "name")},
                     {"vendorName", text_member(source, "name")},
                     {"type", in},
                     {"vendorType", in},
                     {"dataType", type},
                     {"vendorDataType", type},
                     {"source", "request"},
                     {"required", required != nullptr && *required == true}};
  if (source.contains("description")) shown["description"] = text_member(source, "description");
  return shown;
}

json::object resource_entry(const ManifestResource& resource, const json::object& source, const Manifest& manifest,
                            DerivedNumbers& numbers) {
  const std::string name = resource.method + " " + resource.path;
  const std::int64_t id = numbers.of("resource/" + name);
  json::array parameters;
  for (const json::value& parameter : list_of(source, "parameters")) {
    const json::object& one = parameter.get_object();
    std::string label = "parameter/" + name + "/";
    label.append(text_member(one, "in")).append(" ").append(text_member(one, "name"));
    parameters.push_back(resource_parameter(one, numbers.of(label), id));
  }
  json::object shown{{"id", id},
                     {"description", resource.description},
                     {"path", "/hubs/" + manifest.hub + resource.path},
                     {"vendorPath", resource.path},
                     {"method", resource.method},
                     {"vendorMethod", resource.method},
                     {"parameters", std::move(parameters)},
                     {"type", "api"},
                     {"hooks", json::array()},
                     {"response", json::object{{"contentType", "application/json"}}},
                     {"kind", "java"},  // the platform's word for what code serves, not a description
                     {"modelMigrated", false}};
  const std::string_view paging = text_member(source, "paging");
  if (!paging.empty()) shown["paginationType"] = paging == "none" ? "NO_PAGINATION" : "VENDOR_SUPPORTED";
  return shown;
}

/// What polling is told of: of a plugin, what its manifest says; of another element, its default configuration.
json::array event_methods(const json::object& element) {
  json::array methods;
  const json::array& entries = list_of(element, "configuration");
  const auto says = [&entries](std::string_view method) {
    return std::any_of(entries.begin(), entries.end(), [method](const json::value& entry) {
      const json::object& one = entry.get_object();
      return text_member(one, "key") == "event.vendor.type" &&
             text_member(one, "defaultValue").find(method) != std::string_view::npos;
    });
  };
  const json::object* events = object_member(element, "events");
  if (events != nullptr || says("polling")) methods.emplace_back("polling");
  if (says("webhook")) methods.emplace_back("webhook");
  return methods;
}

json::object polling_of(const json::object& element) {
  json::object polling;
  if (const json::object* events = object_member(element, "events")) {
    polling["events"] = json::object{{"eventTypes", list_of(*events, "types")}};
  }
  return polling;
}

}  // namespace

const json::array& list_of(const json::object& element, std::string_view name) {
  static const json::array none;
  const json::value* value = element.if_contains(name);
  const json::array* list = value == nullptr ? nullptr : value->if_array();
  return list == nullptr ? none : *list;
}

std::string_view text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(text->data(), text->size());
}

std::int64_t id_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
  return number == nullptr ? 0 : *number;
}

json::object element_document(const Manifest& manifest) {
  DerivedNumbers numbers(manifest.key);
  json::array configuration;
  for (std::size_t at = 0; at < manifest.configuration.size(); ++at) {
    const ConfigurationEntry& entry = manifest.configuration[at];
    configuration.push_back(configuration_entry(entry, source_of(manifest, "configuration", at), at + 1,
                                                numbers.of("configuration/" + entry.key)));
  }
  json::array resources;
  for (std::size_t at = 0; at < manifest.resources.size(); ++at) {
    resources.push_back(
        resource_entry(manifest.resources[at], source_of(manifest, "resources", at), manifest, numbers));
  }
  const json::object& text = manifest.document.get_object();
  json::object element = element_summary(manifest);
  element["image"] = "elements/custom-element-default-logo.png";
  element["logo"] = text.contains("logo") ? text_member(text, "logo") : manifest.key;
  element["configuration"] = std::move(configuration);
  element["resources"] = std::move(resources);
  for (const std::string_view list : {"objects", "models", "hooks"}) element[list] = json::array();
  element["useModelsForMetadata"] = true;
  element["version"] = manifest.version;
  if (const json::object* events = object_member(text, "events")) element["events"] = *events;
  return element;
}

json::object abridged_element(const json::object& element) {
  static constexpr std::string_view dropped[] = {"configuration",          "objects",       "models", "hooks",
                                                 "defaultTransformations", "objectMetadata"};
  json::object shown;
  for (const auto& [key, value] : element) {
    const std::string_view name(key.data(), key.size());
    if (std::find(std::begin(dropped), std::end(dropped), name) != std::end(dropped)) continue;
    shown[key] = name == "resources" || name == "parameters" ? json::value(json::array()) : value;
  }
  return shown;
}

json::object element_metadata(const json::object& element) {
  const auto flag = [&element](std::string_view name) {
    const json::value* value = element.if_contains(name);
    return value != nullptr && *value == true;
  };
  const json::array methods = event_methods(element);
  const bool is_webhook = std::find(methods.begin(), methods.end(), json::value("webhook")) != methods.end();
  const json::object* authentication = object_member(element, "authentication");
  return {
      {"id", element.at("id")},
      {"name", text_member(element, "name")},
      {"key", text_member(element, "key")},
      {"description", text_member(element, "description")},
      {"hub", text_member(element, "hub")},
      {"active", flag("active")},
      {"authentication", authentication == nullptr ? json::object() : *authentication},
      {"events", json::object{{"supported", !methods.empty()},
                              {"methods", methods},
                              {"polling", polling_of(element)},
                              {"webhook", json::object{{"supported", is_webhook}}}}},
      {"discovery", json::object{{"supported", true}, {"endpointsSupported", !list_of(element, "resources").empty()}}},
      {"bulk", json::object{{"download", flag("bulkDownloadEnabled")}, {"upload", flag("bulkUploadEnabled")}}},
      {"usage", json::object{{"supported", true}}},
      {"transformations", json::object{{"supported", flag("transformationsEnabled")}}},
      {"api", json::object{{"type", "rest"}, {"protocol", text_member(element, "protocolType")}}}};
}

json::object extended_element(json::object element, const json::object& extension) {
  bool is_extended = false;
  for (const std::string_view name : {"resources", "objects", "models"}) {
    json::array& list = element[name].as_array();
    for (const json::value& added : list_of(extension, name)) {
      list.push_back(added);
      is_extended = true;
    }
  }
  element["extended"] = is_extended;
  return element;
}

bool is_secret_entry(const json::object& entry) {
  const std::string_view key = text_member(entry, "key");
  return text_member(entry, "type") == "PASSWORD" || key == "oauth.api.secret" || key == "password";
}

void mask_defaults(json::object& element) {
  json::value* list = element.if_contains("configuration");
  if (list == nullptr || !list->is_array()) return;
  for (json::value& entry : list->get_array()) {
    json::object* one = entry.if_object();
    if (one != nullptr && is_secret_entry(*one) && !text_member(*one, "defaultValue").empty()) {
      (*one)["defaultValue"] = secret_mask;
    }
  }
}

}  // namespace formulary::api

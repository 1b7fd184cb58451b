#include "host/api/instance_configuration.hpp"

#include <algorithm>
#include <string>

#include "host/base/error.hpp"
#include "host/element/instance_document.hpp"
#include "host/element/platform_configuration.hpp"

namespace formulary::api {
namespace {

/// The platform gives every value as text.
json::value property_value(const json::value* value) {
  if (value == nullptr || value->is_null()) return nullptr;
  return value->is_string() ? *value : json::value(to_text(*value));
}

json::object entry_of(const ConfigurationEntry& known, const json::value* value) {
  return {{"id", element_number(known.key)},
          {"name", known.name},
          {"key", known.key},
          {"description", known.description},
          {"propertyValue", property_value(value)},
          {"active", true},
          {"required", known.required},
          {"type", known.type},
          {"hideFromConsole", false}};
}

json::object platform_entry_of(std::string_view key, const json::value& value) {
  ConfigurationEntry known;
  known.key = std::string(key);
  known.name = known.key;
  known.type = is_platform_secret(key) ? "PASSWORD" : "TEXTFIELD_1000";
  json::object entry = entry_of(known, &value);
  entry["hideFromConsole"] = true;
  return entry;
}

}  // namespace

json::array configuration_entries(const json::object& instance, const Manifest& manifest) {
  const json::object& values = instance.at("configuration").as_object();
  json::array entries;
  for (const ConfigurationEntry& known : manifest.configuration) {
    entries.push_back(entry_of(known, values.if_contains(known.key)));
  }
  for (const auto& [key, value] : values) {
    const std::string_view name(key.data(), key.size());
    const bool listed = std::any_of(manifest.configuration.begin(), manifest.configuration.end(),
                                    [name](const ConfigurationEntry& known) { return known.key == name; });
    if (!listed) entries.push_back(platform_entry_of(name, value));
  }
  return entries;
}

json::object find_configuration_entry(const json::array& entries, std::string_view id_or_key) {
  for (const json::value& entry : entries) {
    const json::object& known = entry.get_object();
    if (known.at("key").as_string() == id_or_key || std::to_string(known.at("id").as_int64()) == id_or_key)
      return known;
  }
  throw Error(ErrorCode::not_found, "configuration '" + std::string(id_or_key.substr(0, 100)) +
                                        "': the instance has no such entry; GET its configuration shows those it has");
}

}  // namespace formulary::api

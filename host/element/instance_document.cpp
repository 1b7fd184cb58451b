#include "host/element/instance_document.hpp"

#include <algorithm>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/element/secret_json.hpp"

namespace formulary {
namespace {

constexpr json::string_view platform_member = "platformConfiguration";
constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t tags_max = 64;
constexpr std::size_t value_bytes_max = 64U << 10U;

std::string text_of(json::string_view text) {
  return {text.data(), text.size()};
}

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::bad_input, where + ": " + what);
}

void check_label(const std::string& where, const std::string& label) {
  if (label.empty()) refuse(where, "missing; give one");
  if (label.size() > name_bytes_max)
    refuse(where, "longer than " + std::to_string(name_bytes_max) + " bytes; shorten it");
  const bool has_control =
      std::any_of(label.begin(), label.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (has_control || !is_utf8(label)) refuse(where, "not printable UTF-8 text; write it without control characters");
}

const ConfigurationEntry* find_entry(const Manifest& manifest, std::string_view key) {
  const auto found = std::find_if(manifest.configuration.begin(), manifest.configuration.end(),
                                  [key](const ConfigurationEntry& entry) { return entry.key == key; });
  return found == manifest.configuration.end() ? nullptr : &*found;
}

std::string where_described(const Manifest& manifest) {
  return "`formulary elements show " + manifest.key + "` describes each entry";
}

void refuse_unknown_entry(const std::string& key, const Manifest& manifest) {
  std::vector<std::string_view> keys;
  for (const ConfigurationEntry& entry : manifest.configuration) keys.push_back(entry.key);
  const std::string near = nearest(key, keys);
  refuse("configuration." + key, "element '" + manifest.key + "' has no such entry" +
                                     (near.empty() ? "" : ", the nearest is '" + near + "'") + "; " +
                                     where_described(manifest));
}

void check_value(const ConfigurationEntry& entry, const json::value& value, const Manifest& manifest) {
  const std::string where = "configuration." + entry.key;
  const json::string* text = value.if_string();
  if (entry.type == "BOOLEAN") {
    const bool said = value.is_bool() || (text != nullptr && (*text == "true" || *text == "false"));
    if (!said) refuse(where, "neither true nor false; " + where_described(manifest));
    return;
  }
  if (text == nullptr && !value.is_number() && !value.is_bool()) {
    refuse(where, "neither a text nor a number; " + where_described(manifest));
  }
  if (text == nullptr) return;
  if (text->size() > value_bytes_max) refuse(where, "longer than 64 KiB; " + where_described(manifest));
  if (!is_utf8({text->data(), text->size()})) refuse(where, "not UTF-8 text; " + where_described(manifest));
}

bool is_missing(const json::value* value) {
  return value == nullptr || value->is_null() || (value->is_string() && value->get_string().empty());
}

/// "configuration.api.key: missing (API key: The key of ...); `formulary elements show acme` describes each entry"
void refuse_missing(const ConfigurationEntry& entry, const Manifest& manifest) {
  std::string about = entry.name;
  if (!entry.description.empty()) about += (about.empty() ? "" : ": ") + entry.description;
  while (!about.empty() && about.back() == '.') about.pop_back();
  refuse("configuration." + entry.key,
         "missing" + (about.empty() ? "" : " (" + about + ")") + "; " + where_described(manifest));
}

[[noreturn]] void blame(const Manifest& manifest, const std::string& what) {
  throw Error(ErrorCode::plugin_failed, "plugin '" + manifest.id + "': " + what);
}

/// The members of the platform's shape that the host fills in. The user is the one operator of this host.
json::object usual_members(const Manifest& manifest) {
  return {{"element", element_summary(manifest)},
          {"elementId", element_number(manifest.key)},
          {"tags", json::array()},
          {"provisionInteractions", json::array()},
          {"valid", true},
          {"disabled", false},
          {"maxCacheSize", 0},
          {"cacheTimeToLive", 0},
          {"configuration", json::object()},
          {"eventsEnabled", false},
          {"traceLoggingEnabled", false},
          {"cachingEnabled", false},
          {"externalAuthentication", "none"},
          {"user", json::object{{"id", 1}, {"emailAddress", ""}, {"firstName", ""}, {"lastName", ""}}}};
}

bool is_the_hosts(json::string_view key) {
  static constexpr std::string_view keys[] = {"id",   "token",         "name",    "createdDate",
                                              "tags", "configuration", "platform"};
  return std::find(std::begin(keys), std::end(keys), std::string_view(key.data(), key.size())) != std::end(keys);
}

/// Shown values go to the document, secret ones to the secrets.
void sort_configuration(const json::object& from, const Manifest& manifest, NewInstance& instance) {
  json::object& shown = instance.document["configuration"].as_object();
  json::object& hidden = instance.secrets.get_object()["configuration"].as_object();
  for (const auto& [key, value] : from) {
    const ConfigurationEntry* entry = find_entry(manifest, {key.data(), key.size()});
    // What the manifest does not know might be a secret, so it is neither kept nor shown.
    if (entry == nullptr || shown.contains(key)) continue;
    const bool is_mask = value.is_string() && view(secret_mask) == value.get_string();
    if (entry->secret && is_mask) continue;
    if (entry->secret) hidden[key] = value;
    shown[key] = entry->secret ? json::value(view(secret_mask)) : value;
  }
}

void adopt_platform(const InstanceParts& parts, const Manifest& manifest, NewInstance& instance) {
  const json::value* id = parts.answer->if_contains("id");
  const json::value* token = parts.answer->if_contains("token");
  if (id == nullptr || !id->is_number())
    blame(manifest, "parse_instance gave no id of the platform's instance; tell its author");
  if (token == nullptr || !token->is_string() || token->get_string().empty()) {
    blame(manifest, "parse_instance gave no token of the platform's instance; tell its author");
  }
  instance.document["platform"] = json::object{{"id", *id}, {"url", parts.platform_url}};
  instance.token = text_of(token->get_string());
}

/// Without what is the platform's, which no plugin needs.
json::object numbered(std::int64_t id, const json::object& document, std::string_view token) {
  json::object shown;
  shown["id"] = id;
  for (const auto& [key, value] : document) {
    if (key == platform_member) continue;
    shown[key] = value;
    if (key == "createdDate" && !token.empty()) shown["token"] = view(token);
  }
  return shown;
}

bool is_true(const json::value* value) {
  return value != nullptr && (*value == json::value(true) || *value == json::value("true"));
}

}  // namespace

json::object element_summary(const Manifest& manifest) {
  return {{"id", element_number(manifest.key)},
          {"name", manifest.name},
          {"hookName", manifest.name},
          {"key", manifest.key},
          {"description", manifest.description},
          {"image", ""},
          {"active", true},
          {"deleted", false},
          {"typeOauth", manifest.authentication_type == "oauth2"},
          {"trialAccount", false},
          {"resources", json::array()},
          {"transformationsEnabled", true},
          {"bulkDownloadEnabled", false},
          {"bulkUploadEnabled", false},
          {"cloneable", true},
          {"extendable", true},
          {"beta", false},
          {"authentication", json::object{{"type", manifest.authentication_type}}},
          {"extended", false},
          {"hub", manifest.hub},
          {"protocolType", "http"},
          {"parameters", json::array()},
          {"private", false}};
}

NewInstance::~NewInstance() {
  formulary::wipe(secrets);
  formulary::wipe(token);
}

void check_labels(const InstanceDraft& draft) {
  check_label("name", draft.name);
  if (draft.tags.size() > tags_max) refuse("tags", "more than " + std::to_string(tags_max) + "; leave some out");
  for (const std::string& tag : draft.tags) check_label("tags", tag);
}

void check_draft(const InstanceDraft& draft, const Manifest& manifest) {
  check_labels(draft);
  for (const auto& [key, value] : draft.configuration) {
    const ConfigurationEntry* entry = find_entry(manifest, {key.data(), key.size()});
    if (entry == nullptr) refuse_unknown_entry(text_of(key), manifest);
    if (!is_missing(&value)) check_value(*entry, value, manifest);
  }
  for (const ConfigurationEntry& entry : manifest.configuration) {
    if (entry.required && is_missing(draft.configuration.if_contains(view(entry.key)))) refuse_missing(entry, manifest);
  }
}

std::vector<std::string> secrets_of(const json::object& configuration, const Manifest& manifest) {
  std::vector<std::string> secrets;
  for (const ConfigurationEntry& entry : manifest.configuration) {
    const json::value* value = configuration.if_contains(view(entry.key));
    if (entry.secret && value != nullptr) collect_texts(*value, secrets);
  }
  return secrets;
}

json::value draft_document(const InstanceDraft& draft) {
  return json::object{{"name", draft.name}, {"tags", tags_of(draft)}, {"configuration", draft.configuration}};
}

json::array tags_of(const InstanceDraft& draft) {
  json::array tags;
  for (const std::string& tag : draft.tags) tags.emplace_back(view(tag));
  return tags;
}

NewInstance compose_instance(const InstanceParts& parts, const Manifest& manifest) {
  NewInstance instance;
  instance.document = {{"name", parts.draft->name}, {"createdDate", parts.created}};
  instance.secrets = json::object{{"configuration", json::object()}};
  const bool on_platform = !parts.platform_url.empty();
  for (const auto& [key, value] : usual_members(manifest)) instance.document[key] = value;
  const json::value* valid = parts.answer->if_contains("valid");
  if (valid != nullptr && valid->is_bool()) instance.document["valid"] = *valid;
  for (const auto& [key, value] : *parts.answer) {
    const bool ours = is_the_hosts(key) || (!on_platform && instance.document.contains(key));
    if (!ours) instance.document[key] = value;
  }
  instance.document["tags"] = tags_of(*parts.draft);
  sort_configuration(*parts.configuration, manifest, instance);
  const json::value* answered = parts.answer->if_contains("configuration");
  if (answered != nullptr && answered->is_object()) sort_configuration(answered->get_object(), manifest, instance);
  if (on_platform) adopt_platform(parts, manifest, instance);
  return instance;
}

json::object show_document(std::int64_t id, const json::object& document, std::string_view token) {
  json::object shown = numbered(id, document, token);
  const json::value* platform = document.if_contains(platform_member);
  json::value* configuration = shown.if_contains("configuration");
  if (platform == nullptr || configuration == nullptr || !configuration->is_object()) return shown;
  for (const auto& [key, value] : platform->as_object()) configuration->get_object()[key] = value;
  shown["eventsEnabled"] = is_true(platform->as_object().if_contains("event.notification.enabled"));
  return shown;
}

json::value clear_document(std::int64_t id, const json::object& document, const json::value& secrets,
                           std::string_view token) {
  const bool on_platform = document.contains("platform");
  json::object clear = numbered(id, document, on_platform ? token : std::string_view());
  if (id == 0) clear.erase("id");
  const json::value* hidden = secrets.is_object() ? secrets.get_object().if_contains("configuration") : nullptr;
  json::value* configuration = clear.if_contains("configuration");
  if (hidden != nullptr && hidden->is_object() && configuration != nullptr && configuration->is_object()) {
    for (const auto& [key, value] : hidden->get_object()) configuration->get_object()[key] = value;
  }
  return clear;
}

std::int64_t element_number(std::string_view key) {
  // FNV-1a, cut to 31 bits so that it is a positive number in every client's language.
  std::uint32_t hash = 2166136261U;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return static_cast<std::int64_t>(hash & 0x7FFFFFFFU);
}

}  // namespace formulary

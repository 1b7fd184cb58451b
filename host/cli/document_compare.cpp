#include "host/cli/document_compare.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>
#include <utility>

#include "host/cli/remote_api.hpp"

namespace formulary::cli {
namespace {

/// Members that a server gives a formula or one of its parts, and that no template needs.
constexpr std::array<std::string_view, 8> of_server = {"id",          "userId",      "accountId", "createdDate",
                                                       "updatedDate", "subFormulas", "api",       "monitored"};
/// The same of elements, at any depth, where they are no objects: a model may have a field of that name.
constexpr std::array<std::string_view, 9> of_element = {
    "id", "userId", "accountId", "createdDate", "updatedDate", "ownerAccountId", "elementId", "resourceId", "ownerId"};
constexpr std::array<std::string_view, 4> of_whole_element = {"private", "extended", "deleted", "abridged"};

bool is_secret_configuration(const json::value& entry) {
  static const std::set<std::string> always = {"oauth.api.secret", "oauth.user.token", "oauth.user.token.secret",
                                               "oauth.user.refresh_token", "password"};
  const std::string type = member_text(entry, "type");
  return member_text(entry, "secret") == "true" || type.find("PASSWORD") != std::string::npos ||
         member_text(entry, "obfuscate") == "true" || always.contains(member_text(entry, "key"));
}

template <class Names>
bool is_among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_empty(const json::value& value) {
  return value.is_null() || value == json::value(false) || (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty());
}

json::object without_server_members(const json::object& given, Falses falses) {
  json::object plain;
  for (const auto& member : given) {
    const bool is_false = member.value() == json::value(false);
    const bool says_nothing = is_empty(member.value()) && !(is_false && falses == Falses::keep);
    if (!is_among(of_server, member.key()) && !says_nothing) plain[member.key()] = member.value();
  }
  return plain;
}

// Bounded by the parser's bound on depth, as all that follow values here.
json::value plain_element_part(const json::value& value) {
  if (const json::array* list = value.if_array()) {
    json::array plain;
    for (const json::value& one : *list) plain.push_back(plain_element_part(one));
    return plain;
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return value;
  json::object plain;
  for (const auto& member : *object) {
    const bool is_servers = !member.value().is_structured() && is_among(of_element, member.key());
    if (is_servers || member.value().is_null()) continue;
    plain[member.key()] = plain_element_part(member.value());
  }
  return plain;
}

/// Servers put the hub before the paths of resources, whether it was given or not.
void shorten_paths(json::object& element) {
  json::value* resources = element.if_contains("resources");
  if (resources == nullptr || !resources->is_array()) return;
  const std::string hub = member_text(element, "hub");
  const std::string base = "/hubs/" + (hub.empty() ? "general" : hub);
  for (json::value& resource : resources->get_array()) {
    const std::string path = member_text(resource, "path");
    if (path.starts_with(base + "/")) resource.get_object()["path"] = path.substr(base.size());
  }
}

/// As configuration is compared: servers may answer a number as text.
json::value as_text(const json::value& value) {
  return value.is_string() || value.is_structured() || value.is_null() ? value : json::value(to_text(value));
}

json::object texts(const json::object& configuration) {
  json::object plain;
  for (const auto& member : configuration) {
    if (!member.value().is_null()) plain[member.key()] = as_text(member.value());
  }
  return plain;
}

json::object object_in(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value != nullptr && value->is_object() ? value->get_object() : json::object();
}

/// Of `kept` what `wanted` speaks of. What says nothing is the same as no member.
json::value spoken_of(const json::value& kept, const json::value& wanted) {
  if (kept.is_object() && wanted.is_object()) {
    json::object part;
    for (const auto& member : wanted.get_object()) {
      const json::value* value = kept.get_object().if_contains(member.key());
      if (value != nullptr) {
        part[member.key()] = spoken_of(*value, member.value());
      } else if (is_empty(member.value())) {
        part[member.key()] = member.value();
      }
    }
    return part;
  }
  if (!kept.is_array() || !wanted.is_array()) return kept;
  const json::array& all = kept.get_array();
  json::array part;
  for (std::size_t at = 0; at < all.size(); ++at) {
    const bool is_told = at < wanted.get_array().size();
    part.push_back(is_told ? spoken_of(all[at], wanted.get_array()[at]) : all[at]);
  }
  return part;
}

json::object plain_instance(const json::object& instance) {
  json::object plain{{"name", instance.contains("name") ? instance.at("name") : json::value()},
                     {"element", {{"key", member_text(object_in(instance, "element"), "key")}}},
                     {"configuration", texts(object_in(instance, "configuration"))}};
  if (const json::value* tags = instance.if_contains("tags"); tags != nullptr && !is_empty(*tags)) {
    plain["tags"] = *tags;
  }
  return plain;
}

void erase_configuration(json::object& document, const FileDocument& file) {
  json::object configuration = object_in(document, "configuration");
  for (const auto& [key, source] : file.secrets) configuration.erase(key);
  document["configuration"] = std::move(configuration);
}

json::object renamed_calls(const json::value& formula, const ServerNames& names) {
  json::object plain = plain_formula(formula);
  rename_called_formulas(plain, names.formulas);
  return plain;
}

ComparedDocument compare_formula_instance(const FileDocument& document, const json::value& kept,
                                          const json::value& formula, const ServerNames& names) {
  json::object wanted = plain_formula_instance(document.body, formula, names);
  json::object had = plain_formula_instance(kept.get_object(), formula, names);
  for (const std::string_view name : {"settings", "active", "singleThreaded"}) {
    if (document.body.contains(name)) continue;
    wanted.erase(name);
    had.erase(name);
  }
  erase_configuration(wanted, document);
  erase_configuration(had, document);
  return {std::move(wanted), std::move(had)};
}

ComparedDocument compare_formula(const FileDocument& document, const json::value& kept, const ServerNames& names) {
  json::object wanted = renamed_calls(document.body, names);
  json::object had = renamed_calls(kept, names);
  if (!document.body.contains("active")) {
    wanted.erase("active");
    had.erase("active");
  }
  return {std::move(wanted), std::move(had)};
}

}  // namespace

json::object plain_element(const json::object& element) {
  json::object plain = plain_element_part(element).get_object();
  for (const std::string_view name : of_whole_element) plain.erase(name);
  shorten_paths(plain);
  json::value* entries = plain.if_contains("configuration");
  if (entries == nullptr || !entries->is_array()) return plain;
  for (json::value& entry : entries->get_array()) {
    if (entry.is_object() && is_secret_configuration(entry)) entry.get_object().erase("defaultValue");
  }
  return plain;
}

json::object plain_formula(const json::value& formula, Falses falses) {
  json::object plain = without_server_members(formula.as_object(), falses);
  plain.erase("debugLoggingEnabled");
  if (!plain.contains("active")) plain["active"] = member_text(formula, "active") != "false";
  for (const std::string_view part : {"configuration", "triggers", "steps"}) {
    json::value* list = plain.if_contains(part);
    if (list == nullptr || !list->is_array()) continue;
    for (json::value& entry : list->get_array()) {
      if (entry.is_object()) entry = without_server_members(entry.get_object(), falses);
    }
  }
  return plain;
}

std::vector<std::string> element_instance_keys(const json::value& formula) {
  std::vector<std::string> keys;
  const json::object* object = formula.if_object();
  const json::value* variables = object == nullptr ? nullptr : object->if_contains("configuration");
  if (variables == nullptr || !variables->is_array()) return keys;
  for (const json::value& variable : variables->get_array()) {
    if (member_text(variable, "type") == "elementInstance") keys.push_back(member_text(variable, "key"));
  }
  return keys;
}

json::object plain_formula_instance(const json::object& shown, const json::value& formula, const ServerNames& names) {
  json::object configuration = texts(object_in(shown, "configuration"));
  for (const std::string& key : element_instance_keys(formula)) {
    json::value* value = configuration.if_contains(key);
    if (value == nullptr) continue;
    if (const auto name = names.instances.find(std::string(value->is_string() ? value->get_string() : json::string()));
        name != names.instances.end()) {
      *value = name->second;
    }
  }
  const json::value document(shown);
  json::object plain{{"name", member_text(document, "name")},
                     {"formula", {{"name", member_text(object_in(shown, "formula"), "name")}}},
                     {"configuration", std::move(configuration)},
                     {"active", member_text(document, "active") != "false"},
                     {"singleThreaded", member_text(document, "singleThreaded") == "true"}};
  if (json::object settings = object_in(shown, "settings"); !settings.empty()) plain["settings"] = std::move(settings);
  return plain;
}

ComparedDocument compare_document(const FileDocument& document, const json::value& kept, const json::value& formula,
                                  const ServerNames& names) {
  const json::value& shown = kept.is_object() ? kept : json::value(json::object());
  ComparedDocument compared;
  switch (document.kind) {
    case DocumentKind::element:
      compared = {plain_element(document.body), plain_element(shown.get_object())};
      compared.kept = spoken_of(compared.kept, compared.wanted);
      break;
    case DocumentKind::instance:
      compared = {plain_instance(document.body), plain_instance(shown.get_object())};
      compared.kept = spoken_of(compared.kept, compared.wanted);
      break;
    case DocumentKind::formula_instance:
      compared = compare_formula_instance(document, shown, formula, names);
      break;
    default:
      compared = compare_formula(document, shown, names);
  }
  compared.wanted = sorted_members(compared.wanted);
  compared.kept = kept.is_object() ? sorted_members(compared.kept) : json::value();
  return compared;
}

json::value sorted_members(const json::value& value) {
  if (const json::array* list = value.if_array()) {
    json::array sorted;
    for (const json::value& one : *list) sorted.push_back(sorted_members(one));
    return sorted;
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return value;
  std::set<std::string> names;
  for (const auto& member : *object) names.emplace(member.key());
  json::object sorted;
  for (const std::string& name : names) sorted[name] = sorted_members(object->at(name));
  return sorted;
}

std::vector<std::string> secret_keys(const json::value& element) {
  std::vector<std::string> keys;
  const json::object* object = element.if_object();
  const json::value* entries = object == nullptr ? nullptr : object->if_contains("configuration");
  if (entries == nullptr || !entries->is_array()) return keys;
  for (const json::value& entry : entries->get_array()) {
    if (is_secret_configuration(entry)) keys.push_back(member_text(entry, "key"));
  }
  return keys;
}

bool sounds_secret(std::string_view key) {
  std::string letters;
  for (const char c : key) {
    const bool is_parting = c == '.' || c == '-' || c == '_';
    if (!is_parting) letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  constexpr std::array<std::string_view, 8> words = {"password", "secret",        "token",      "apikey",
                                                     "passwd",   "authorization", "credential", "privatekey"};
  return std::any_of(words.begin(), words.end(),
                     [&letters](std::string_view word) { return letters.find(word) != std::string::npos; });
}

}  // namespace formulary::cli

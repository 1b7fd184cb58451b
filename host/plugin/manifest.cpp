#include "host/plugin/manifest.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/error.hpp"

namespace formulary {
namespace {

constexpr std::size_t text_max = 256;
constexpr std::size_t long_text_max = 4096;
constexpr std::size_t configuration_max = 256;
constexpr std::size_t resources_max = 4096;
constexpr std::size_t path_max = 512;

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::bad_input, where + ": " + what);
}

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// "com.example.crm": two or more labels of lower case letters, digits and hyphens; the first begins with a letter.
bool is_reverse_dns(std::string_view id) {
  const auto labels = split(id, '.');
  const auto is_label = [](std::string_view label) {
    return !label.empty() && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
  };
  return labels.size() >= 2 && std::all_of(labels.begin(), labels.end(), is_label) && is_lower(id.front());
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 9 && std::all_of(text.begin(), text.end(), is_digit) &&
         (text.size() == 1 || text.front() != '0');
}

/// "1.4.0", "2.0.0-rc.1", "1.0.0+build.5": semver.org 2.0.0.
bool is_semantic_version(std::string_view version) {
  const auto plus = version.find('+');
  const auto dash = version.substr(0, plus).find('-');
  const auto is_suffix = [](std::string_view suffix) {
    const auto words = split(suffix, '.');
    return std::all_of(words.begin(), words.end(), [](std::string_view word) {
      return !word.empty() && std::all_of(word.begin(), word.end(),
                                          [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '-'; });
    });
  };
  if (plus != std::string_view::npos && !is_suffix(version.substr(plus + 1))) return false;
  const std::string_view without_build = version.substr(0, plus);
  if (dash != std::string_view::npos && !is_suffix(without_build.substr(dash + 1))) return false;
  const auto numbers = split(without_build.substr(0, dash), '.');
  return numbers.size() == 3 && std::all_of(numbers.begin(), numbers.end(), is_number);
}

/// "smartrecruiters", "acme-crm_2": what may stand in a URL and a table without quoting.
bool is_element_key(std::string_view key) {
  return !key.empty() && key.size() <= 64 && (is_lower(key.front()) || is_digit(key.front())) &&
         std::all_of(key.begin(), key.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_'; });
}

/// "api.key", "event.notification.enabled".
bool is_configuration_key(std::string_view key) {
  return !key.empty() && key.size() <= 128 && std::all_of(key.begin(), key.end(), [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

std::string bounded_text(const JsonReader& json, std::string_view key, std::size_t bytes_max) {
  std::string text = json.text(key);
  const std::string where = json.where() + '.' + std::string(key);
  if (text.empty()) refuse(where, "is empty");
  if (text.size() > bytes_max) refuse(where, "is longer than " + std::to_string(bytes_max) + " bytes");
  return text;
}

std::string bounded_text_or_empty(const JsonReader& json, std::string_view key, std::size_t bytes_max) {
  std::string text = json.text_or(key, "");
  if (text.size() > bytes_max) {
    refuse(json.where() + '.' + std::string(key), "is longer than " + std::to_string(bytes_max) + " bytes");
  }
  return text;
}

const json::array& bounded_array(const JsonReader& json, std::string_view key, std::size_t items_max) {
  const json::array& items = json.array(key);
  if (items.size() > items_max) {
    refuse(json.where() + '.' + std::string(key), "has more than " + std::to_string(items_max) + " entries");
  }
  return items;
}

/// A default may be written as a string, a number or a boolean; the platform keeps all of them as text.
std::string default_text(const JsonReader& json) {
  if (!json.has("default")) return {};
  const json::value& value = json.value("default");
  if (value.is_object() || value.is_array()) refuse(json.where() + ".default", "not a string, number or boolean");
  return value.is_string() ? bounded_text_or_empty(json, "default", long_text_max) : to_text(value);
}

ConfigurationEntry parse_configuration_entry(const JsonReader& json) {
  ConfigurationEntry entry{
      .key = bounded_text(json, "key", 128),
      .name = bounded_text(json, "name", text_max),
      .type = bounded_text(json, "type", 64),
      .description = bounded_text_or_empty(json, "description", long_text_max),
      .default_value = default_text(json),
      .pattern = bounded_text_or_empty(json, "pattern", text_max),
      .help = bounded_text_or_empty(json, "help", long_text_max),
      .required = json.flag_or("required", false),
      .secret = json.flag_or("secret", false),
  };
  if (!is_configuration_key(entry.key)) {
    refuse(json.where() + ".key", "'" + entry.key + "' may hold letters, digits, '.', '_' and '-' alone");
  }
  if (entry.type == "PASSWORD" && !entry.secret) {
    refuse(json.where() + ".secret", "a PASSWORD is a secret; write \"secret\": true");
  }
  if (entry.secret && !entry.default_value.empty()) {
    refuse(json.where() + ".default", "a secret has no default, since everybody can read element.json");
  }
  return entry;
}

Idempotency parse_idempotency(const JsonReader& json) {
  const std::string word = json.text("idempotency");
  if (word == "safe") return Idempotency::safe;
  if (word == "idempotent") return Idempotency::idempotent;
  if (word == "keyed") return Idempotency::keyed;
  if (word == "unsafe") return Idempotency::unsafe;
  refuse(json.where() + ".idempotency", "'" + word + "' is none of safe, idempotent, keyed, unsafe");
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

void check_path(const std::string& path, const std::string& where) {
  if (path.size() < 2 || path.front() != '/' || path.back() == '/') {
    refuse(where, "'" + path + "' does not begin with '/' and end with a name");
  }
  std::set<std::string_view> parameters;
  for (const std::string_view segment : split(std::string_view(path).substr(1), '/')) {
    if (segment.empty()) refuse(where, "'" + path + "' has an empty segment");
    const bool parameter = is_parameter(segment);
    const std::string_view name = parameter ? segment.substr(1, segment.size() - 2) : segment;
    const bool named = std::all_of(name.begin(), name.end(), [](char c) {
      return is_lower(c) || is_upper(c) || is_digit(c) || c == '.' || c == '_' || c == '-' || c == '~';
    });
    if (!named)
      refuse(where, "'" + path + "' has the segment '" + std::string(segment) + "', neither a name nor a {parameter}");
    if (parameter && !parameters.insert(name).second) {
      refuse(where, "'" + path + "' names the parameter {" + std::string(name) + "} twice");
    }
  }
}

ManifestResource parse_resource(const JsonReader& json) {
  static constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  ManifestResource resource{
      .method = json.text("method"),
      .path = bounded_text(json, "path", path_max),
      .description = bounded_text_or_empty(json, "description", long_text_max),
      .idempotency = parse_idempotency(json),
  };
  if (std::find(std::begin(methods), std::end(methods), resource.method) == std::end(methods)) {
    refuse(json.where() + ".method", "'" + resource.method + "' is none of GET, HEAD, POST, PUT, PATCH, DELETE");
  }
  check_path(resource.path, json.where() + ".path");
  return resource;
}

/// The path with each parameter's name taken out: two resources of one shape could not be told apart.
std::string shape(const ManifestResource& resource) {
  std::string text = resource.method;
  for (const std::string_view segment : split(std::string_view(resource.path).substr(1), '/')) {
    text += '/';
    text += is_parameter(segment) ? std::string_view("{}") : segment;
  }
  return text;
}

std::string item(const JsonReader& json, std::string_view member, std::size_t index) {
  return json.where() + '.' + std::string(member) + '[' + std::to_string(index) + ']';
}

std::vector<ConfigurationEntry> parse_configuration(const JsonReader& json) {
  std::vector<ConfigurationEntry> entries;
  if (!json.has("configuration")) return entries;
  std::set<std::string> keys;
  const json::array& items = bounded_array(json, "configuration", configuration_max);
  for (std::size_t index = 0; index < items.size(); ++index) {
    const std::string where = item(json, "configuration", index);
    entries.push_back(parse_configuration_entry(JsonReader(items[index], where)));
    const std::string& key = entries.back().key;
    if (!keys.insert(key).second) refuse(where + ".key", "'" + key + "' stands there twice");
  }
  return entries;
}

std::vector<ManifestResource> parse_resources(const JsonReader& json) {
  std::vector<ManifestResource> resources;
  std::set<std::string> shapes;
  const json::array& items = bounded_array(json, "resources", resources_max);
  for (std::size_t index = 0; index < items.size(); ++index) {
    const std::string where = item(json, "resources", index);
    resources.push_back(parse_resource(JsonReader(items[index], where)));
    const ManifestResource& resource = resources.back();
    if (!shapes.insert(shape(resource)).second) {
      refuse(where, resource.method + ' ' + resource.path + " cannot be told apart from an earlier resource");
    }
  }
  return resources;
}

std::uint32_t version_number(const JsonReader& json, std::string_view key) {
  const std::int64_t number = json.integer(key);
  if (number < 0 || number > 9999) refuse(json.where() + '.' + std::string(key), "not between 0 and 9999");
  return static_cast<std::uint32_t>(number);
}

/// Whether `path` is an instance of `pattern`, and if so how many of its segments were literal.
std::optional<std::vector<bool>> match(std::string_view pattern, const std::vector<std::string_view>& segments) {
  const auto wanted = split(pattern.substr(1), '/');
  if (wanted.size() != segments.size()) return std::nullopt;
  std::vector<bool> literal;
  for (std::size_t index = 0; index < wanted.size(); ++index) {
    const bool parameter = is_parameter(wanted[index]);
    if (parameter ? segments[index].empty() : wanted[index] != segments[index]) return std::nullopt;
    literal.push_back(!parameter);
  }
  return literal;
}

}  // namespace

const ManifestResource* Manifest::find_resource(std::string_view method, std::string_view path) const {
  if (path.empty() || path.front() != '/' || path.size() > 8 * path_max) return nullptr;
  const auto segments = split(path.substr(1), '/');
  const ManifestResource* best = nullptr;
  std::vector<bool> best_literal;
  for (const ManifestResource& resource : resources) {
    if (resource.method != method) continue;
    auto literal = match(resource.path, segments);
    // Compared from the left, so that /jobs/mine/{id} wins over /jobs/{id}/notes for /jobs/mine/notes.
    if (literal && (best == nullptr || *literal > best_literal)) {
      best = &resource;
      best_literal = std::move(*literal);
    }
  }
  return best;
}

Manifest parse_manifest(std::string_view text, std::string_view where) {
  json::value document = parse_json(text, where, {.bytes_max = manifest_bytes_max, .depth_max = 32});
  const JsonReader json(document, std::string(where));
  const JsonReader abi = json.object("abi");
  Manifest manifest{
      .id = bounded_text(json, "id", 128),
      .version = bounded_text(json, "version", 64),
      .key = bounded_text(json, "key", 64),
      .name = bounded_text(json, "name", text_max),
      .hub = bounded_text(json, "hub", 64),
      .description = bounded_text_or_empty(json, "description", long_text_max),
      .authentication_type = bounded_text(json.object("authentication"), "type", 64),
      .abi_major = version_number(abi, "major"),
      .abi_minor = version_number(abi, "minor"),
      .configuration = parse_configuration(json),
      .resources = parse_resources(json),
      .document = {},
  };
  const std::string begin = std::string(where) + '.';
  if (!is_reverse_dns(manifest.id)) {
    refuse(begin + "id", "'" + manifest.id + "' is not in reverse DNS form; write for instance \"com.example.crm\"");
  }
  if (!is_semantic_version(manifest.version)) {
    refuse(begin + "version", "'" + manifest.version + "' is not a semantic version; write for instance \"1.0.0\"");
  }
  if (!is_element_key(manifest.key)) {
    refuse(begin + "key", "'" + manifest.key + "' may hold lower case letters, digits, '-' and '_' alone");
  }
  if (!is_element_key(manifest.hub)) {
    refuse(begin + "hub", "'" + manifest.hub + "' may hold lower case letters, digits, '-' and '_' alone");
  }
  manifest.document = std::move(document);
  return manifest;
}

}  // namespace formulary

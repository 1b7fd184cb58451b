#include "plugins/smartrecruiters/configuration.hpp"

#include <formulary/element/error.hpp>
#include <formulary/poco/json.hpp>
#include <formulary/poco/url.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "plugins/smartrecruiters/refusal.hpp"

namespace smartrecruiters {
namespace {

namespace json = element::json;

constexpr std::size_t document_bytes_max = 1U << 20U;
constexpr std::size_t key_bytes_max = 512;
constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t tags_max = 64;
constexpr std::size_t entry_bytes_max = 1000;  // what the platform allows for its widest text field
constexpr std::size_t requests_per_second_max = 100'000;
constexpr std::size_t concurrent_requests_max = 256;
constexpr std::string_view default_base_url = "https://api.smartrecruiters.com";

constexpr std::string_view key_entry = "api.key";
constexpr std::string_view base_url_entry = "base.url";
constexpr std::string_view ca_file_entry = "ca.file";
constexpr std::string_view rate_entry = "limit.requests_per_second";
constexpr std::string_view concurrent_entry = "limit.concurrent_requests";
/// The order in which instance_request() writes them.
constexpr std::array known_entries = {key_entry, base_url_entry, ca_file_entry, rate_entry, concurrent_entry};

/// What an entry means when it is absent; such an entry is not written, so that filled-in defaults change no byte.
std::string default_of(std::string_view entry) {
  const Settings defaults;
  if (entry == base_url_entry) return std::string(default_base_url);
  if (entry == rate_entry) return std::to_string(defaults.requests_per_second);
  if (entry == concurrent_entry) return std::to_string(defaults.concurrent_requests);
  return {};
}

element::error invalid(const std::string& sentence) {
  return refusal("smartrecruiters.invalid_configuration", sentence, 0);
}

element::error invalid_entry(std::string_view entry, std::string_view what) {
  return invalid("configuration." + std::string(entry) + ": " + std::string(what));
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// Parses a document, giving malformed ones this module's code. Its bytes may hold the key, so the sentence has none of
/// it.
json::value parse_document(std::string_view text, std::string_view where) {
  try {
    return json::parse(text, {.where = std::string(where), .status = ELEMENT_INVALID_ARGUMENT},
                       {.bytes_max = document_bytes_max});
  } catch (const element::error& why) {
    throw invalid(std::string(why.what()) + "; give one JSON object {\"name\", \"tags\", \"configuration\"}");
  }
}

const json::object& object_of(const json::value& value, std::string_view where) {
  const auto* members = value.as<json::object>();
  if (members == nullptr) throw invalid(std::string(where) + ": must be an object, not " + value.kind());
  return *members;
}

/// Wipes the key inside a parsed document when the work with it is over.
class KeyWiper {
 public:
  explicit KeyWiper(json::value& document) noexcept : document_(&document) {}
  KeyWiper(const KeyWiper&) = delete;
  KeyWiper& operator=(const KeyWiper&) = delete;
  ~KeyWiper() {
    auto* members = document_->as<json::object>();
    json::value* configuration = members == nullptr ? nullptr : members->find("configuration");
    auto* entries = configuration == nullptr ? nullptr : configuration->as<json::object>();
    json::value* key = entries == nullptr ? nullptr : entries->find(key_entry);
    if (auto* text = key == nullptr ? nullptr : key->as<std::string>(); text != nullptr) wipe(*text);
  }

 private:
  json::value* document_;
};

const json::object& configuration_of(const json::object& document) {
  const json::value* configuration = document.find("configuration");
  if (configuration == nullptr || configuration->is_null()) {
    throw invalid("configuration: missing; give an object with at least \"api.key\"");
  }
  return object_of(*configuration, "configuration");
}

/// An entry as text: strings as they are, whole numbers for what counts. Nothing if absent, null or empty.
std::optional<std::string> entry_text(const json::object& configuration, std::string_view entry) {
  const json::value* value = configuration.find(entry);
  if (value == nullptr || value->is_null()) return std::nullopt;
  std::string text;
  if (const auto* string = value->as<std::string>()) {
    text = *string;
  } else if (const auto* number = value->as<std::int64_t>(); number != nullptr && entry.starts_with("limit.")) {
    text = std::to_string(*number);
  } else {
    throw invalid_entry(entry, std::string("must be a string, not ") + value->kind());
  }
  if (text.size() > entry_bytes_max)
    throw invalid_entry(entry, "is longer than " + std::to_string(entry_bytes_max) + " bytes");
  if (text.empty()) return std::nullopt;
  return text;
}

/// What an HTTP header can carry and a person did not copy wrongly. The key's shape is the vendor's to change, so
/// nothing else is asked of it.
void check_key(std::string_view key) {
  constexpr std::string_view blanks = " \t\r\n";
  if (key.find_first_not_of(blanks) == std::string_view::npos) {
    throw invalid_entry(key_entry,
                        "is empty; make one in SmartRecruiters under Settings, Apps & Integrations, Credentials");
  }
  if (key.find_first_not_of('*') == std::string_view::npos) {
    throw invalid_entry(key_entry, "is the mask that a read-back shows; give the key itself");
  }
  if (blanks.find(key.front()) != std::string_view::npos || blanks.find(key.back()) != std::string_view::npos) {
    throw invalid_entry(key_entry, "begins or ends with white space; copy the key alone");
  }
  const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!visible) throw invalid_entry(key_entry, "has characters that an HTTP header cannot carry; copy the key again");
  if (key.size() > key_bytes_max) {
    throw invalid_entry(key_entry, "is longer than " + std::to_string(key_bytes_max) + " bytes; copy the key alone");
  }
}

std::string key_of(const json::object& configuration) {
  std::optional<std::string> key = entry_text(configuration, key_entry);
  if (!key && configuration.find(key_entry) == nullptr) {
    throw invalid_entry(key_entry,
                        "missing; make one in SmartRecruiters under Settings, Apps & Integrations, Credentials");
  }
  check_key(key ? *key : std::string_view());
  return *std::move(key);
}

void check_base_url(std::string_view text) {
  element::http::url parts;
  try {
    parts = element::http::parse_url(text);
  } catch (const element::error& why) {
    throw invalid_entry(base_url_entry, why.what());
  }
  if (!parts.secure() && !parts.loopback()) {
    throw invalid_entry(base_url_entry, "must begin with https://; plain http would show the key to the network");
  }
  if (!parts.query.empty()) throw invalid_entry(base_url_entry, "must not have a query");
}

std::size_t count_of(const json::object& configuration, std::string_view entry, std::size_t otherwise,
                     std::size_t max) {
  const std::optional<std::string> text = entry_text(configuration, entry);
  if (!text) return otherwise;
  std::size_t count = 0;
  const char* end = text->data() + text->size();
  const auto [stop, fault] = std::from_chars(text->data(), end, count);
  if (fault != std::errc() || stop != end || count < 1 || count > max) {
    throw invalid_entry(entry, "must be a whole number from 1 to " + std::to_string(max));
  }
  return count;
}

Settings read_settings(const json::object& configuration) {
  std::string base_url = entry_text(configuration, base_url_entry).value_or(std::string(default_base_url));
  check_base_url(base_url);
  std::string ca_file = entry_text(configuration, ca_file_entry).value_or("");
  if (has_control_character(ca_file)) throw invalid_entry(ca_file_entry, "has control characters; give a file's path");
  const Settings defaults;
  return {
      .base_url = std::move(base_url),
      .ca_file = std::move(ca_file),
      .requests_per_second = count_of(configuration, rate_entry, defaults.requests_per_second, requests_per_second_max),
      .concurrent_requests =
          count_of(configuration, concurrent_entry, defaults.concurrent_requests, concurrent_requests_max),
      .key = Secret(key_of(configuration)),
  };
}

void refuse_unknown_members(const json::object& of, std::string_view where, const auto& known) {
  for (const json::member& one : of.members()) {
    if (std::find(known.begin(), known.end(), one.key) != known.end()) continue;
    std::string names;
    for (const std::string_view name : known) (names += names.empty() ? "" : ", ") += name;
    throw invalid(std::string(where) + shown(one.key) + ": unknown; known are: " + names);
  }
}

std::string name_of(const json::object& draft) {
  const json::value* value = draft.find("name");
  if (value == nullptr || value->is_null()) throw invalid("name: missing; give the element instance a name");
  const auto* name = value->as<std::string>();
  if (name == nullptr) throw invalid(std::string("name: must be a string, not ") + value->kind());
  if (name->find_first_not_of(' ') == std::string::npos)
    throw invalid("name: is empty; give the element instance a name");
  if (name->size() > name_bytes_max) throw invalid("name: is longer than 255 bytes; shorten it");
  if (has_control_character(*name)) throw invalid("name: has control characters; write it in one line");
  return *name;
}

json::array tags_of(const json::object& draft) {
  const json::value* value = draft.find("tags");
  if (value == nullptr || value->is_null()) return {};
  const auto* tags = value->as<json::array>();
  if (tags == nullptr) throw invalid(std::string("tags: must be an array of strings, not ") + value->kind());
  if (tags->size() > tags_max) throw invalid("tags: are more than " + std::to_string(tags_max) + "; leave some out");
  for (std::size_t index = 0; index < tags->size(); ++index) {
    const std::string where = "tags[" + std::to_string(index) + "]: ";
    const auto* tag = (*tags)[index].as<std::string>();
    if (tag == nullptr) throw invalid(where + "must be a string, not " + (*tags)[index].kind());
    if (tag->empty() || tag->size() > name_bytes_max) throw invalid(where + "must have 1 to 255 bytes");
    if (has_control_character(*tag)) throw invalid(where + "has control characters; write it in one line");
  }
  return *tags;
}

}  // namespace

std::string instance_request(std::string_view draft_text) {
  constexpr std::array<std::string_view, 3> members = {"name", "tags", "configuration"};
  json::value document = parse_document(draft_text, "the draft");
  const KeyWiper wiper(document);
  const json::object& draft = object_of(document, "the draft");
  refuse_unknown_members(draft, "", members);
  const json::object& configuration = configuration_of(draft);
  refuse_unknown_members(configuration, "configuration.", known_entries);
  const Settings checked = read_settings(configuration);

  json::object entries;
  for (const std::string_view entry : known_entries) {
    std::optional<std::string> text = entry_text(configuration, entry);
    if (text && *text != default_of(entry)) entries.set(entry, *std::move(text));
  }
  json::value request = json::object{{"element", json::object{{"key", "smartrecruiters"}}},
                                     {"configuration", std::move(entries)},
                                     {"tags", tags_of(draft)},
                                     {"name", name_of(draft)}};
  const KeyWiper request_wiper(request);
  return json::to_text(request);
}

Settings settings_of(std::string_view document_text) {
  json::value document = parse_document(document_text, "the element instance");
  const KeyWiper wiper(document);
  return read_settings(configuration_of(object_of(document, "the element instance")));
}

}  // namespace smartrecruiters

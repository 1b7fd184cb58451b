#include "host/api/formula_document.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <set>
#include <utility>

#include "host/api/plain_text.hpp"
#include "host/base/clock.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::array<std::string_view, 3> parts{"configuration", "triggers", "steps"};
/// Members that are the record's, not the template's.
constexpr std::array<std::string_view, 6> head{"id", "userId", "accountId", "createdDate", "updatedDate", "active"};

std::string_view text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::optional<std::int64_t> id_of(const json::object& entry) {
  const json::value* id = entry.if_contains("id");
  return id != nullptr && id->is_int64() ? std::optional(id->get_int64()) : std::nullopt;
}

const json::array* list_of(const json::object& document, std::string_view part) {
  const json::value* list = document.if_contains(part);
  return list == nullptr ? nullptr : list->if_array();
}

/// Kept as it is read: a number that stands for a text is that text, and null is nothing. Error(bad_input) for lists
/// and objects.
void keep_as_text(json::object& object, std::initializer_list<std::string_view> members) {
  for (const std::string_view member : members) {
    json::value* value = object.if_contains(member);
    if (value == nullptr || value->is_string()) continue;
    if (value->is_structured()) {
      throw Error(ErrorCode::bad_input, "formula." + std::string(member) + ": a list or an object; give a text");
    }
    if (value->is_null()) {
      object.erase(member);
    } else {
      *value = to_text(*value);
    }
  }
}

bool is_list_of_texts(const json::value& value) {
  const json::array* list = value.if_array();
  return list != nullptr &&
         std::all_of(list->begin(), list->end(), [](const json::value& one) { return one.is_string(); });
}

/// Kept as it is read: one name is a list of one.
void keep_as_list(json::object& object, std::initializer_list<std::string_view> members) {
  for (const std::string_view member : members) {
    json::value* value = object.if_contains(member);
    if (value == nullptr) continue;
    if (value->is_null()) {
      object.erase(member);
    } else if (value->is_string()) {
      *value = json::array{*value};
    } else if (!is_list_of_texts(*value)) {
      throw Error(ErrorCode::bad_input, "formula." + std::string(member) + ": not a list of names of steps");
    }
  }
}

/// Gives ids to the entries of one list.
class Numbering {
 public:
  Numbering(std::string_view part, const json::array* before, const std::function<std::int64_t()>& next_id)
      : name_member_(part == "configuration" ? "key" : "name"), part_(part), before_(before), next_id_(next_id) {}

  void number(json::array& list) {
    for (std::size_t at = 0; at < list.size(); ++at) {
      json::object* entry = list[at].if_object();
      if (entry == nullptr) {
        throw Error(ErrorCode::bad_input,
                    "formula." + std::string(part_) + "[" + std::to_string(at) + "]: not an object");
      }
      keep_as_text(*entry, {"name", "key", "type"});
      keep_as_list(*entry, {"onSuccess", "onFailure"});
      const std::optional<std::int64_t> known = known_id(*entry, at);
      json::object numbered{{"id", known && used_.insert(*known).second ? *known : next_id_()}};
      for (auto& member : *entry) {
        if (member.key() != "id") numbered[member.key()] = std::move(member.value());
      }
      *entry = std::move(numbered);
    }
  }

 private:
  /// By its own id where that is one of ours, so that an entry keeps it under a new name; else by name.
  [[nodiscard]] std::optional<std::int64_t> known_id(const json::object& entry, std::size_t at) const {
    if (before_ == nullptr) return std::nullopt;
    const std::optional<std::int64_t> own = id_of(entry);
    const std::string_view name = text_of(entry, name_member_);
    std::optional<std::int64_t> by_name;
    for (std::size_t index = 0; index < before_->size(); ++index) {
      const json::object* old = (*before_)[index].if_object();
      if (old == nullptr) continue;
      if (own && id_of(*old) == own) return own;
      const std::string_view old_name = text_of(*old, name_member_);
      if (!by_name && old_name == name && (!name.empty() || index == at)) by_name = id_of(*old);
    }
    return by_name;
  }

  std::string_view name_member_;
  std::string_view part_;
  const json::array* before_;
  const std::function<std::int64_t()>& next_id_;
  std::set<std::int64_t> used_;
};

template <class Edit>
void edit_edges(json::object& kept, const Edit& edit) {
  for (const std::string_view part : {"triggers", "steps"}) {
    json::value* list = kept.if_contains(part);
    if (list == nullptr || !list->is_array()) continue;
    for (json::value& entry : list->get_array()) {
      for (const std::string_view edge : {"onSuccess", "onFailure"}) {
        json::value* names = entry.is_object() ? entry.get_object().if_contains(edge) : nullptr;
        if (names != nullptr && names->is_array()) edit(names->get_array());
      }
    }
  }
}

bool is_name(const json::value& value, std::string_view name) {
  return value.is_string() && std::string_view(value.get_string()) == name;
}

/// Every text in a value.
void rewrite_texts(json::value& value, const std::function<std::string(std::string_view)>& rewrite) {
  if (value.is_string()) {
    value = rewrite(value.get_string());
  } else if (value.is_array()) {
    for (json::value& item : value.get_array()) rewrite_texts(item, rewrite);
  } else if (value.is_object()) {
    for (auto& member : value.get_object()) rewrite_texts(member.value(), rewrite);
  }
}

std::string renamed_references(std::string_view text, const std::string& from, const std::string& to) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = text.find("${", at);
    if (begin == std::string_view::npos) break;
    result += text.substr(at, begin + 2 - at);
    at = begin + 2;
    constexpr std::string_view prefix = "config.";
    const std::string_view rest = text.substr(at);
    const std::size_t skipped = rest.starts_with(prefix) ? prefix.size() : 0;
    const std::string_view key = rest.substr(skipped);
    const bool is_it =
        key.starts_with(from) && key.size() > from.size() && (key[from.size()] == '}' || key[from.size()] == '[');
    if (!is_it) continue;
    result += std::string(rest.substr(0, skipped)) + to;
    at += skipped + from.size();
  }
  result += text.substr(std::min(at, text.size()));
  return result;
}

}  // namespace

json::object to_kept(json::object given, const json::object& before, const std::function<std::int64_t()>& next_id) {
  for (const std::string_view member : head) given.erase(member);
  keep_as_text(given, {"name", "engine"});
  if (json::value* name = given.if_contains("name"); name != nullptr && name->is_string()) {
    *name = without_tags(name->get_string());
  }
  for (const std::string_view part : parts) {
    json::value& list = given[part];
    if (list.is_null()) list = json::array();
    if (!list.is_array()) throw Error(ErrorCode::bad_input, "formula." + std::string(part) + ": not a list");
    Numbering(part, list_of(before, part), next_id).number(list.get_array());
  }
  const std::string_view method = text_of(given, "method");
  const std::string_view uri = text_of(given, "uri");
  if (!method.empty() && !uri.empty()) given["api"] = std::string(method) + ' ' + std::string(uri);
  return given;
}

json::object to_shown(const FormulaRecord& record, const json::object& kept) {
  const auto date = [](std::int64_t milliseconds) {
    return iso8601(Clock::WallTime(std::chrono::milliseconds(milliseconds)));
  };
  json::object shown{{"id", record.id},
                     {"name", nullptr},  // its place; the document has it
                     {"userId", record.user},
                     {"accountId", record.account},
                     {"createdDate", date(record.created_ms)},
                     {"updatedDate", date(record.updated_ms != 0 ? record.updated_ms : record.created_ms)},
                     {"active", record.active},
                     {"singleThreaded", false},
                     {"debugLoggingEnabled", true}};
  for (const auto& member : kept) shown[member.key()] = member.value();
  return shown;
}

json::object* find_part(json::object& kept, std::string_view part, std::int64_t id) {
  json::value* list = kept.if_contains(part);
  if (list == nullptr || !list->is_array()) return nullptr;
  for (json::value& entry : list->get_array()) {
    if (entry.is_object() && id_of(entry.get_object()) == id) return &entry.get_object();
  }
  return nullptr;
}

void remove_step_name(json::object& kept, std::string_view name) {
  edit_edges(kept, [name](json::array& names) {
    json::array others;
    for (json::value& other : names) {
      if (!is_name(other, name)) others.push_back(std::move(other));
    }
    names = std::move(others);
  });
}

void rename_step(json::object& kept, std::string_view from, const std::string& to) {
  edit_edges(kept, [from, &to](json::array& names) {
    for (json::value& name : names) {
      if (is_name(name, from)) name = to;
    }
  });
}

void rename_configuration_key(json::object& kept, const std::string& from, const std::string& to) {
  if (from.empty() || from == to) return;
  const auto rewrite = [&from, &to](std::string_view text) { return renamed_references(text, from, to); };
  for (const std::string_view part : {"triggers", "steps"}) {
    json::value* list = kept.if_contains(part);
    if (list == nullptr || !list->is_array()) continue;
    for (json::value& entry : list->get_array()) {
      json::object* object = entry.if_object();
      json::value* properties = object == nullptr ? nullptr : object->if_contains("properties");
      if (properties == nullptr || !properties->is_object()) continue;
      const std::string_view type = text_of(*object, "type");
      const bool has_script = type == "script" || type == "filter";
      for (auto& member : properties->get_object()) {
        if (!has_script || member.key() != "body") rewrite_texts(member.value(), rewrite);
      }
    }
  }
}

}  // namespace formulary::api

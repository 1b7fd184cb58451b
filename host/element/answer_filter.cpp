#include "host/element/answer_filter.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "host/base/error.hpp"

namespace formulary {
namespace {

constexpr std::size_t names_max = 100;

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> comma_list(std::string_view text, const char* where) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = trimmed(text.substr(0, comma));
    if (part.empty()) throw Error(ErrorCode::bad_input, std::string("query ") + where + ": an entry is empty");
    parts.push_back(part);
    if (parts.size() > names_max) {
      throw Error(ErrorCode::bad_input,
                  std::string("query ") + where + ": it has over " + std::to_string(names_max) + " entries");
    }
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

/// Moves what `path` names from `from` to `to`.
void keep(json::object& from, std::string_view path, json::object& to) {
  const std::size_t dot = path.find('.');
  json::value* member = from.if_contains(path);
  if (member != nullptr) {
    to[path] = std::move(*member);
    return;
  }
  if (dot == std::string_view::npos) return;
  const std::string_view head = path.substr(0, dot);
  json::value* inner = from.if_contains(head);
  if (inner == nullptr || !inner->is_object()) return;
  json::value& target = to[head];
  if (!target.is_object()) target = json::object();
  keep(inner->get_object(), path.substr(dot + 1), target.get_object());
}

void select_of(json::value& value, const std::vector<std::string>& fields) {
  if (!value.is_object()) return;
  json::object kept;
  for (const std::string& field : fields) keep(value.get_object(), field, kept);
  value = std::move(kept);
}

const json::value* find_path(const json::value& value, std::string_view path) {
  const json::object* object = value.if_object();
  if (object == nullptr) return nullptr;
  if (const json::value* found = object->if_contains(path)) return found;
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const json::value* inner = object->if_contains(path.substr(0, dot));
  return inner == nullptr ? nullptr : find_path(*inner, path.substr(dot + 1));
}

/// Absent and null, flags, numbers, texts, the rest.
int rank(const json::value* value) {
  if (value == nullptr || value->is_null()) return 0;
  if (value->is_bool()) return 1;
  if (value->is_number()) return 2;
  return value->is_string() ? 3 : 4;
}

int compare(const json::value* a, const json::value* b) {
  if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
  switch (rank(a)) {
    case 1:
      return static_cast<int>(a->get_bool()) - static_cast<int>(b->get_bool());
    case 2: {
      const double left = a->to_number<double>();
      const double right = b->to_number<double>();
      return left < right ? -1 : static_cast<int>(left > right);
    }
    case 3:
      return a->get_string().compare(b->get_string());
    default:
      return 0;
  }
}

}  // namespace

void remove_nulls(json::value& value) {
  if (value.is_array()) {
    for (json::value& entry : value.get_array()) remove_nulls(entry);
    return;
  }
  if (!value.is_object()) return;
  json::object& object = value.get_object();
  const bool has_null =
      std::any_of(object.begin(), object.end(), [](const auto& member) { return member.value().is_null(); });
  if (has_null) {
    json::object kept;  // not erased one by one, which would change the order of the members
    for (auto& member : object) {
      if (!member.value().is_null()) kept[member.key()] = std::move(member.value());
    }
    object = std::move(kept);
  }
  for (auto& member : object) remove_nulls(member.value());
}

std::vector<std::string> parse_fields(std::string_view text) {
  std::vector<std::string> fields;
  for (const std::string_view field : comma_list(text, "fields")) fields.emplace_back(field);
  return fields;
}

void select_fields(json::value& value, const std::vector<std::string>& fields) {
  if (value.is_array()) {
    for (json::value& entry : value.get_array()) select_of(entry, fields);
    return;
  }
  select_of(value, fields);
}

std::vector<SortKey> parse_order(std::string_view text) {
  std::vector<SortKey> keys;
  for (const std::string_view part : comma_list(text, "orderBy")) {
    const std::size_t space = part.find(' ');
    std::string direction(space == std::string_view::npos ? "asc" : trimmed(part.substr(space)));
    std::transform(direction.begin(), direction.end(), direction.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (direction != "asc" && direction != "desc") {
      throw Error(ErrorCode::bad_input,
                  "query orderBy: behind a name stands neither asc nor desc; write orderBy=name desc");
    }
    keys.push_back({.path = std::string(part.substr(0, space)), .descending = direction == "desc"});
  }
  return keys;
}

void sort_by(json::value& value, const std::vector<SortKey>& keys) {
  if (!value.is_array()) return;
  json::array& list = value.get_array();
  std::stable_sort(list.begin(), list.end(), [&keys](const json::value& a, const json::value& b) {
    for (const SortKey& key : keys) {
      const int order = compare(find_path(a, key.path), find_path(b, key.path));
      if (order != 0) return key.descending ? order > 0 : order < 0;
    }
    return false;
  });
}

}  // namespace formulary

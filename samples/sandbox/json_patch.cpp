#include "json_patch.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <charconv>
#include <optional>
#include <string>

#include "body_check.hpp"

namespace sandbox {
namespace {

constexpr std::size_t operations_max = 200;

std::vector<std::string> pointer_tokens(const Call& call, std::string_view pointer) {
  if (!pointer.empty() && pointer.front() != '/') throw call.invalid("/path", "must be a JSON pointer");
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      tokens.emplace_back();
    } else if (pointer[i] == '~') {
      const char next = i + 1 < pointer.size() ? pointer[i + 1] : ' ';
      if (next != '0' && next != '1') throw call.invalid("/path", "'~' must be followed by 0 or 1");
      tokens.back() += next == '0' ? '~' : '/';
      ++i;
    } else {
      tokens.back() += pointer[i];
    }
  }
  return tokens;
}

std::optional<std::size_t> array_index(const std::string& token) {
  if (token.empty() || (token.size() > 1 && token.front() == '0')) return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

/// The value at the tokens, or nullptr.
json::value* find(json::value& document, const std::vector<std::string>& tokens) {
  json::value* at = &document;
  for (const auto& token : tokens) {
    if (auto* object = at->if_object()) {
      at = object->if_contains(token);
    } else if (auto* array = at->if_array()) {
      const auto index = array_index(token);
      at = index && *index < array->size() ? &(*array)[*index] : nullptr;
    } else {
      at = nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

json::value& existing(const Call& call, json::value& document, std::string_view pointer) {
  json::value* found = find(document, pointer_tokens(call, pointer));
  if (found == nullptr) throw call.invalid(std::string(pointer), "does not exist");
  return *found;
}

void add(const Call& call, json::value& document, std::string_view pointer, json::value value) {
  auto tokens = pointer_tokens(call, pointer);
  if (tokens.empty()) {
    document = std::move(value);
    return;
  }
  const std::string last = tokens.back();
  tokens.pop_back();
  json::value* parent = find(document, tokens);
  if (parent == nullptr) throw call.invalid(std::string(pointer), "its parent does not exist");
  if (auto* object = parent->if_object()) {
    (*object)[last] = std::move(value);
  } else if (auto* array = parent->if_array()) {
    const auto index = last == "-" ? array->size() : array_index(last);
    if (!index || *index > array->size()) throw call.invalid(std::string(pointer), "is no place in that array");
    array->insert(array->begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  } else {
    throw call.invalid(std::string(pointer), "its parent has no members");
  }
}

json::value take(const Call& call, json::value& document, std::string_view pointer) {
  json::value taken = existing(call, document, pointer);
  auto tokens = pointer_tokens(call, pointer);
  if (tokens.empty()) throw call.invalid("/", "the whole document cannot be removed");
  const std::string last = tokens.back();
  tokens.pop_back();
  json::value* parent = find(document, tokens);
  if (auto* object = parent->if_object()) {
    object->erase(last);
  } else if (auto* array = parent->if_array()) {
    array->erase(array->begin() + static_cast<std::ptrdiff_t>(*array_index(last)));
  }
  return taken;
}

bool starts_below(std::string_view pointer, std::string_view parent) {
  return pointer.size() > parent.size() && pointer.starts_with(parent) && pointer[parent.size()] == '/';
}

void apply(const Call& call, const json::object& operation, json::value& document) {
  check_members(call, operation,
                {{.path = "op", .required = true, .one_of = {"add", "remove", "replace", "move", "copy", "test"}},
                 {.path = "path", .required = true}});
  const std::string op = text_at(operation, "op");
  const std::string path = text_at(operation, "path");
  if (op == "move" || op == "copy") {
    check_members(call, operation, {{.path = "from", .required = true}});
    const std::string from = text_at(operation, "from");
    if (op == "move" && starts_below(path, from)) throw call.invalid(path, "is inside of what would be moved");
    add(call, document, path, op == "move" ? take(call, document, from) : existing(call, document, from));
    return;
  }
  if (op == "remove") {
    take(call, document, path);
    return;
  }
  const json::value* value = operation.if_contains("value");
  if (value == nullptr) throw call.invalid("/value", "is missing");
  if (op == "add") {
    add(call, document, path, *value);
  } else if (op == "replace") {
    existing(call, document, path) = *value;
  } else if (existing(call, document, path) != *value) {
    throw call.invalid(path, "is not what the test expects");
  }
}

}  // namespace

void apply_json_patch(const Call& call, const json::value& operations, json::value& document) {
  if (!operations.is_array()) throw call.invalid("/", "must be an array of operations (RFC 6902)");
  if (operations.as_array().size() > operations_max) throw call.invalid("/", "has more than 200 operations");
  json::value changed = document;
  for (const json::value& operation : operations.as_array()) {
    if (!operation.is_object()) throw call.invalid("/", "each operation must be an object");
    apply(call, operation.as_object(), changed);
  }
  document = std::move(changed);
}

}  // namespace sandbox

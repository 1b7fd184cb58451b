#include <cmath>

#include "host/base/error.hpp"
#include "host/base/json.hpp"

namespace formulary {
namespace {

[[noreturn]] void refuse(const std::string& path, const char* what) {
  throw Error(ErrorCode::bad_input, path + ": " + what);
}

}  // namespace

JsonReader::JsonReader(const json::object& object, std::string where) : object_(&object), where_(std::move(where)) {}

JsonReader::JsonReader(const json::value& value, std::string where)
    : object_(value.if_object()), where_(std::move(where)) {
  if (object_ == nullptr) refuse(where_, "not an object");
}

bool JsonReader::has(std::string_view key) const {
  return find(key) != nullptr;
}

std::string JsonReader::text(std::string_view key) const {
  const json::string* text = value(key).if_string();
  if (text == nullptr) refuse(path(key), "not a string");
  return {text->data(), text->size()};
}

std::string JsonReader::text_or(std::string_view key, std::string_view otherwise) const {
  return has(key) ? text(key) : std::string(otherwise);
}

std::int64_t JsonReader::integer(std::string_view key) const {
  const json::value& number = value(key);
  if (number.is_double()) {
    // 5.0 and 5 are one number in JSON; beyond 2^53 a double no longer says which integer was meant.
    constexpr double exact_max = 9007199254740992.0;
    const double real = number.get_double();
    if (std::trunc(real) == real && std::abs(real) <= exact_max) return static_cast<std::int64_t>(real);
    refuse(path(key), "not an integer");
  }
  if (number.is_uint64()) refuse(path(key), "an integer beyond 64 bits");
  if (!number.is_int64()) refuse(path(key), "not an integer");
  return number.get_int64();
}

std::int64_t JsonReader::integer_or(std::string_view key, std::int64_t otherwise) const {
  return has(key) ? integer(key) : otherwise;
}

bool JsonReader::flag_or(std::string_view key, bool otherwise) const {
  const json::value* flag = find(key);
  if (flag == nullptr) return otherwise;
  if (!flag->is_bool()) refuse(path(key), "neither true nor false");
  return flag->get_bool();
}

JsonReader JsonReader::object(std::string_view key) const {
  return {value(key), path(key)};
}

const json::array& JsonReader::array(std::string_view key) const {
  const json::array* array = value(key).if_array();
  if (array == nullptr) refuse(path(key), "not an array");
  return *array;
}

const json::value& JsonReader::value(std::string_view key) const {
  const json::value* value = find(key);
  if (value == nullptr) refuse(path(key), "missing");
  return *value;
}

const json::value* JsonReader::find(std::string_view key) const {
  const json::value* value = object_->if_contains(json::string_view(key.data(), key.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string JsonReader::path(std::string_view key) const {
  return where_ + '.' + std::string(key);
}

}  // namespace formulary

#include "host/formula/canonical_text.hpp"

#include <algorithm>
#include <vector>

namespace formulary {
namespace {

json::value sorted(const json::value& value) {
  if (const auto* array = value.if_array()) {
    json::array result;
    result.reserve(array->size());
    for (const auto& entry : *array) result.push_back(sorted(entry));
    return result;
  }
  if (const auto* object = value.if_object()) {
    std::vector<std::string_view> keys;
    keys.reserve(object->size());
    for (const auto& member : *object) keys.emplace_back(member.key());
    std::sort(keys.begin(), keys.end());
    json::object result;
    result.reserve(keys.size());
    for (const auto key : keys) result.emplace(key, sorted(object->at(key)));
    return result;
  }
  return value;
}

}  // namespace

std::string canonical_text(const json::value& value) {
  return to_text(sorted(value));
}

}  // namespace formulary

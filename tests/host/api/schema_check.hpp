/// \file
/// Holds answers against the platform's published schemas: of JSON Schema what those use, and no more.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "host/base/json.hpp"
#include "tests/host/store/store_fixture.hpp"

namespace formulary::testing {

inline std::filesystem::path schemas_folder() {
  return std::filesystem::path(FORMULARY_SHARED) / "contract/platform/schemas";
}

inline bool is_of_type(const json::value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  return type == "number" && value.is_number();
}

/// Empty if `value` is as the schema says; else where it is not, and why.
inline std::string schema_fault(const json::value& value, const json::value& schema, const std::string& where = "$") {
  const json::object& rules = schema.as_object();
  if (const json::value* other = rules.if_contains("$ref")) {
    const std::string file(other->as_string());
    return schema_fault(value, parse_json(read_file(schemas_folder() / file), file), where);
  }
  const json::value* type = rules.if_contains("type");
  if (type != nullptr && !is_of_type(value, type->as_string())) {
    return where + ": is no " + std::string(type->as_string());
  }
  if (const json::value* allowed = rules.if_contains("enum")) {
    bool found = false;
    for (const json::value& one : allowed->as_array()) found = found || one == value;
    if (!found) return where + ": " + to_text(value) + " is not allowed";
  }
  if (const json::value* items = rules.if_contains("items"); items != nullptr && value.is_array()) {
    for (std::size_t at = 0; at < value.as_array().size(); ++at) {
      std::string fault = schema_fault(value.at(at), *items, where + "[" + std::to_string(at) + "]");
      if (!fault.empty()) return fault;
    }
  }
  if (!value.is_object()) return {};
  if (const json::value* required = rules.if_contains("required")) {
    for (const json::value& name : required->as_array()) {
      if (!value.as_object().contains(name.as_string())) return where + ": has no " + std::string(name.as_string());
    }
  }
  if (const json::value* properties = rules.if_contains("properties")) {
    for (const auto& property : properties->as_object()) {
      const json::value* member = value.as_object().if_contains(property.key());
      if (member == nullptr) continue;
      std::string fault = schema_fault(*member, property.value(), where + "." + std::string(property.key()));
      if (!fault.empty()) return fault;
    }
  }
  return {};
}

inline std::string schema_fault_of(const json::value& value, const std::string& schema) {
  return schema_fault(value, parse_json(read_file(schemas_folder() / (schema + ".schema.json")), schema));
}

}  // namespace formulary::testing

#include "body_check.hpp"

#include <algorithm>
#include <string>

#include "clock.hpp"

namespace sandbox {
namespace {

const json::value* find_at(const json::object& from, std::string_view path) {
  const json::object* object = &from;
  while (true) {
    const std::size_t dot = path.find('.');
    const json::value* found = object->if_contains(path.substr(0, dot));
    if (found == nullptr || dot == std::string_view::npos) return found;
    object = found->if_object();
    if (object == nullptr) return nullptr;
    path.remove_prefix(dot + 1);
  }
}

bool parent_is_there(const json::object& from, std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return true;
  const json::value* parent = find_at(from, path.substr(0, dot));
  return parent != nullptr && parent->is_object();
}

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && text.find('.', at) != std::string_view::npos &&
         text.find_first_of(" \t\r\n") == std::string_view::npos && text.back() != '.';
}

/// Empty if `value` is of that kind.
std::string_view kind_fault(const json::value& value, Kind kind) {
  switch (kind) {
    case Kind::text:
      return value.is_string() ? "" : "must be text";
    case Kind::number:
      return value.is_number() ? "" : "must be a number";
    case Kind::boolean:
      return value.is_bool() ? "" : "must be true or false";
    case Kind::object:
      return value.is_object() ? "" : "must be an object";
    case Kind::array:
      return value.is_array() ? "" : "must be an array";
    case Kind::instant:
      return value.is_string() && parse_instant(value.as_string()) ? "" : "must be a time as 2026-09-01T08:00:00.000Z";
    case Kind::email:
      return value.is_string() && is_email(value.as_string()) ? "" : "must be an email address";
  }
  return "";
}

std::string fault(const json::value& value, const Member& member) {
  if (const auto kind = kind_fault(value, member.kind); !kind.empty()) return std::string(kind);
  if (!value.is_string()) return {};
  const std::string_view text = value.as_string();
  if (text.size() < member.length_min) return "is shorter than " + std::to_string(member.length_min);
  if (text.size() > member.length_max) return "is longer than " + std::to_string(member.length_max);
  const auto& allowed = member.one_of;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
    std::string sentence = "must be one of";
    for (const auto one : allowed) sentence += ' ' + std::string(one);
    return sentence;
  }
  return {};
}

}  // namespace

void check_members(const Call& call, const json::object& body, const std::vector<Member>& members) {
  for (const Member& member : members) {
    std::string data_path = "/" + std::string(member.path);
    std::replace(data_path.begin(), data_path.end(), '.', '/');
    const json::value* value = find_at(body, member.path);
    if (value == nullptr) {
      if (member.required && parent_is_there(body, member.path)) throw call.invalid(data_path, "is missing");
      continue;
    }
    if (const std::string why = fault(*value, member); !why.empty()) throw call.invalid(data_path, why);
  }
}

std::string text_at(const json::object& from, std::string_view path, std::string_view otherwise) {
  const json::value* found = find_at(from, path);
  return std::string(found != nullptr && found->is_string() ? std::string_view(found->as_string()) : otherwise);
}

void copy_members(const json::object& from, json::object& to, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (const json::value* found = from.if_contains(name)) to[name] = *found;
  }
}

}  // namespace sandbox

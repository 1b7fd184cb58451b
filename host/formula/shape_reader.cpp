#include "host/formula/shape_reader.hpp"

#include <utility>

namespace formulary {
namespace {

const json::object& empty_object() {
  static const json::object empty;
  return empty;
}

}  // namespace

ShapeReader::ShapeReader(const json::value& value, std::string path, std::vector<FormulaProblem>& problems)
    : object_(value.if_object()), path_(std::move(path)), problems_(&problems) {
  if (object_ != nullptr) return;
  object_ = &empty_object();
  problems_->push_back({.path = path_, .sentence = "is not an object"});
}

const json::value* ShapeReader::find(std::string_view key) const {
  const json::value* member = object_->if_contains(key);
  return member == nullptr || member->is_null() ? nullptr : member;
}

std::string ShapeReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + '.' + std::string(key);
}

void ShapeReader::report(std::string_view key, std::string sentence) {
  problems_->push_back({.path = key.empty() ? path_ : path_of(key), .sentence = std::move(sentence)});
}

std::string ShapeReader::text(std::string_view key) {
  const json::value* member = find(key);
  if (member == nullptr) return {};
  if (const auto* string = member->if_string()) return std::string(*string);
  if (!member->is_structured()) return to_text(*member);
  report(key, "is not a text");
  return {};
}

Property ShapeReader::property(std::string_view key) {
  const json::value* member = find(key);
  if (member == nullptr) return {};
  Property property(*member);
  for (const auto& fault : property.faults()) {
    report(key, fault + R"(; write ${steps.<name>...}, ${trigger...}, ${config.<key>} or ${info...})");
  }
  return property;
}

std::vector<std::string> ShapeReader::names(std::string_view key) {
  const json::value* member = find(key);
  if (member == nullptr) return {};
  const auto* array = member->if_array();
  if (array == nullptr) {
    report(key, "is not an array of step names");
    return {};
  }
  std::vector<std::string> names;
  for (const auto& entry : *array) {
    if (const auto* name = entry.if_string()) {
      names.emplace_back(*name);
    } else {
      report(std::string(key) + '[' + std::to_string(names.size()) + ']', "is not the name of a step");
      names.emplace_back();  // keeps the positions that later problems name
    }
  }
  return names;
}

bool ShapeReader::flag(std::string_view key, bool otherwise) {
  const json::value* member = find(key);
  if (member == nullptr) return otherwise;
  if (const auto* flag = member->if_bool()) return *flag;
  const auto* string = member->if_string();
  const std::string_view word = string == nullptr ? "?" : std::string_view(*string);
  if (word == "true" || word == "false" || word.empty()) return word == "true";
  report(key, R"(is neither "true" nor "false")");
  return false;
}

ShapeReader ShapeReader::object(std::string_view key) {
  static const json::value absent = json::object();
  const json::value* member = find(key);
  return {member == nullptr ? absent : *member, path_of(key), *problems_};
}

std::vector<ShapeReader> ShapeReader::objects(std::string_view key) {
  const json::value* member = find(key);
  if (member == nullptr) return {};
  const auto* array = member->if_array();
  if (array == nullptr) {
    report(key, "is not an array");
    return {};
  }
  std::vector<ShapeReader> readers;
  for (const auto& entry : *array) {
    readers.emplace_back(entry, path_of(key) + '[' + std::to_string(readers.size()) + ']', *problems_);
  }
  return readers;
}

}  // namespace formulary

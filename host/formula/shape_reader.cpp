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

void ShapeReader::report(std::string_view key, std::string sentence, FormulaProblem::Kind kind) {
  problems_->push_back({.kind = kind, .path = key.empty() ? path_ : path_of(key), .sentence = std::move(sentence)});
}

std::string ShapeReader::text(std::string_view key) {
  const json::value* member = find(key);
  if (member == nullptr) return {};
  if (const auto* string = member->if_string()) return std::string(*string);
  if (!member->is_structured()) return to_text(*member);
  report(key, "is not a text and counts for nothing");
  return {};
}

Property ShapeReader::property(std::string_view key) {
  const json::value* member = find(key);
  if (member == nullptr) return {};
  Property property(*member);
  for (const auto& fault : property.faults()) {
    report(key,
           fault + R"(; it stays as it is. Write ${steps.<name>...}, ${trigger...}, ${config.<key>} or ${info...})");
  }
  return property;
}

std::vector<std::string> ShapeReader::names(std::string_view key) {
  const json::value* member = find(key);
  if (member == nullptr) return {};
  if (const auto* name = member->if_string()) return {std::string(*name)};
  const auto* array = member->if_array();
  if (array == nullptr) {
    report(key, "is not an array of step names");
    return {};
  }
  std::vector<std::string> names;
  for (const auto& entry : *array) {
    const auto* name = entry.if_string();
    if (name == nullptr)
      report(std::string(key) + '[' + std::to_string(names.size()) + ']', "is not the name of a step");
    // an empty one keeps the positions that later problems name
    names.emplace_back(name == nullptr ? std::string_view() : std::string_view(*name));
  }
  return names;
}

bool ShapeReader::flag(std::string_view key, bool otherwise) {
  const json::value* member = find(key);
  if (member == nullptr) return otherwise;
  if (const auto* flag = member->if_bool()) return *flag;
  const auto* string = member->if_string();
  const std::string_view word = string == nullptr ? "?" : std::string_view(*string);
  if (word == "true" || word == "false") return word == "true";
  if (word.empty()) return otherwise;
  report(key, R"(is neither "true" nor "false"; it counts as )" + std::string(otherwise ? "true" : "false"));
  return otherwise;
}

ShapeReader ShapeReader::object(std::string_view key) {
  static const json::value absent = json::object();
  const json::value* member = find(key);
  if (member != nullptr && !member->is_object()) report(key, "is not an object and counts for nothing");
  return {member == nullptr || !member->is_object() ? absent : *member, path_of(key), *problems_};
}

std::vector<ShapeReader> ShapeReader::objects(std::string_view key) {
  const json::value* member = find(key);
  if (member == nullptr) return {};
  const auto* array = member->if_array();
  if (array == nullptr) {
    report(key, "is not an array", FormulaProblem::Kind::invalid);
    return {};
  }
  std::vector<ShapeReader> readers;
  for (const auto& entry : *array) {
    readers.emplace_back(entry, path_of(key) + '[' + std::to_string(readers.size()) + ']', *problems_);
  }
  return readers;
}

}  // namespace formulary

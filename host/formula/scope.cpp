#include "host/formula/scope.hpp"

namespace formulary {
namespace {

std::string text_of(const Scope::Value& value) {
  return value ? to_text(*value) : "{}";
}

}  // namespace

std::string script_context(const Scope& scope) {
  std::string text = R"({"trigger":)" + text_of(scope.trigger) + R"(,"steps":{)";
  bool first = true;
  for (const auto& [name, output] : scope.steps) {
    if (!first) text += ',';
    first = false;
    text += to_text(json::value(name)) + ':' + text_of(output);
  }
  return text + R"(},"info":)" + text_of(scope.info) + R"(,"config":)" + text_of(scope.config) + '}';
}

}  // namespace formulary

#include "host/engine/redaction.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace formulary {
namespace {

/// Without case and without what parts words, so that api.key, api-key and apiKey are one.
std::string letters_of(std::string_view key) {
  std::string letters;
  for (const char one : key) {
    if (one >= 'A' && one <= 'Z') letters += static_cast<char>(one - 'A' + 'a');
    if (one >= 'a' && one <= 'z') letters += one;
  }
  return letters;
}

bool names_credential(std::string_view key) {
  static constexpr std::string_view words[] = {"password", "passwd", "passphrase", "secret",     "token",
                                               "apikey",   "pwd",    "privatekey", "credential", "authorization"};
  const std::string letters = letters_of(key);
  return std::any_of(std::begin(words), std::end(words),
                     [&letters](std::string_view word) { return letters.find(word) != std::string::npos; });
}

}  // namespace

std::vector<std::string> secrets_by_name(const json::object& configuration) {
  std::vector<std::string> secrets;
  for (const auto& [key, value] : configuration) {
    const auto* text = value.if_string();
    if (text != nullptr && names_credential({key.data(), key.size()})) secrets.emplace_back(text->data(), text->size());
  }
  return secrets;
}

json::value redacted(const json::value& value, const Redactor& redactor) {
  if (redactor.empty()) return value;
  if (const auto* object = value.if_object()) {
    json::object result;
    for (const auto& member : *object) result[redactor.redact(member.key())] = redacted(member.value(), redactor);
    return result;
  }
  if (const auto* array = value.if_array()) {
    json::array result;
    for (const auto& entry : *array) result.push_back(redacted(entry, redactor));
    return result;
  }
  if (const auto* string = value.if_string()) return json::value(redactor.redact(*string));
  const std::string text = to_text(value);
  return redactor.finds_secret(text) ? json::value(redactor.redact(text)) : value;
}

std::optional<plan::StepError> redacted(const std::optional<plan::StepError>& error, const Redactor& redactor) {
  if (!error) return std::nullopt;
  return plan::StepError{.code = error->code, .message = redactor.redact(error->message)};
}

plan::StepRecord redacted(plan::StepRecord step, const Redactor& redactor) {
  if (redactor.empty()) return step;
  for (auto& [key, value] : step.values) {
    key = redactor.redact(key);
    value = redactor.redact(value);
  }
  step.error = redacted(step.error, redactor);
  return step;
}

}  // namespace formulary

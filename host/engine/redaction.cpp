#include "host/engine/redaction.hpp"

#include <string>
#include <utility>

namespace formulary {

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

#include "host/element/secret_json.hpp"

#include <string.h>  // explicit_bzero is glibc's, not the standard's

namespace formulary {

void wipe(json::value& value) noexcept {
  if (json::string* text = value.if_string()) {
    explicit_bzero(text->data(), text->size());
  } else if (json::array* array = value.if_array()) {
    for (json::value& item : *array) wipe(item);
  } else if (json::object* object = value.if_object()) {
    for (auto& member : *object) wipe(member.value());
  }
}

void collect_texts(const json::value& value, std::vector<std::string>& texts) {
  if (const json::string* text = value.if_string()) {
    texts.emplace_back(text->data(), text->size());
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) collect_texts(item, texts);
  } else if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) collect_texts(member.value(), texts);
  } else if (value.is_number()) {
    texts.push_back(to_text(value));
  }
}

}  // namespace formulary

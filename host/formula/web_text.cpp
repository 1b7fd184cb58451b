#include "host/formula/web_text.hpp"

#include <algorithm>
#include <cstdint>

#include "host/base/text.hpp"

namespace formulary {
namespace {

std::string form_decoded(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced).value_or(spaced);
}

void add_parameter(json::object& query, const std::string& name, const std::string& value) {
  const auto [at, added] = query.emplace(name, value);
  if (added) return;
  json::value& present = at->value();
  if (!present.is_array()) present = json::array{present};
  present.as_array().emplace_back(value);
}

}  // namespace

void add_query_text(json::object& query, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    const std::size_t equals = std::min(part.find('='), part.size());
    if (!part.empty()) {
      add_parameter(query, form_decoded(part.substr(0, equals)),
                    form_decoded(part.substr(std::min(equals + 1, part.size()))));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string query_text(const json::object& query) {
  std::string text;
  const auto add = [&text](std::string_view name, const json::value& value) {
    if (!text.empty()) text += '&';
    const auto* string = value.if_string();
    text += percent_encode(name) + '=' + percent_encode(string != nullptr ? std::string(*string) : to_text(value));
  };
  for (const auto& member : query) {
    if (const auto* values = member.value().if_array()) {
      for (const auto& value : *values) add(member.key(), value);
    } else {
      add(member.key(), member.value());
    }
  }
  return text;
}

bool has_control_characters(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char byte) {
    const auto value = static_cast<std::uint8_t>(byte);
    return value < 0x20 || value == 0x7F;
  });
}

}  // namespace formulary

#include <formulary/poco/message.hpp>

#include <algorithm>

namespace element::http {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::optional<std::string_view> header_list::find(std::string_view name) const noexcept {
  for (const field& one : fields_) {
    if (same_name(one.first, name)) return one.second;
  }
  return std::nullopt;
}

std::string_view header_list::value_or(std::string_view name, std::string_view otherwise) const noexcept {
  return find(name).value_or(otherwise);
}

bool request::idempotent() const noexcept {
  if (repeat != repeatable::by_method) return repeat == repeatable::yes;
  for (const std::string_view safe : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
    if (method == safe) return true;
  }
  return false;
}

}  // namespace element::http

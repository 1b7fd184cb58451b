#include <formulary/poco/message.hpp>

#include <openssl/crypto.h>

#include "ascii.hpp"

namespace element::http {
std::optional<std::string_view> header_list::find(std::string_view name) const noexcept {
  for (const field& one : fields_) {
    if (same_word(one.first, name)) return one.second;
  }
  return std::nullopt;
}

std::string_view header_list::value_or(std::string_view name, std::string_view otherwise) const noexcept {
  return find(name).value_or(otherwise);
}

void header_list::wipe(std::string_view name) noexcept {
  for (field& one : fields_) {
    if (!same_word(one.first, name)) continue;
    OPENSSL_cleanse(one.second.data(), one.second.size());
    one.second.clear();
  }
}

bool request::idempotent() const noexcept {
  if (repeat != repeatable::by_method) return repeat == repeatable::yes;
  for (const std::string_view safe : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
    if (method == safe) return true;
  }
  return false;
}

}  // namespace element::http

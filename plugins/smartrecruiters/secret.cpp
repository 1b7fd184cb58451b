#include "plugins/smartrecruiters/secret.hpp"

#include <formulary/poco/url.hpp>

#include <cstddef>
#include <cstring>

#include "plugins/smartrecruiters/base64.hpp"

namespace smartrecruiters {
namespace {

constexpr std::string_view mask = "********";
constexpr std::size_t shortest = 4;

void replace_all(std::string& text, std::string_view what) {
  if (what.size() < shortest) return;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + mask.size())) {
    text.replace(at, what.size(), mask);
  }
}

}  // namespace

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // a short text that was moved away is still in the buffer; this allocates nothing
  explicit_bzero(text.data(), text.size());
  text.clear();
}

std::string redacted(std::string text, const std::vector<std::string_view>& secrets) {
  for (const std::string_view secret : secrets) {
    std::string encoded = element::http::encode(secret);
    std::string base64 = base64_encoded(secret);
    replace_all(text, secret);
    replace_all(text, encoded);
    replace_all(text, base64);
    while (base64.ends_with('=')) base64.pop_back();  // base64 is also written without its padding
    replace_all(text, base64);
    wipe(encoded);
    wipe(base64);
  }
  return text;
}

}  // namespace smartrecruiters

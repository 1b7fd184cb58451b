#include "host/http/trace_parent.hpp"

#include <algorithm>

namespace formulary {
namespace {

bool is_id(std::string_view digits) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return std::all_of(digits.begin(), digits.end(), is_digit) && digits.find_first_not_of('0') != std::string_view::npos;
}

bool is_trace_parent(std::string_view text) {
  return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
         is_id(text.substr(3, 32)) && is_id(text.substr(36, 16)) && is_id('1' + std::string(text.substr(53)));
}

}  // namespace

std::string trace_parent_of(const HeaderList& headers, std::string_view digits) {
  const auto sent = find_header(headers, "traceparent");
  if (sent && is_trace_parent(*sent)) return std::string(*sent);
  std::string made = "00-";
  made.append(digits.substr(0, 32)).append("-").append(digits.substr(32, 16)).append("-01");
  return made;
}

}  // namespace formulary

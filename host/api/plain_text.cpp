#include "host/api/plain_text.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace formulary::api {

std::string without_tags(std::string_view text) {
  std::string kept;
  std::vector<std::size_t> opened;  // where a < stands in `kept`
  const auto begins_tag = [&kept](std::size_t at) {
    const char next = at + 1 < kept.size() ? kept[at + 1] : ' ';
    return std::isalpha(static_cast<unsigned char>(next)) != 0 || next == '/' || next == '!' || next == '?';
  };
  for (const char c : text) {
    if (c == '<') opened.push_back(kept.size());
    if (c == '>') {
      while (!opened.empty() && !begins_tag(opened.back())) opened.pop_back();
      if (!opened.empty()) {
        kept.resize(opened.back());
        opened.pop_back();
        continue;
      }
    }
    kept += c;
  }
  return kept;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(white)));
  return text.substr(0, text.find_last_not_of(white) + 1);
}

}  // namespace formulary::api

#include "host/delivery/notifier.hpp"

#include <algorithm>

namespace formulary::delivery {

std::vector<std::string> url_list(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::string> urls;
  while (!text.empty()) {
    std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    one.remove_prefix(std::min(one.size(), one.find_first_not_of(blanks)));
    one = one.substr(0, one.find_last_not_of(blanks) + 1);
    if (!one.empty()) urls.emplace_back(one);
  }
  return urls;
}

}  // namespace formulary::delivery

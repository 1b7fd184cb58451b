#include "host/script/worker/script_reads.hpp"

#include <algorithm>
#include <cctype>

namespace formulary {
namespace {

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

/// The member that follows a mention of `steps`: .name, ?.name, ["name"] or ['name']. Nothing if it is anything else.
std::optional<std::string> member_after(std::string_view text) {
  if (text.substr(0, 2) == "?.") text.remove_prefix(1);
  if (text.substr(0, 1) == ".") {
    text.remove_prefix(1);
    const auto end = std::find_if_not(text.begin(), text.end(), is_name_character);
    // A letter beyond ASCII would go on with the name.
    if (end == text.begin() || (end != text.end() && static_cast<unsigned char>(*end) >= 0x80)) return std::nullopt;
    return std::string(text.begin(), end);
  }
  if (text.substr(0, 2) != "['" && text.substr(0, 2) != "[\"") return std::nullopt;
  const char quote = text[1];
  const std::size_t end = text.find(quote, 2);
  if (end == std::string_view::npos || text.substr(end + 1, 1) != "]") return std::nullopt;
  std::string name(text.substr(2, end - 2));
  if (name.find_first_of("\\\n") != std::string::npos) return std::nullopt;
  return name;
}

/// What every object has: steps.hasOwnProperty('other').
bool reaches_others(std::string_view member) {
  return member == "constructor" || member == "hasOwnProperty" || member == "isPrototypeOf" ||
         member == "propertyIsEnumerable" || member == "toLocaleString" || member == "toString" ||
         member == "valueOf" || member.substr(0, 2) == "__";
}

std::optional<std::vector<std::string>> named_steps(std::string_view body) {
  static constexpr std::string_view word = "steps";
  std::vector<std::string> names;
  for (std::size_t at = body.find(word); at != std::string_view::npos; at = body.find(word, at)) {
    at += word.size();
    auto name = member_after(body.substr(at));
    if (!name || reaches_others(*name)) return std::nullopt;
    names.push_back(std::move(*name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

ScriptReads find_reads(std::string_view body) {
  const auto mentions = [&](std::string_view word) { return body.find(word) != std::string_view::npos; };
  // Names can be written with escapes, and `arguments` has all of them.
  if (mentions("\\u") || mentions("arguments")) {
    return {.trigger = true, .info = true, .config = true, .steps = std::nullopt};
  }
  return {.trigger = mentions("trigger"),
          .info = mentions("info"),
          .config = mentions("config"),
          .steps = named_steps(body)};
}

}  // namespace formulary

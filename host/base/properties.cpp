#include <Poco/AutoPtr.h>
#include <Poco/Exception.h>
#include <Poco/Util/PropertyFileConfiguration.h>

#include <set>
#include <sstream>

#include "host/base/error.hpp"
#include "host/base/settings_file.hpp"
#include "host/base/text.hpp"

namespace formulary {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

[[noreturn]] void refuse_second(const std::string& place, const std::string& key) {
  throw Error(ErrorCode::bad_input, place + "the key '" + key + "' is there twice");
}

/// Where each key is, which Poco's reader does not tell; it also takes the last of two equal keys without a word.
std::vector<FileSetting> find_keys(std::string_view text, const std::string& where) {
  std::vector<FileSetting> found;
  std::set<std::string> keys;
  bool continued = false;
  int number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    const bool is_key = !continued && !line.empty() && line.front() != '#' && line.front() != '!';
    continued = (is_key || continued) && !line.empty() && line.back() == '\\';
    if (!is_key) continue;
    const std::string place = where + ":" + std::to_string(number) + ": ";
    const auto sign = line.find_first_of("=:");
    if (sign == std::string_view::npos)
      throw Error(ErrorCode::bad_input, place + "the line has no '='; write key = value");
    std::string key(trimmed(line.substr(0, sign)));
    if (!keys.insert(key).second) refuse_second(place, key);
    found.push_back({.key = std::move(key), .value = {}, .kind = FileSetting::Kind::any, .line = number});
  }
  return found;
}

}  // namespace

std::vector<FileSetting> parse_properties(std::string_view text, const std::string& where) {
  if (!is_utf8(text)) throw Error(ErrorCode::bad_input, where + ": it is not UTF-8; save it as such");
  std::vector<FileSetting> settings = find_keys(text, where);
  try {
    std::istringstream stream{std::string(text)};
    const Poco::AutoPtr<Poco::Util::PropertyFileConfiguration> file(new Poco::Util::PropertyFileConfiguration(stream));
    for (FileSetting& setting : settings) {
      // Raw: a value with "${" in it is meant as it stands.
      setting.value = file->getRawString(setting.key);
    }
  } catch (const Poco::Exception& problem) {
    throw Error(ErrorCode::bad_input, where + ": " + problem.displayText());
  }
  return settings;
}

}  // namespace formulary

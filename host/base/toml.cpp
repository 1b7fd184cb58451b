#include <charconv>
#include <cstdint>
#include <set>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/settings_file.hpp"
#include "host/base/text.hpp"

namespace formulary {
namespace {

using Kind = FileSetting::Kind;

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | code >> 6U);
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | code >> 12U);
    byte(0x80U | (code >> 6U & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | code >> 18U);
    byte(0x80U | (code >> 12U & 0x3FU));
    byte(0x80U | (code >> 6U & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

/// Reads one line; `at_` never leaves it.
class Line {
 public:
  Line(std::string_view text, std::string where) : text_(text), where_(std::move(where)) {}

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorCode::bad_input, where_ + ", column " + std::to_string(at_ + 1) + ": " + what);
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  [[nodiscard]] bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// Nothing but blanks and a comment may follow.
  void end() {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] != '#') refuse("something follows the value; begin a comment with #");
  }
  [[nodiscard]] bool at_end() {
    skip_blanks();
    return at_ >= text_.size() || text_[at_] == '#';
  }

  /// a.b."c d": its parts joined with dots.
  [[nodiscard]] std::string key() {
    std::string joined;
    while (true) {
      skip_blanks();
      const std::string part = key_part();
      if (part.empty()) refuse("a key was expected: letters, digits, _ and -, or a quoted text");
      joined += part;
      skip_blanks();
      if (!take('.')) return joined;
      joined += '.';
    }
  }

  [[nodiscard]] std::pair<Kind, std::string> value() {
    skip_blanks();
    if (text_.substr(at_, 3) == R"(""")" || text_.substr(at_, 3) == "'''")
      refuse("texts of several lines are not read");
    if (take('"')) return {Kind::text, basic_string()};
    if (take('\'')) return {Kind::text, literal_string()};
    const std::string word = bare_word();
    if (word == "true" || word == "false") return {Kind::flag, word};
    return {Kind::integer, integer(word)};
  }

 private:
  [[nodiscard]] std::string key_part() {
    if (take('"')) return basic_string();
    if (take('\'')) return literal_string();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_bare(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  [[nodiscard]] std::string literal_string() {
    const auto end = text_.find('\'', at_);
    if (end == std::string_view::npos) refuse("the text has no closing '");
    std::string text(text_.substr(at_, end - at_));
    at_ = end + 1;
    return text;
  }

  [[nodiscard]] std::string basic_string() {
    std::string text;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return text;
      if (c == '\\') {
        append_escaped(text);
      } else {
        text += c;
      }
    }
    refuse("the text has no closing \"");
  }

  void append_escaped(std::string& text) {
    static constexpr std::string_view letters = "btnfr\"\\";
    static constexpr std::string_view meanings = "\b\t\n\f\r\"\\";
    const char letter = at_ < text_.size() ? text_[at_++] : ' ';
    if (const auto known = letters.find(letter); known != std::string_view::npos) {
      text += meanings[known];
    } else if (letter == 'u' || letter == 'U') {
      append_utf8(text, code_point(letter == 'u' ? 4 : 8));
    } else {
      refuse("there is no such escape; write \\\\ for a backslash, or use '...'");
    }
  }

  [[nodiscard]] std::uint32_t code_point(std::size_t digits) {
    const std::string_view hex = text_.substr(at_, digits);
    std::uint32_t code = 0;
    const auto [end, problem] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (hex.size() < digits || end != hex.data() + digits || problem != std::errc() || surrogate || code > 0x10FFFF) {
      refuse("\\u needs 4 and \\U 8 hexadecimal digits of a character");
    }
    at_ += digits;
    return code;
  }

  [[nodiscard]] std::string bare_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != '\t' && text_[at_] != '#') ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  [[nodiscard]] std::string integer(const std::string& word) const {
    std::string digits;
    for (std::size_t i = 0; i < word.size(); ++i) {
      const bool between_digits = i > 0 && i + 1 < word.size() && is_digit(word[i - 1]) && is_digit(word[i + 1]);
      if (word[i] == '_' && between_digits) continue;
      if (word[i] == '+' && i == 0 && word.size() > 1 && is_digit(word[1])) continue;
      digits += word[i];
    }
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const std::size_t first = digits.starts_with('-') ? 1 : 0;
    const bool leading_zero = digits.size() > first + 1 && digits[first] == '0';
    if (problem != std::errc() || end != digits.data() + digits.size() || leading_zero) {
      refuse("the value is none of \"text\", 'text', an integer, true, false");
    }
    return std::to_string(number);
  }

  std::string_view text_;
  std::string where_;
  std::size_t at_ = 0;
};

class TomlReader {
 public:
  explicit TomlReader(std::string where) : where_(std::move(where)) {}

  void read(std::string_view line_text, int number) {
    Line line(line_text, where_ + ":" + std::to_string(number));
    if (line_text.find_first_of(std::string_view("\0\r\x0b\x0c\x7f", 5)) != std::string_view::npos) {
      line.refuse("there is a control character");
    }
    if (line.at_end()) return;
    if (line.take('[')) {
      read_table(line);
    } else {
      read_setting(line, number);
    }
    line.end();
  }

  [[nodiscard]] std::vector<FileSetting> take() { return std::move(settings_); }

 private:
  void read_table(Line& line) {
    if (line.take('[')) line.refuse("arrays of tables are not read");
    const std::string name = line.key();
    if (!line.take(']')) line.refuse("the table's name has no closing ]");
    if (!tables_.insert(name).second) line.refuse("the table [" + name + "] is there twice");
    prefix_ = name + '.';
  }

  void read_setting(Line& line, int number) {
    const std::string key = prefix_ + line.key();
    line.skip_blanks();
    if (!line.take('=')) line.refuse("'=' was expected after the key '" + key + "'");
    auto [kind, value] = line.value();
    if (!keys_.insert(key).second) line.refuse("the key '" + key + "' is there twice");
    settings_.push_back({.key = key, .value = std::move(value), .kind = kind, .line = number});
  }

  std::string where_;
  std::string prefix_;
  std::set<std::string> tables_;
  std::set<std::string> keys_;
  std::vector<FileSetting> settings_;
};

}  // namespace

std::vector<FileSetting> parse_toml(std::string_view text, const std::string& where) {
  if (!is_utf8(text)) throw Error(ErrorCode::bad_input, where + ": it is not UTF-8; save it as such");
  TomlReader reader(where);
  int number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    reader.read(line, ++number);
  }
  return reader.take();
}

}  // namespace formulary

#include "plugins/smartrecruiters/json_slices.hpp"

#include <cstddef>
#include <cstdint>

namespace smartrecruiters {
namespace {

constexpr int depth_max = 128;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// The value of a hexadecimal digit, or -1.
int hex_digit(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// How many bytes the UTF-8 sequence at the start of `text` has; 0 if there is none (overlong, surrogate, cut off).
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto follows = [&](std::size_t at, unsigned low, unsigned high) {
    return at < text.size() && byte(at) >= low && byte(at) <= high;
  };
  if (text.empty()) return 0;
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return follows(1, low, high) && follows(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return follows(1, low, high) && follows(2, 0x80, 0xBF) && follows(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

/// Walks over JSON. Each skip_* moves behind what it names and says whether it was there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : text_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }
  [[nodiscard]] char next() const noexcept { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::string_view since(std::size_t start) const noexcept { return text_.substr(start, at_ - start); }

  void skip_space() noexcept {
    while (!at_end() && (next() == ' ' || next() == '\t' || next() == '\n' || next() == '\r')) ++at_;
  }
  bool skip(char c) noexcept {
    if (next() != c || at_end()) return false;
    ++at_;
    return true;
  }

  JsonKind skip_value(int depth) noexcept {
    if (depth > depth_max) return JsonKind::malformed;
    switch (next()) {
      case '{':
        return skip_object(depth) ? JsonKind::object : JsonKind::malformed;
      case '[':
        return skip_array(depth) ? JsonKind::array : JsonKind::malformed;
      case '"':
        return skip_string() ? JsonKind::text : JsonKind::malformed;
      case 't':
        return skip_word("true") ? JsonKind::boolean : JsonKind::malformed;
      case 'f':
        return skip_word("false") ? JsonKind::boolean : JsonKind::malformed;
      case 'n':
        return skip_word("null") ? JsonKind::null : JsonKind::malformed;
      default:
        return skip_number() ? JsonKind::number : JsonKind::malformed;
    }
  }

  bool skip_string() noexcept {
    if (!skip('"')) return false;
    while (!at_end()) {
      skip_plain_characters();
      if (skip('"')) return true;
      if (at_end() || static_cast<unsigned char>(next()) < 0x20) return false;
      if (next() == '\\' ? !skip_escape() : !skip_character()) return false;
    }
    return false;
  }

 private:
  /// Most of every answer: printable ASCII inside a string.
  void skip_plain_characters() noexcept {
    std::size_t at = at_;
    while (at < text_.size() && static_cast<unsigned char>(text_[at] - 0x20) < 0x60 && text_[at] != '"' &&
           text_[at] != '\\') {
      ++at;
    }
    at_ = at;
  }
  bool skip_word(std::string_view word) noexcept {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool skip_digits() noexcept {
    const std::size_t start = at_;
    while (is_digit(next())) ++at_;
    return at_ > start;
  }
  bool skip_number() noexcept {
    skip('-');
    if (!skip('0') && !skip_digits()) return false;
    if (skip('.') && !skip_digits()) return false;
    if (skip('e') || skip('E')) {
      if (!skip('+')) skip('-');
      return skip_digits();
    }
    return true;
  }
  bool skip_character() noexcept {
    if (static_cast<unsigned char>(next()) < 0x80) {
      ++at_;
      return true;
    }
    const std::size_t length = utf8_length(text_.substr(at_));
    at_ += length;
    return length > 0;
  }
  /// The four digits of \uXXXX, or -1.
  int take_code_unit() noexcept {
    int unit = 0;
    for (int count = 0; count < 4; ++count) {
      const int digit = hex_digit(next());
      if (digit < 0) return -1;
      unit = unit * 16 + digit;
      ++at_;
    }
    return unit;
  }
  bool skip_escape() noexcept {
    skip('\\');
    if (at_end()) return false;
    const char c = text_[at_++];
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    const int unit = take_code_unit();
    if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) return false;
    if (unit < 0xD800 || unit > 0xDBFF) return true;
    if (!skip_word("\\u")) return false;
    const int second = take_code_unit();
    return second >= 0xDC00 && second <= 0xDFFF;
  }
  bool skip_object(int depth) noexcept {
    skip('{');
    skip_space();
    if (skip('}')) return true;
    do {
      skip_space();
      if (!skip_string()) return false;
      skip_space();
      if (!skip(':')) return false;
      skip_space();
      if (skip_value(depth + 1) == JsonKind::malformed) return false;
      skip_space();
    } while (skip(','));
    return skip('}');
  }
  bool skip_array(int depth) noexcept {
    skip('[');
    skip_space();
    if (skip(']')) return true;
    do {
      skip_space();
      if (skip_value(depth + 1) == JsonKind::malformed) return false;
      skip_space();
    } while (skip(','));
    return skip(']');
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

std::uint32_t code_unit(std::string_view four) noexcept {
  std::uint32_t unit = 0;
  for (const char c : four) unit = unit * 16 + static_cast<std::uint32_t>(hex_digit(c));
  return unit;
}

/// Appends the escape at `text[at]` (the backslash) of a well-formed string and returns the position behind it.
std::size_t append_escape(std::string& out, std::string_view text, std::size_t at) {
  constexpr std::string_view names = "\"\\/bfnrt";
  constexpr std::string_view values = "\"\\/\b\f\n\r\t";
  const char c = text[at + 1];
  if (c != 'u') {
    out += values[names.find(c)];
    return at + 2;
  }
  std::uint32_t code = code_unit(text.substr(at + 2, 4));
  at += 6;
  if (code >= 0xD800 && code <= 0xDBFF) {
    code = 0x10000 + ((code - 0xD800) << 10) + (code_unit(text.substr(at + 2, 4)) - 0xDC00);
    at += 6;
  }
  append_utf8(out, code);
  return at;
}

/// The inside of a well-formed string literal, decoded.
std::string decode(std::string_view literal) {
  literal = literal.substr(literal.find('"') + 1);
  literal = literal.substr(0, literal.rfind('"'));
  std::string out;
  out.reserve(literal.size());
  for (std::size_t at = 0; at < literal.size();) {
    if (literal[at] == '\\') {
      at = append_escape(out, literal, at);
    } else {
      out += literal[at++];
    }
  }
  return out;
}

/// Calls `take(slice)` with each member's key literal and value, or each element, of a well-formed container.
template <class Take>
void for_each_slice(std::string_view container, bool keyed, Take&& take) {
  Scanner scan(container);
  scan.skip_space();
  scan.skip(keyed ? '{' : '[');
  scan.skip_space();
  if (scan.next() == '}' || scan.next() == ']') return;
  do {
    scan.skip_space();
    std::string_view key;
    if (keyed) {
      const std::size_t start = scan.position();
      scan.skip_string();
      key = scan.since(start);
      scan.skip_space();
      scan.skip(':');
      scan.skip_space();
    }
    const std::size_t start = scan.position();
    scan.skip_value(0);
    take(key, scan.since(start));
    scan.skip_space();
  } while (scan.skip(','));
}

}  // namespace

JsonKind json_kind(std::string_view text) noexcept {
  Scanner scan(text);
  scan.skip_space();
  const JsonKind kind = scan.skip_value(0);
  scan.skip_space();
  return scan.at_end() ? kind : JsonKind::malformed;
}

std::vector<JsonMember> json_members(std::string_view object) {
  std::vector<JsonMember> members;
  for_each_slice(object, true, [&](std::string_view key, std::string_view value) {
    members.push_back({decode(key), value});
  });
  return members;
}

std::vector<std::string_view> json_elements(std::string_view array) {
  std::vector<std::string_view> elements;
  for_each_slice(array, false, [&](std::string_view, std::string_view value) { elements.push_back(value); });
  return elements;
}

}  // namespace smartrecruiters

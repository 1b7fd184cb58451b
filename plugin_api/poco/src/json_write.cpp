#include <formulary/poco/json.hpp>

#include <charconv>
#include <cmath>

#include "utf8.hpp"

namespace element::json {
namespace {

/// The length of the well-formed sequence at the front of `text`, 0 if there is none.
std::size_t sequence_length(std::string_view text) noexcept {
  const auto at = [text](std::size_t index) -> unsigned {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
  };
  const auto continues = [&at](std::size_t index) { return (at(index) & 0xC0U) == 0x80U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && at(1) < 0xA0;
    const bool surrogate = first == 0xED && at(1) > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && at(1) < 0x90;
    const bool beyond = first == 0xF4 && at(1) > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

template <class Number>
void append_number(std::string& out, Number number) {
  char digits[32];
  const auto written = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, written.ptr);
}

class writer {
 public:
  explicit writer(std::string& out) : out_(out) {}

  void write(const value& what) {
    std::visit([this](const auto& is) { put(is); }, what.get());
  }

 private:
  void put(std::nullptr_t) { out_ += "null"; }
  void put(bool flag) { out_ += flag ? "true" : "false"; }
  void put(std::int64_t number) { append_number(out_, number); }
  void put(std::uint64_t number) { append_number(out_, number); }
  void put(double number) {
    if (!std::isfinite(number))
      throw error(ELEMENT_INTERNAL, "json.not_finite", "a number is NaN or infinite; JSON has neither");
    append_number(out_, number);
  }
  void put(const std::string& text) { append_text(out_, text); }
  void put(const array& items) {
    out_ += '[';
    for (std::size_t index = 0; index < items.size(); ++index) {
      if (index != 0) out_ += ',';
      write(items[index]);
    }
    out_ += ']';
  }
  void put(const object& of) {
    out_ += '{';
    bool first = true;
    for (const member& one : of.members()) {
      if (!first) out_ += ',';
      first = false;
      append_text(out_, one.key);
      out_ += ':';
      write(one.value);
    }
    out_ += '}';
  }

  std::string& out_;
};

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void append_text(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  if (!is_utf8(text)) throw error(ELEMENT_INTERNAL, "json.not_utf8", "a text is not valid UTF-8; JSON has no other");
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string to_text(const value& what) {
  std::string out;
  writer(out).write(what);
  return out;
}

}  // namespace element::json

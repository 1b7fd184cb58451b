/// \file
/// Says whether a text is one JSON document, as the host would: RFC 8259, UTF-8, no byte-order mark, bounded nesting.
#pragma once

#include <formulary/element/values.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace element::testing {
namespace detail {

/// One pass over the text. Every function leaves `at_` behind what it read and returns false at the first fault.
class json_reader {
 public:
  explicit json_reader(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  bool document() {
    space();
    if (!value(0)) return false;
    space();
    return at_ == text_.size();
  }

 private:
  static constexpr int depth_max = 128;

  [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char wanted) {
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool word(std::string_view wanted) {
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    at_ += wanted.size();
    return true;
  }
  bool digits() {
    const std::size_t first = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ != first;
  }
  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (peek() != 'e' && peek() != 'E') return true;
    ++at_;
    if (!take('+')) take('-');
    return digits();
  }
  bool escape() {
    if (peek() != 'u') {
      if (at_ == text_.size() || std::string_view(R"("\/bfnrt)").find(peek()) == std::string_view::npos) return false;
      ++at_;
      return true;
    }
    ++at_;
    for (int count = 0; count < 4; ++count, ++at_) {
      if (at_ == text_.size() || std::string_view("0123456789abcdefABCDEF").find(peek()) == std::string_view::npos)
        return false;
    }
    return true;
  }
  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      if (take('"')) return true;
      if (take('\\')) {
        if (!escape()) return false;
        continue;
      }
      const std::size_t length = element::detail::utf8_length(text_.substr(at_));
      if (length == 0 || static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      at_ += length;
    }
    return false;
  }
  /// What stands between `open` and `close`, comma-separated; `item` reads one.
  template <class Item>
  bool list(char close, Item&& item) {
    ++at_;
    space();
    if (take(close)) return true;
    do {
      space();
      if (!item()) return false;
      space();
    } while (take(','));
    return take(close);
  }
  bool value(int depth) {
    if (depth == depth_max) return false;
    switch (peek()) {
      case '{':
        return list('}', [&] {
          if (!string()) return false;
          space();
          if (!take(':')) return false;
          space();
          return value(depth + 1);
        });
      case '[':
        return list(']', [&] { return value(depth + 1); });
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// Empty if `text` is one JSON document, else where it stops being one.
inline std::string json_problem(std::string_view text) {
  detail::json_reader reader(text);
  if (reader.document()) return {};
  return "not JSON at byte " + std::to_string(reader.at()) + " of " + std::to_string(text.size());
}

}  // namespace element::testing

#include <array>
#include <charconv>
#include <cmath>

#include "host/base/error.hpp"
#include "host/base/json.hpp"

namespace formulary {
namespace {

class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}

  void write(const json::value& value) {
    switch (value.kind()) {
      case json::kind::null:
        text_ += "null";
        break;
      case json::kind::bool_:
        text_ += value.get_bool() ? "true" : "false";
        break;
      case json::kind::int64:
        write_number(value.get_int64());
        break;
      case json::kind::uint64:
        write_number(value.get_uint64());
        break;
      case json::kind::double_:
        write_double(value.get_double());
        break;
      case json::kind::string:
        append_json_string(text_, {value.get_string().data(), value.get_string().size()});
        break;
      case json::kind::array:
        write_array(value.get_array());
        break;
      case json::kind::object:
        write_object(value.get_object());
        break;
    }
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  template <class... Arguments>
  void write_number(Arguments... arguments) {
    std::array<char, 64> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), arguments...);
    text_.append(digits.data(), written.ptr);
  }

  /// The bounds between which digits are written out are JavaScript's, so that a number looks the same whether the host
  /// or a script wrote it.
  void write_double(double number) {
    if (!std::isfinite(number)) throw Error(ErrorCode::internal, "JSON: it has no word for NaN and infinity");
    const double size = std::abs(number);
    if (size == 0 || (size >= 1e-6 && size < 1e21)) {
      write_number(number, std::chars_format::fixed);
      return;
    }
    write_number(number, std::chars_format::scientific);
    const auto exponent = text_.rfind('e') + 2;
    if (text_[exponent] == '0') text_.erase(exponent, 1);
  }

  void write_array(const json::array& array) {
    text_ += '[';
    ++depth_;
    for (std::size_t i = 0; i < array.size(); ++i) {
      begin_item(i == 0);
      write(array[i]);
    }
    end_items(']', array.empty());
  }

  void write_object(const json::object& object) {
    text_ += '{';
    ++depth_;
    bool first = true;
    for (const auto& member : object) {
      begin_item(first);
      first = false;
      append_json_string(text_, {member.key().data(), member.key().size()});
      text_ += pretty_ ? ": " : ":";
      write(member.value());
    }
    end_items('}', object.empty());
  }

  void begin_item(bool first) {
    if (!first) text_ += ',';
    if (pretty_) new_line();
  }

  void end_items(char bracket, bool empty) {
    --depth_;
    if (pretty_ && !empty) new_line();
    text_ += bracket;
  }

  void new_line() {
    text_ += '\n';
    text_.append(depth_ * 2, ' ');
  }

  bool pretty_;
  std::size_t depth_ = 0;
  std::string text_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += digits[static_cast<unsigned char>(c) >> 4U];
          out += digits[static_cast<unsigned char>(c) & 15U];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string to_text(const json::value& value) {
  Writer writer(false);
  writer.write(value);
  return writer.take();
}

std::string to_pretty_text(const json::value& value) {
  Writer writer(true);
  writer.write(value);
  return writer.take();
}

}  // namespace formulary

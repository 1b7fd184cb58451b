#include "host/base/json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "host/base/error.hpp"

namespace formulary {
namespace {

using boost::system::error_code;

/// Builds a value like Boost's own parser, with two differences: doubles are the nearest ones (Boost 1.81 is off by a
/// few units in the last place), and a number beyond a double's range ends the parse, where Boost has infinity.
struct Builder {
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  json::value_stack stack;
  bool number_too_large = false;

  bool on_document_begin(error_code& /*unused*/) {
    stack.reset();
    return true;
  }
  bool on_document_end(error_code& /*unused*/) { return true; }
  bool on_object_begin(error_code& /*unused*/) { return true; }
  bool on_object_end(std::size_t count, error_code& /*unused*/) {
    stack.push_object(count);
    return true;
  }
  bool on_array_begin(error_code& /*unused*/) { return true; }
  bool on_array_end(std::size_t count, error_code& /*unused*/) {
    stack.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t /*unused*/, error_code& /*unused*/) {
    stack.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t /*unused*/, error_code& /*unused*/) {
    stack.push_key(part);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t /*unused*/, error_code& /*unused*/) {
    stack.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t /*unused*/, error_code& /*unused*/) {
    stack.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view /*unused*/, error_code& /*unused*/) { return true; }
  bool on_int64(std::int64_t number, json::string_view text, error_code& /*unused*/) {
    if (number == 0 && text.front() == '-') {
      stack.push_double(-0.0);
    } else {
      stack.push_int64(number);
    }
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view /*unused*/, error_code& /*unused*/) {
    stack.push_uint64(number);
    return true;
  }
  bool on_double(double /*unused*/, json::string_view text, error_code& ec) {
    double number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc::result_out_of_range && too_large(text)) {
      number_too_large = true;
      ec = json::error::exponent_overflow;
      return false;
    }
    stack.push_double(number);  // too small is 0
    return true;
  }
  bool on_bool(bool flag, error_code& /*unused*/) {
    stack.push_bool(flag);
    return true;
  }
  bool on_null(error_code& /*unused*/) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(json::string_view /*unused*/, error_code& /*unused*/) { return true; }
  bool on_comment(json::string_view /*unused*/, error_code& /*unused*/) { return true; }

  /// from_chars does not say on which side a number is out of range.
  static bool too_large(json::string_view text) {
    return std::isinf(std::strtod(std::string(text.data(), text.size()).c_str(), nullptr));
  }
};

std::string position(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto line_begin = before.rfind('\n');
  const auto column = before.size() - (line_begin == std::string_view::npos ? 0 : line_begin + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::string sentence(const error_code& ec, bool number_too_large) {
  if (number_too_large) return "the number is too large for a double";
  if (ec == json::error::incomplete) return "it ends too early";
  if (ec == json::error::extra_data) return "something follows the document";
  return ec.message();
}

}  // namespace

json::value parse_json(std::string_view text, std::string_view where, const JsonLimits& limits) {
  const std::string place(where);
  if (text.size() > limits.bytes_max) {
    throw Error(ErrorCode::limit_reached, place + ": more than " + std::to_string(limits.bytes_max) + " bytes of JSON");
  }
  if (text.substr(0, 3) == "\xEF\xBB\xBF") {
    throw Error(ErrorCode::bad_input,
                place + ": line 1, column 1: it begins with a byte-order mark; save it without one");
  }
  json::parse_options options;
  options.max_depth = limits.depth_max;
  json::basic_parser<Builder> parser(options);
  error_code ec;
  const std::size_t consumed = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && consumed < text.size()) ec = json::error::extra_data;
  if (!ec) return parser.handler().stack.release();
  const std::string at = place + ": " + position(text, consumed) + ": ";
  if (ec == json::error::too_deep) {
    throw Error(ErrorCode::limit_reached, at + "nested more than " + std::to_string(limits.depth_max) + " deep");
  }
  throw Error(ErrorCode::bad_input, at + "not JSON: " + sentence(ec, parser.handler().number_too_large));
}

}  // namespace formulary

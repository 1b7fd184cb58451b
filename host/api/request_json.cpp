#include "host/api/request_json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>

#include <limits>
#include <string>
#include <unordered_set>
#include <vector>

#include "host/base/error.hpp"

namespace formulary::api {
namespace {

using boost::system::error_code;

/// Hears of each name in a document and ends the parse at one that its object has already.
struct NameWatch {
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  std::vector<std::unordered_set<std::string>> open;  ///< Names of the objects that have begun and not ended.
  std::string name;                                   ///< What there is of the name that comes.
  bool twice = false;

  bool on_document_begin(error_code& /*unused*/) { return true; }
  bool on_document_end(error_code& /*unused*/) { return true; }
  bool on_object_begin(error_code& /*unused*/) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t /*unused*/, error_code& /*unused*/) {
    open.pop_back();
    return true;
  }
  bool on_array_begin(error_code& /*unused*/) { return true; }
  bool on_array_end(std::size_t /*unused*/, error_code& /*unused*/) { return true; }
  bool on_key_part(json::string_view part, std::size_t /*unused*/, error_code& /*unused*/) {
    name.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t /*unused*/, error_code& ec) {
    name.append(part.data(), part.size());
    if (open.back().insert(name).second) {
      name.clear();
      return true;
    }
    twice = true;
    ec = json::error::syntax;
    return false;
  }
  bool on_string_part(json::string_view /*unused*/, std::size_t /*unused*/, error_code& /*unused*/) { return true; }
  bool on_string(json::string_view /*unused*/, std::size_t /*unused*/, error_code& /*unused*/) { return true; }
  bool on_number_part(json::string_view /*unused*/, error_code& /*unused*/) { return true; }
  bool on_int64(std::int64_t /*unused*/, json::string_view /*unused*/, error_code& /*unused*/) { return true; }
  bool on_uint64(std::uint64_t /*unused*/, json::string_view /*unused*/, error_code& /*unused*/) { return true; }
  bool on_double(double /*unused*/, json::string_view /*unused*/, error_code& /*unused*/) { return true; }
  bool on_bool(bool /*unused*/, error_code& /*unused*/) { return true; }
  bool on_null(error_code& /*unused*/) { return true; }
  bool on_comment_part(json::string_view /*unused*/, error_code& /*unused*/) { return true; }
  bool on_comment(json::string_view /*unused*/, error_code& /*unused*/) { return true; }
};

}  // namespace

json::value parse_request_json(std::string_view text) {
  const JsonLimits limits;
  if (text.size() <= limits.bytes_max) {
    json::parse_options options;
    options.max_depth = limits.depth_max;
    json::basic_parser<NameWatch> parser(options);
    error_code ec;
    parser.write_some(false, text.data(), text.size(), ec);
    if (parser.handler().twice) {
      throw Error(ErrorCode::bad_input, "body: one object has \"" + parser.handler().name.substr(0, 100) +
                                            "\" twice, of which one would be lost; send each name once");
    }
    if (ec == json::error::too_deep) {
      throw Error(ErrorCode::bad_input,
                  "body: it is nested more than " + std::to_string(limits.depth_max) + " deep; send it flatter");
    }
  }
  return parse_json(text, "body");
}

}  // namespace formulary::api

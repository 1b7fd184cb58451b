#include "host/api/api_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "host/api/request_json.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t query_parameters_max = 256;

std::optional<std::string_view> first_of(const NamedValues& values, std::string_view name) {
  const auto found = std::ranges::find(values, name, &NamedValues::value_type::first);
  if (found == values.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string decoded_query_word(std::string_view word) {
  std::string spaced(word);
  std::ranges::replace(spaced, '+', ' ');
  std::optional<std::string> decoded = percent_decode(spaced);
  if (!decoded || !is_utf8(*decoded)) {
    throw Error(
        ErrorCode::bad_input,
        "query: it has a % that is followed by no two hexadecimal digits, or is not UTF-8; encode it as RFC 3986 "
        "says");
  }
  return std::move(*decoded);
}

}  // namespace

std::optional<std::string_view> ApiRequest::header(std::string_view lower_case_name) const {
  return first_of(headers, lower_case_name);
}

std::optional<std::string_view> ApiRequest::query_value(std::string_view name) const {
  return first_of(query, name);
}

std::vector<std::string_view> ApiRequest::query_values(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const auto& [key, value] : query) {
    if (key == name) found.emplace_back(value);
  }
  return found;
}

bool ApiRequest::query_flag(std::string_view name) const {
  const std::optional<std::string_view> text = query_value(name);
  if (!text || *text == "false") return false;
  if (*text == "true") return true;
  throw Error(ErrorCode::bad_input, "query " + std::string(name) + ": it is neither true nor false");
}

std::optional<std::int64_t> ApiRequest::query_integer(std::string_view name, std::int64_t least,
                                                      std::int64_t most) const {
  const std::optional<std::string_view> text = query_value(name);
  if (!text) return std::nullopt;
  const std::optional<std::int64_t> number = whole_number(*text);
  if (!number || *number < least || *number > most) {
    throw Error(ErrorCode::bad_input, "query " + std::string(name) + ": give a whole number from " +
                                          std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

std::int64_t ApiRequest::id(std::string_view parameter_name) const {
  const std::string& text = parameter(parameter_name);
  if (const std::optional<std::int64_t> number = whole_number(text)) return *number;
  throw Error(ErrorCode::not_found, path + ": '" + text.substr(0, 100) + "' is no id; ids are whole numbers");
}

const std::string& ApiRequest::parameter(std::string_view name) const {
  const auto found = parameters.find(name);
  if (found == parameters.end()) throw Error(ErrorCode::internal, path + ": no parameter " + std::string(name));
  return found->second;
}

std::string ApiRequest::body_text() {
  const auto refuse = [this] {
    throw Error(ErrorCode::limit_reached,
                "body: it is over " + std::to_string(body_max) + " bytes; send less in one request");
  };
  std::string text;
  if (!read_body) return text;
  if (content_length.value_or(0) > body_max) refuse();
  if (content_length) text.reserve(static_cast<std::size_t>(*content_length));
  std::array<char, 16'384> part;  // NOLINT(*-member-init): read_body writes what is read
  while (const std::size_t count = read_body(part)) {
    if (text.size() + count > body_max) refuse();
    text.append(part.data(), count);
  }
  return text;
}

json::object ApiRequest::body_object() {
  json::value value = parse_request_json(body_text());
  if (!value.is_object()) throw Error(ErrorCode::bad_input, "body: it is no JSON object; send one: {\"name\": ...}");
  return std::move(value.get_object());
}

json::value ApiRequest::body_json() {
  const std::string text = body_text();
  return text.empty() ? json::value() : parse_request_json(text);
}

ApiAnswer answer_json(const json::value& document) {
  ApiAnswer answer;
  answer.body = to_text(document);
  return answer;
}

ApiAnswer answer_empty() {
  return {};
}

NamedValues parse_query(std::string_view text) {
  NamedValues values;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (values.size() == query_parameters_max) {
      throw Error(ErrorCode::bad_input, "query: it has over " + std::to_string(query_parameters_max) + " parameters");
    }
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    values.emplace_back(decoded_query_word(pair.substr(0, equals)), decoded_query_word(value));
  }
  return values;
}

}  // namespace formulary::api

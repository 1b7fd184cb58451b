#include "host/formula/request_builder.hpp"

#include <algorithm>
#include <utility>

#include "host/base/text.hpp"
#include "host/formula/form_body.hpp"
#include "host/formula/web_text.hpp"

namespace formulary::plan {
namespace {

constexpr std::size_t method_bytes_max = 16;
constexpr std::size_t target_bytes_max = 16'384;
constexpr std::size_t boundary_digits = 24;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// "id", "folder-id", "contact.id"
bool is_variable(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

std::string without_blanks(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == ' ') {
      result += "%20";
    } else {
      result += c;
    }
  }
  return result;
}

void add_parameter(json::object& query, std::string_view name, const json::value& value) {
  if (value.is_null()) return;
  if (const auto* array = value.if_array()) {
    json::array texts;
    for (const auto& entry : *array) texts.emplace_back(scalar_text(entry));
    query[name] = std::move(texts);
  } else {
    query[name] = scalar_text(value);
  }
}

}  // namespace

std::string scalar_text(const json::value& value) {
  const auto* string = value.if_string();
  return string != nullptr ? std::string(*string) : to_text(value);
}

RequestCall RequestBuilder::build_element(const Property& instance, const RequestProperties& request) const {
  RequestCall call = build(request, "api");
  call.kind = RequestCall::Kind::element;
  const auto selector = resolved(instance);
  if (!selector || selector->is_structured()) {
    fail(name_of("elementInstanceId") + ' ' + shown(instance) +
         " names no element instance; give its id or name in the configuration");
  }
  call.instance = scalar_text(*selector);
  normalise_path(call);
  return call;
}

RequestCall RequestBuilder::build_platform(const RequestProperties& request) const {
  RequestCall call = build(request, "api");
  call.kind = RequestCall::Kind::platform;
  normalise_path(call);
  return call;
}

RequestCall RequestBuilder::build_http(const RequestProperties& request) const {
  RequestCall call = build(request, "url");
  call.kind = RequestCall::Kind::http;
  if (!call.target.starts_with("http://") && !call.target.starts_with("https://")) {
    fail("url " + shown(request.target) + " gives no http:// or https:// address");
  }
  return call;
}

void RequestBuilder::fail(const std::string& what) const {
  throw Error(ErrorCode::bad_input, "step '" + step_.name + "': " + what);
}

std::string RequestBuilder::shown(const Property& property) {
  return property.absent() ? "(missing)" : "'" + scalar_text(property.source()) + "'";
}

std::string RequestBuilder::name_of(std::string_view property) const {
  if (prefix_.empty()) return std::string(property);
  std::string name(property);
  if (name.front() >= 'a' && name.front() <= 'z') name.front() = static_cast<char>(name.front() - 'a' + 'A');
  return std::string(prefix_) + name;
}

std::optional<json::value> RequestBuilder::resolved(const Property& property) const {
  auto value = resolve(property, *inputs_.scope, inputs_.property_bytes_max);
  if (!value || value->is_null()) return std::nullopt;
  const auto* text = value->if_string();
  return text != nullptr && is_blank(*text) ? std::nullopt : std::move(value);
}

std::string RequestBuilder::text(const Property& property) const {
  const auto value = resolved(property);
  return value ? scalar_text(*value) : std::string();
}

std::optional<json::object> RequestBuilder::object(const Property& property, std::string_view name) const {
  const auto value = resolved(property);
  if (!value) return std::nullopt;
  auto members = object_in(*value);
  if (!members) fail(name_of(name) + ' ' + shown(property) + " is no object");
  return members;
}

RequestCall RequestBuilder::build(const RequestProperties& request, std::string_view target_name) const {
  RequestCall call;
  call.method = method(request.method);
  call.target = target(request, name_of(target_name), call);
  call.query = query(request.query);
  call.headers = headers(request.headers);
  add_body(call, request.body);
  add_form(call, request.form);
  return call;
}

std::string RequestBuilder::method(const Property& property) const {
  const auto value = resolved(property);
  std::string text = value && !value->is_structured() ? scalar_text(*value) : "";
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char byte) { return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte; });
  const bool is_word = !text.empty() && text.size() <= method_bytes_max &&
                       std::all_of(text.begin(), text.end(), [](char byte) { return byte >= 'A' && byte <= 'Z'; });
  if (!is_word) fail(name_of("method") + ' ' + shown(property) + " is no HTTP method");
  return text;
}

std::string RequestBuilder::target(const RequestProperties& request, std::string_view name, RequestCall& call) const {
  const auto value = resolved(request.target);
  if (!value || value->is_structured()) fail(std::string(name) + " " + shown(request.target) + " gives no text");
  auto variables = resolved(request.path);
  const std::optional<json::object> known = variables ? object_in(*variables) : std::nullopt;
  std::string text = filled(request.target, *value, known ? &*known : nullptr, name);
  if (variables) call.path = *std::move(variables);
  if (text.size() > target_bytes_max) {
    fail(std::string(name) + " is longer than " + std::to_string(target_bytes_max) +
         " bytes; send long values in the body");
  }
  if (has_control_characters(text) || text.find(' ') < text.find('?')) {
    fail(std::string(name) + " has a blank or a control character after its references were replaced");
  }
  return text;
}

/// An address that is one reference is what the configuration says, {variables} and all. In any other only the
/// template's own text has variables: what a reference puts in is data, in which braces and blanks mean nothing.
std::string RequestBuilder::filled(const Property& target, const json::value& value, const json::object* variables,
                                   std::string_view name) const {
  const auto& segments = target.segments();
  if (segments.size() < 2) return with_variables(scalar_text(value), variables, name);
  std::string result;
  for (const auto& segment : segments) {
    const auto* reference = std::get_if<Reference>(&segment);
    result += reference == nullptr ? with_variables(std::get<std::string>(segment), variables, name)
                                   : without_blanks(inserted_text(*reference, *inputs_.scope));
  }
  return result;
}

/// Replaces each {name}; nothing that was put in is searched again.
std::string RequestBuilder::with_variables(std::string_view text, const json::object* variables,
                                           std::string_view name) const {
  std::string result;
  while (true) {
    const std::size_t open = std::min(text.find('{'), text.size());
    result += text.substr(0, open);
    const std::size_t close = text.find('}', open);
    if (open == text.size() || close == std::string_view::npos) return result += text.substr(open);
    const std::string_view variable = text.substr(open + 1, close - open - 1);
    if (!is_variable(variable)) {  // JSON in a query, for instance
      result += '{';
      text.remove_prefix(open + 1);
      continue;
    }
    const json::value* value = variables == nullptr ? nullptr : variables->if_contains(variable);
    if (value == nullptr || value->is_null() || value->is_structured()) {
      fail(std::string(name) + " has no value for {" + std::string(variable) + "}; give it in path");
    }
    result += percent_encode(scalar_text(*value));
    text.remove_prefix(close + 1);
  }
}

/// The value as an object, parsed if it is JSON text; nullopt if it is anything else.
std::optional<json::object> RequestBuilder::object_in(const json::value& value) const {
  if (const auto* object = value.if_object()) return *object;
  const auto* text = value.if_string();
  if (text == nullptr || std::string_view(*text).find('{') != std::string_view(*text).find_first_not_of(" \t\r\n")) {
    return std::nullopt;
  }
  json::value parsed = parse_json(*text, "step '" + step_.name + "'");
  return parsed.is_object() ? std::optional(std::move(parsed.as_object())) : std::nullopt;
}

json::object RequestBuilder::query(const Property& property) const {
  json::object result;
  const auto value = resolved(property);
  if (!value) return result;
  const auto members = object_in(*value);
  if (!members && !value->is_string())
    fail(name_of("query") + ' ' + shown(property) + R"( is neither an object nor a text like "a=1&b=2")");
  if (!members) {
    const std::string text = scalar_text(*value);
    add_query_text(result, std::string_view(text).substr(text.starts_with('?') ? 1 : 0));
    return result;
  }
  for (const auto& member : *members) add_parameter(result, member.key(), member.value());
  return result;
}

Headers RequestBuilder::headers(const Property& property) const {
  Headers result;
  const auto members = object(property, "headers");
  if (!members) return result;
  for (const auto& member : *members) {
    if (member.value().is_null()) continue;
    std::string text = scalar_text(member.value());
    const std::string_view name = member.key();
    if (name.empty() || name.find_first_of(" :\t") != std::string_view::npos || has_control_characters(name) ||
        has_control_characters(text)) {
      fail(name_of("headers") + ' ' + shown(property) + " has a name or value that no HTTP header can have");
    }
    result.emplace_back(name, std::move(text));
  }
  return result;
}

/// A file object is sent as the file, anything else as text or JSON.
void RequestBuilder::add_body(RequestCall& call, const Property& property) const {
  const auto given = std::find_if(call.headers.begin(), call.headers.end(),
                                  [](const auto& header) { return equal_ignoring_case(header.first, "content-type"); });
  if (given != call.headers.end()) {
    call.content_type = std::move(given->second);
    call.headers.erase(given);
  }
  const auto value = resolved(property);
  if (!value) {
    call.content_type.clear();
    return;
  }
  auto file = file_in(*value);
  call.body = file ? std::move(file->content) : scalar_text(*value);
  if (call.content_type.empty()) call.content_type = file ? "application/octet-stream" : "application/json";
}

void RequestBuilder::add_form(RequestCall& call, const Property& property) const {
  auto form = object(property, "form");
  if (!form) return;
  FormBody encoded = encode_form(form_parts(*form), inputs_.digest.substr(0, boundary_digits));
  call.body = std::move(encoded.body);
  call.content_type = std::move(encoded.content_type);
  call.form = *std::move(form);
}

/// A leading slash, the query apart, no way out of the element's own resources.
void RequestBuilder::normalise_path(RequestCall& call) const {
  if (!call.target.starts_with('/')) call.target.insert(0, 1, '/');
  const std::size_t question = call.target.find('?');
  if (question != std::string::npos) {
    json::object query;
    add_query_text(query, std::string_view(call.target).substr(question + 1));
    for (auto& member : call.query) query[member.key()] = std::move(member.value());
    call.query = std::move(query);
    call.target.resize(question);
  }
  const std::string bounded = call.target + '/';
  if (bounded.find("/../") != std::string::npos || bounded.find("/./") != std::string::npos) {
    fail(name_of("api") + " has a segment '.' or '..' after its references were replaced");
  }
}

}  // namespace formulary::plan

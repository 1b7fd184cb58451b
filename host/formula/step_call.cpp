#include "host/formula/step_call.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "host/base/digest.hpp"
#include "host/base/text.hpp"
#include "host/formula/script_scan.hpp"
#include "host/formula/web_text.hpp"

namespace formulary::plan {
namespace {

constexpr std::size_t method_bytes_max = 16;
constexpr std::size_t target_bytes_max = 16'384;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string scalar_text(const json::value& value) {
  const auto* string = value.if_string();
  return string != nullptr ? std::string(*string) : to_text(value);
}

/// Resolves the properties of one request step; every sentence begins with the step's name.
class RequestBuilder {
 public:
  RequestBuilder(const Step& step, const CallInputs& inputs) : step_(step), inputs_(inputs) {}

  RequestCall build_element(const Property& instance, const RequestProperties& request) {
    RequestCall call = build(request, "api");
    call.kind = RequestCall::Kind::element;
    const auto selector = resolved(instance);
    if (!selector || selector->is_structured()) {
      fail("elementInstanceId " + shown(instance) +
           " names no element instance; give its id or name in the configuration");
    }
    call.instance = scalar_text(*selector);
    normalise_path(call);
    return call;
  }

  RequestCall build_http(const RequestProperties& request) {
    RequestCall call = build(request, "url");
    call.kind = RequestCall::Kind::http;
    if (!call.target.starts_with("http://") && !call.target.starts_with("https://")) {
      fail("url " + shown(request.target) + " gives no http:// or https:// address");
    }
    return call;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::bad_input, "step '" + step_.name + "': " + what);
  }

  static std::string shown(const Property& property) {
    return property.absent() ? "(missing)" : "'" + scalar_text(property.source()) + "'";
  }

  /// Null and blank texts count as absent.
  [[nodiscard]] std::optional<json::value> resolved(const Property& property) const {
    auto value = resolve(property, *inputs_.scope, inputs_.property_bytes_max);
    if (!value || value->is_null()) return std::nullopt;
    const auto* text = value->if_string();
    return text != nullptr && is_blank(*text) ? std::nullopt : std::move(value);
  }

  RequestCall build(const RequestProperties& request, std::string_view target_name) {
    RequestCall call;
    call.method = method(request.method);
    call.target = target(request, target_name);
    call.query = query(request.query);
    call.headers = headers(request.headers);
    add_body(call, request.body);
    return call;
  }

  [[nodiscard]] std::string method(const Property& property) const {
    const auto value = resolved(property);
    std::string text = value && !value->is_structured() ? scalar_text(*value) : "";
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char byte) { return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte; });
    const bool is_word = !text.empty() && text.size() <= method_bytes_max &&
                         std::all_of(text.begin(), text.end(), [](char byte) { return byte >= 'A' && byte <= 'Z'; });
    if (!is_word) fail("method " + shown(property) + " is no HTTP method");
    return text;
  }

  [[nodiscard]] std::string target(const RequestProperties& request, std::string_view name) const {
    const auto value = resolved(request.target);
    if (!value || value->is_structured()) fail(std::string(name) + " " + shown(request.target) + " gives no text");
    const auto variables = resolved(request.path);
    std::string text = with_variables(scalar_text(*value), variables ? variables->if_object() : nullptr, name);
    if (text.size() > target_bytes_max) {
      fail(std::string(name) + " is longer than " + std::to_string(target_bytes_max) +
           " bytes; send long values in the body");
    }
    if (has_control_characters(text) || text.find(' ') < text.find('?')) {
      fail(std::string(name) + " has a blank or a control character after its references were replaced");
    }
    return text;
  }

  /// Replaces each {name}; nothing that was put in is searched again.
  [[nodiscard]] std::string with_variables(std::string_view text, const json::object* variables,
                                           std::string_view name) const {
    std::string result;
    while (true) {
      const std::size_t open = std::min(text.find('{'), text.size());
      result += text.substr(0, open);
      const std::size_t close = text.find('}', open);
      if (open == text.size() || close == std::string_view::npos) return result += text.substr(open);
      const std::string_view variable = text.substr(open + 1, close - open - 1);
      const json::value* value = variables == nullptr ? nullptr : variables->if_contains(variable);
      if (value == nullptr || value->is_null() || value->is_structured()) {
        fail(std::string(name) + " has no value for {" + std::string(variable) + "}; give it in path");
      }
      result += percent_encode(scalar_text(*value));
      text.remove_prefix(close + 1);
    }
  }

  /// The member as an object, parsed if it is JSON text; nullopt if it is any other text.
  [[nodiscard]] std::optional<json::object> object(const json::value& value) const {
    if (const auto* object = value.if_object()) return *object;
    const auto* text = value.if_string();
    if (text == nullptr || std::string_view(*text).find('{') != std::string_view(*text).find_first_not_of(" \t\r\n")) {
      return std::nullopt;
    }
    json::value parsed = parse_json(*text, "step '" + step_.name + "'");
    return parsed.is_object() ? std::optional(std::move(parsed.as_object())) : std::nullopt;
  }

  [[nodiscard]] json::object query(const Property& property) const {
    json::object result;
    const auto value = resolved(property);
    if (!value) return result;
    const auto members = object(*value);
    if (!members && !value->is_string())
      fail("query " + shown(property) + R"( is neither an object nor a text like "a=1&b=2")");
    if (!members) {
      const std::string text = scalar_text(*value);
      add_query_text(result, std::string_view(text).substr(text.starts_with('?') ? 1 : 0));
      return result;
    }
    for (const auto& member : *members) add_parameter(result, member.key(), member.value());
    return result;
  }

  static void add_parameter(json::object& query, std::string_view name, const json::value& value) {
    if (value.is_null()) return;
    if (const auto* array = value.if_array()) {
      json::array texts;
      for (const auto& entry : *array) texts.emplace_back(scalar_text(entry));
      query[name] = std::move(texts);
    } else {
      query[name] = scalar_text(value);
    }
  }

  [[nodiscard]] Headers headers(const Property& property) const {
    Headers result;
    const auto value = resolved(property);
    if (!value) return result;
    const auto members = object(*value);
    if (!members) fail("headers " + shown(property) + " is no object");
    for (const auto& member : *members) {
      if (member.value().is_null()) continue;
      std::string text = scalar_text(member.value());
      const std::string_view name = member.key();
      if (name.empty() || name.find_first_of(" :\t") != std::string_view::npos || has_control_characters(name) ||
          has_control_characters(text)) {
        fail("headers " + shown(property) + " has a name or value that no HTTP header can have");
      }
      result.emplace_back(name, std::move(text));
    }
    return result;
  }

  void add_body(RequestCall& call, const Property& property) const {
    const auto given = std::find_if(call.headers.begin(), call.headers.end(), [](const auto& header) {
      return equal_ignoring_case(header.first, "content-type");
    });
    if (given != call.headers.end()) {
      call.content_type = std::move(given->second);
      call.headers.erase(given);
    }
    const auto value = resolved(property);
    if (!value) {
      call.content_type.clear();
      return;
    }
    call.body = scalar_text(*value);
    if (call.content_type.empty()) call.content_type = "application/json";
  }

  /// A leading slash, the query apart, no way out of the element's own resources.
  void normalise_path(RequestCall& call) const {
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
      fail("api has a segment '.' or '..' after its references were replaced");
    }
  }

  const Step& step_;
  const CallInputs& inputs_;
};

ScriptCall make_script(const Formula& formula, const CallInputs& inputs, const std::string& body,
                       const std::string& engine) {
  ScriptCall call{.body = body, .scope = inputs.scope, .now = inputs.script_time};
  for (const char digit : inputs.digest.substr(0, 16)) {
    call.seed = (call.seed << 4U) | static_cast<std::uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  call.must_return = is_v1_script(engine, formula.engine(), scan_script(body));
  // The result of a v1 script is what it returns; on one line, so that line numbers in errors stay right.
  if (call.must_return) call.body = "done((function () {" + body + "\n})());";
  return call;
}

struct CallMaker {
  const Formula& formula;
  const Step& step;
  const CallInputs& inputs;

  Call operator()(const ScriptStep& kind) const { return make_script(formula, inputs, kind.body, kind.engine); }
  Call operator()(const FilterStep& kind) const {
    ScriptCall call = make_script(formula, inputs, kind.body, kind.engine);
    call.filter = true;
    return call;
  }
  Call operator()(const ElementRequestStep& kind) const {
    return RequestBuilder(step, inputs).build_element(kind.instance, kind.request);
  }
  Call operator()(const HttpRequestStep& kind) const { return RequestBuilder(step, inputs).build_http(kind.request); }
  template <class Other>
  Call operator()(const Other& /*kind*/) const {
    throw Error(ErrorCode::unsupported, "step '" + step.name + "': step type '" + step.type + "' cannot run yet");
  }
};

}  // namespace

std::string digest_of(const RunIdentity& identity) {
  return to_hex(sha256(std::string(identity.execution_id) + '\n' + std::to_string(identity.iteration) + '\n' +
                       std::string(identity.step)));
}

Call make_call(const Formula& formula, const Step& step, const CallInputs& inputs) {
  return std::visit(CallMaker{.formula = formula, .step = step, .inputs = inputs}, step.kind);
}

bool is_safe_method(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

std::string url_of(const RequestCall& call) {
  if (call.query.empty()) return call.target;
  const std::size_t hash = std::min(call.target.find('#'), call.target.size());
  const char joint = call.target.find('?') < hash ? '&' : '?';
  return call.target.substr(0, hash) + joint + query_text(call.query);
}

std::string title_of(const RequestCall& call) {
  return call.method + ' ' + call.target.substr(0, call.target.find_first_of("?#"));
}

}  // namespace formulary::plan

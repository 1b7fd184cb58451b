#include "host/formula/step_output.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "host/base/text.hpp"
#include "host/formula/step_call.hpp"

namespace formulary::plan {
namespace {

constexpr std::size_t message_bytes_max = 300;

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; });
  return result;
}

bool carries_credentials(std::string_view header) {
  static constexpr std::array<std::string_view, 9> names{"authorization", "proxy-authorization", "cookie",
                                                         "set-cookie",    "x-smarttoken",        "x-api-key",
                                                         "api-key",       "x-auth-token",        "x-access-token"};
  return std::find(names.begin(), names.end(), lower_case(header)) != names.end();
}

/// Several headers of one name become one, as RFC 9110 allows.
json::object headers_object(const Headers& headers, bool masked) {
  json::object object;
  for (const auto& [name, value] : headers) {
    const std::string shown = masked && carries_credentials(name) ? "********" : is_utf8(value) ? value : "";
    const auto [at, added] = object.emplace(name, shown);
    if (!added) at->value() = std::string(at->value().as_string()) + ", " + shown;
  }
  return object;
}

std::string header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (lower_case(key) == name) return value;
  }
  return {};
}

/// The part behind filename=, without quotes.
std::string file_name(const Headers& headers) {
  const std::string disposition = header(headers, "content-disposition");
  constexpr std::string_view mark = "filename=";
  const std::size_t begin = disposition.find(mark);
  if (begin == std::string::npos) return {};
  std::string name = disposition.substr(begin + mark.size());
  name.erase(std::min(name.find(';'), name.size()));
  name.erase(std::remove(name.begin(), name.end(), '"'), name.end());
  return is_utf8(name) ? name : std::string();
}

std::optional<json::value> parsed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  try {
    return parse_json(text, "body");
  } catch (const Error&) {
    return std::nullopt;  // a vendor may say JSON and mean text; the text is kept then
  }
}

/// JSON as its value, text as text, anything else as the platform's file object.
json::value body_value(const Answered& answer) {
  if (answer.body.empty()) return nullptr;
  const std::string type = lower_case(answer.content_type);
  const bool is_json = type.find("json") != std::string::npos;
  const bool may_be_json = type.empty() && answer.body.find_first_of("{[") == answer.body.find_first_not_of(" \t\r\n");
  if (is_json || may_be_json) {
    if (auto value = parsed(answer.body)) return *std::move(value);
  }
  if (is_utf8(answer.body)) return json::value(answer.body);
  return json::object{{"filename", file_name(answer.headers)},
                      {"type", "workflow-file-attachment"},
                      {"content", to_base64(answer.body)}};
}

/// What the platform's own API would have answered for a call that had no answer.
int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::bad_input:
      return 400;
    case ErrorCode::unauthenticated:
      return 401;
    case ErrorCode::permission_denied:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::limit_reached:
      return 413;
    case ErrorCode::rate_limited:
      return 429;
    case ErrorCode::unsupported:
      return 501;
    case ErrorCode::vendor_failed:
      return 502;
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::timed_out:
      return 504;
    default:
      return 500;
  }
}

bool may_pass(ErrorCode code) {
  return code == ErrorCode::rate_limited || code == ErrorCode::vendor_failed || code == ErrorCode::unavailable ||
         code == ErrorCode::timed_out;
}

std::string said_by(const Answered& answer) {
  const json::value body = body_value(answer);
  const auto* object = body.if_object();
  for (const std::string_view key : {"message", "providerMessage", "error"}) {
    const json::value* member = object == nullptr ? nullptr : object->if_contains(key);
    const auto* text = member == nullptr ? nullptr : member->if_string();
    if (text == nullptr || text->empty()) continue;
    std::string said(std::string_view(*text).substr(0, message_bytes_max));
    while (!is_utf8(said)) said.pop_back();  // the cut may have gone through a character
    return ": " + said;
  }
  return {};
}

std::optional<bool> truth_of(const std::string& value) {
  if (value == "true" || value == "\"true\"") return true;
  if (value == "false" || value == "\"false\"") return false;
  return std::nullopt;
}

StepError mismatch(const Step& step) {
  return {.code = std::string(name(ErrorCode::internal)),
          .message = "step '" + step.name + "': what it got is not what it asked for; this is a mistake in the host"};
}

Verdict failed(StepError error, int retry_code = 0) {
  return {.route = Verdict::Route::failure, .error = std::move(error), .retry_code = retry_code};
}

struct Judge {
  const Step& step;
  const Call& call;

  Verdict operator()(const Answered& answer) const {
    const RequestPolicy* policy = policy_of(step);
    const auto* request = std::get_if<RequestCall>(&call);
    if (policy == nullptr || request == nullptr) return failed(mismatch(step));
    if (policy->accepts(answer.status)) return {};
    const std::string status = std::to_string(answer.status);
    return failed({.code = "http." + status, .message = title_of(*request) + " answered " + status + said_by(answer)},
                  answer.status);
  }

  Verdict operator()(const ScriptEnded& script) const {
    const auto* wanted = std::get_if<ScriptCall>(&call);
    if (wanted == nullptr) return failed(mismatch(step));
    if (!script.ok) return failed({.code = script.error_code, .message = script.error});
    if (wanted->must_return && script.value.empty()) {
      return failed({.code = "script.no_result", .message = "The step did not return any values"});
    }
    if (!wanted->filter) return {};
    const auto truth = truth_of(script.value);
    if (!truth) {
      return failed(
          {.code = "script.no_result",
           .message = "filter '" + step.name + "' gave neither true nor false; call done(true) or done(false)"});
    }
    return {.route = *truth ? Verdict::Route::success : Verdict::Route::failure};
  }

  Verdict operator()(const Broke& broke) const {
    return failed({.code = std::string(name(broke.code)), .message = broke.message},
                  may_pass(broke.code) ? status_of(broke.code) : 0);
  }
};

/// Collects the values of one step under its name.
class ValueList {
 public:
  ValueList(std::string step, const Limits& limits) : step_(std::move(step)), limits_(limits) {}

  void add(std::string_view key, std::string text) {
    if (text.size() <= limits_.value_bytes_max) values_.emplace_back(step_ + '.' + std::string(key), std::move(text));
  }
  void add_unless_empty(std::string_view key, std::string text) {
    if (!text.empty()) add(key, std::move(text));
  }
  [[nodiscard]] Values take() { return std::move(values_); }

 private:
  std::string step_;
  const Limits& limits_;
  Values values_;
};

std::string_view target_key(const RequestCall& call) {
  return call.kind == RequestCall::Kind::http ? "url" : "uri";
}

json::object request_value(const RequestCall& call) {
  json::object request{{"method", call.method}, {target_key(call), call.target}};
  if (!call.query.empty()) request["query"] = call.query;
  if (!call.headers.empty()) request["headers"] = headers_object(call.headers, false);
  if (!call.body.empty()) {
    auto body = parsed(call.body);
    request["body"] = body ? *std::move(body) : json::value(call.body);
  }
  return request;
}

void add_request_values(ValueList& values, const RequestCall& call) {
  values.add("request.method", call.method);
  values.add(std::string("request.") + std::string(target_key(call)), call.target);
  if (!call.query.empty()) values.add("request.query", to_text(call.query));
  if (!call.headers.empty()) values.add("request.headers", to_text(headers_object(call.headers, true)));
  values.add_unless_empty("request.body", call.body);
}

std::string json_array(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.emplace_back(text);
  return to_text(array);
}

/// `notify` holds JSON objects already.
std::string joined_array(const std::vector<std::string>& objects) {
  std::string text = "[";
  for (const auto& object : objects) text += (text.size() == 1 ? "" : ",") + object;
  return text + ']';
}

std::string text_of(const json::value& value) {
  const auto* string = value.if_string();
  return string != nullptr ? std::string(*string) : to_text(value);
}

struct OutputMaker {
  const Step& step;
  const Call& call;
  const Verdict& verdict;
  int retries_made;
  const Limits& limits;

  Output operator()(const Answered& answer) const {
    const auto* request = std::get_if<RequestCall>(&call);
    if (request == nullptr) return make_output(step, &call, *verdict.error, limits);
    ValueList values = requested(*request);
    values.add("response.code", std::to_string(answer.status));
    values.add("response.headers", to_text(headers_object(answer.headers, true)));
    json::value body = body_value(answer);
    if (!body.is_null()) values.add("response.body", is_utf8(answer.body) ? answer.body : to_text(body));
    json::object response{{"code", answer.status}, {"headers", headers_object(answer.headers, false)}};
    response["body"] = std::move(body);
    return {.value = json::object{{"request", request_value(*request)}, {"response", std::move(response)}},
            .values = values.take(),
            .bytes = answer.body.size() + request->body.size()};
  }

  Output operator()(const Broke& broke) const {
    const auto* request = std::get_if<RequestCall>(&call);
    if (request == nullptr || request->kind == RequestCall::Kind::http) {
      Output output = make_output(step, &call, *verdict.error, limits);
      add_retries(output.values);
      return output;
    }
    ValueList values = requested(*request);
    const json::object body{{"message", broke.message}};
    values.add("response.code", std::to_string(status_of(broke.code)));
    values.add("response.body", to_text(body));
    values.add("error", broke.message);
    const json::object response{{"code", status_of(broke.code)}, {"headers", json::object()}, {"body", body}};
    return {.value = json::object{{"request", request_value(*request)}, {"response", response}},
            .values = values.take(),
            .bytes = request->body.size()};
  }

  Output operator()(const ScriptEnded& script) const {
    ValueList values(step.name, limits);
    json::value value = script.ok && !script.value.empty() ? parsed(script.value).value_or(nullptr) : json::object();
    if (verdict.error) {
      value = json::object{{"error", verdict.error->message}};
      values.add("error", verdict.error->message);
    } else if (std::get<ScriptCall>(call).filter) {
      const bool truth = verdict.route == Verdict::Route::success;
      value = json::object{{"continue", truth}};
      values.add("continue", truth ? "true" : "false");
    } else if (const auto* object = value.if_object()) {
      for (const auto& member : *object) values.add(member.key(), text_of(member.value()));
    } else {
      values.add("result", text_of(value));
    }
    if (!script.console.empty()) values.add("console", json_array(script.console));
    if (!script.notify.empty()) values.add("notify", joined_array(script.notify));
    return {.value = std::move(value), .values = values.take(), .bytes = script.value.size()};
  }

  [[nodiscard]] ValueList requested(const RequestCall& request) const {
    ValueList values(step.name, limits);
    add_request_values(values, request);
    const RequestPolicy* policy = policy_of(step);
    if (policy != nullptr && policy->retry) values.add("request.retry-attempt", std::to_string(retries_made));
    return values;
  }

  void add_retries(Values& values) const {
    const RequestPolicy* policy = policy_of(step);
    if (policy == nullptr || !policy->retry) return;
    values.emplace_back(step.name + ".request.retry-attempt", std::to_string(retries_made));
  }
};

}  // namespace

const RequestPolicy* policy_of(const Step& step) {
  if (const auto* element = std::get_if<ElementRequestStep>(&step.kind)) return &element->request.policy;
  if (const auto* http = std::get_if<HttpRequestStep>(&step.kind)) return &http->request.policy;
  return nullptr;
}

Verdict judge(const Step& step, const Call& call, const Outcome& outcome) {
  return std::visit(Judge{.step = step, .call = call}, outcome);
}

Output make_output(const Step& step, const Call& call, const Outcome& outcome, const Verdict& verdict, int retries_made,
                   const Limits& limits) {
  return std::visit(
      OutputMaker{.step = step, .call = call, .verdict = verdict, .retries_made = retries_made, .limits = limits},
      outcome);
}

Output make_output(const Step& step, const Call* call, const StepError& error, const Limits& limits) {
  ValueList values(step.name, limits);
  json::object value{{"error", error.message}};
  const auto* request = call == nullptr ? nullptr : std::get_if<RequestCall>(call);
  if (request != nullptr) {
    add_request_values(values, *request);
    value["request"] = request_value(*request);
  }
  values.add("error", error.message);
  return {.value = std::move(value), .values = values.take(), .bytes = error.message.size()};
}

}  // namespace formulary::plan

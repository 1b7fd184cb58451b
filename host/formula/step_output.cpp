#include "host/formula/step_output.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "host/base/text.hpp"
#include "host/formula/form_body.hpp"
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
  return file_object({.filename = file_name(answer.headers), .content = answer.body});
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
  const RunView& run;

  Verdict operator()(const Answered& answer) const {
    const auto* request = wanted<RequestCall>();
    return request == nullptr ? failed(mismatch(run.step)) : judge_answer(*request, answer);
  }

  Verdict operator()(const Streamed& streamed) const {
    const auto* stream = wanted<StreamCall>();
    if (stream == nullptr) return failed(mismatch(run.step));
    Verdict download = judge_answer(stream->download, streamed.download);
    if (download.error || !streamed.upload) return download.error ? download : failed(mismatch(run.step));
    return judge_answer(stream->upload, *streamed.upload);
  }

  Verdict operator()(const ScriptEnded& script) const {
    const auto* call = wanted<ScriptCall>();
    if (call == nullptr) return failed(mismatch(run.step));
    if (!script.ok) return failed({.code = script.error_code, .message = script.error});
    if (call->must_return && script.value.empty()) {
      return failed({.code = "script.no_result", .message = "The step did not return any values"});
    }
    if (!call->filter) return judge_value(script.value);
    const auto truth = truth_of(script.value);
    if (!truth) {
      return failed(
          {.code = "script.no_result",
           .message = "filter '" + run.step.name + "' gave neither true nor false; call done(true) or done(false)"});
    }
    return {.route = *truth ? Verdict::Route::success : Verdict::Route::failure};
  }

  Verdict operator()(const Delivered& /*delivered*/) const {
    const bool message = wanted<AmqpCall>() != nullptr || wanted<NotifyCall>() != nullptr;
    return message ? Verdict{} : failed(mismatch(run.step));
  }

  Verdict operator()(const Broke& broke) const {
    return failed({.code = std::string(name(broke.code)), .message = broke.message},
                  may_pass(broke.code) ? status_of(broke.code) : 0);
  }

  /// The text goes on to later scripts, so it must be JSON, whatever the worker is.
  [[nodiscard]] Verdict judge_value(const std::string& text) const {
    if (text.empty()) return {};
    try {
      return {.said = SharedJson(parse_json(text, "step '" + run.step.name + "': its result"), text)};
    } catch (const Error& error) {
      return failed({.code = "script.output", .message = error.what()});
    }
  }

  template <class Kind>
  [[nodiscard]] const Kind* wanted() const {
    return run.call == nullptr ? nullptr : std::get_if<Kind>(run.call);
  }

  [[nodiscard]] Verdict judge_answer(const RequestCall& request, const Answered& answer) const {
    if (run.policy.accepts(answer.status)) return {};
    const std::string status = std::to_string(answer.status);
    return failed({.code = "http." + status, .message = title_of(request) + " answered " + status + said_by(answer)},
                  answer.status);
  }
};

std::string text_of(const json::value& value) {
  const auto* string = value.if_string();
  return string != nullptr ? std::string(*string) : to_text(value);
}

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

/// What is shown of the body: a form as its fields, a file as nothing, since it is in the step that it came from.
std::string shown_body(const RequestCall& call) {
  return call.form.is_null() && is_utf8(call.body) ? call.body : std::string();
}

json::object request_value(const RequestCall& call) {
  json::object request{{"method", call.method}, {target_key(call), call.target}};
  if (!call.path.is_null()) request["path"] = call.path;
  if (!call.query.empty()) request["query"] = call.query;
  if (!call.headers.empty()) request["headers"] = headers_object(call.headers, false);
  if (!call.form.is_null()) request["form"] = call.form;
  const std::string shown = shown_body(call);
  if (!shown.empty()) {
    auto body = parsed(shown);
    request["body"] = body ? *std::move(body) : json::value(shown);
  }
  return request;
}

void add_request_values(ValueList& values, const RequestCall& call, const std::string& half = {}) {
  values.add(half + "request.method", call.method);
  values.add(half + "request." + std::string(target_key(call)), call.target);
  if (!call.path.is_null()) values.add(half + "request.path", text_of(call.path));
  if (!call.query.empty()) values.add(half + "request.query", to_text(call.query));
  if (!call.headers.empty()) values.add(half + "request.headers", to_text(headers_object(call.headers, true)));
  values.add_unless_empty(half + "request.body", shown_body(call));
  if (!call.form.is_null()) values.add(half + "request.form", to_text(call.form));
}

json::object response_value(const Answered& answer, json::value body) {
  json::object response{{"code", answer.status}, {"headers", headers_object(answer.headers, false)}};
  response["body"] = std::move(body);
  return response;
}

void add_response_values(ValueList& values, const Answered& answer, const json::value& body,
                         const std::string& half = {}) {
  values.add(half + "response.code", std::to_string(answer.status));
  values.add(half + "response.headers", to_text(headers_object(answer.headers, true)));
  if (!body.is_null()) values.add(half + "response.body", is_utf8(answer.body) ? answer.body : to_text(body));
}

/// "amqp://user:secret@host" without what is before the last @, also where the secret has a / in it.
std::string without_credentials(const std::string& url) {
  const std::size_t begin = url.find("//");
  const std::size_t at = url.rfind('@');
  if (begin == std::string::npos || at == std::string::npos || at < begin) return url;
  return url.substr(0, begin + 2) + "********" + url.substr(at);
}

json::object message_value(const AmqpCall& call) {
  json::object request{{"url", without_credentials(call.url)}};
  if (!call.exchange.empty()) request["exchange"] = call.exchange;
  if (!call.queue.empty()) request["queue"] = call.queue;
  if (!call.body.empty()) request["body"] = call.body;
  return request;
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

/// A step that failed without an answer: what it asked for, and why there is none.
Output output_of_failure(const RunView& run, const StepError& error) {
  ValueList values(run.step.name, run.limits);
  json::object value{{"error", error.message}};
  if (const auto* request = run.call == nullptr ? nullptr : std::get_if<RequestCall>(run.call)) {
    add_request_values(values, *request);
    value["request"] = request_value(*request);
  } else if (const auto* stream = run.call == nullptr ? nullptr : std::get_if<StreamCall>(run.call)) {
    add_request_values(values, stream->download, "download.");
    add_request_values(values, stream->upload, "upload.");
  } else if (const auto* message = run.call == nullptr ? nullptr : std::get_if<AmqpCall>(run.call)) {
    for (const auto& member : message_value(*message)) {
      values.add("request." + std::string(member.key()), text_of(member.value()));
    }
  }
  if (run.policy.retry) values.add("request.retry-attempt", std::to_string(run.retries_made));
  values.add("error", error.message);
  return {.value = SharedJson(std::move(value)), .values = values.take(), .bytes = error.message.size()};
}

struct OutputMaker {
  const RunView& run;
  const Verdict& verdict;

  Output operator()(const Answered& answer) const {
    const auto* request = run.call == nullptr ? nullptr : std::get_if<RequestCall>(run.call);
    if (request == nullptr) return output_of_failure(run, *verdict.error);
    ValueList values = requested(*request);
    json::value body = body_value(answer);
    add_response_values(values, answer, body);
    json::object value{{"request", request_value(*request)}, {"response", response_value(answer, std::move(body))}};
    return {.value = SharedJson(std::move(value)),
            .values = values.take(),
            .bytes = answer.body.size() + request->body.size()};
  }

  Output operator()(const Streamed& streamed) const {
    const auto* stream = run.call == nullptr ? nullptr : std::get_if<StreamCall>(run.call);
    if (stream == nullptr) return output_of_failure(run, *verdict.error);
    ValueList values(run.step.name, run.limits);
    add_request_values(values, stream->download, "download.");
    add_response_values(values, streamed.download, nullptr, "download.");
    add_request_values(values, stream->upload, "upload.");
    json::object form = stream->fields;
    if (!stream->form_name.empty())
      form[stream->form_name] = json::object{{"filename", file_name(streamed.download.headers)}};
    if (!form.empty()) values.add("upload.request.form", to_text(form));
    if (run.policy.retry) values.add("upload.request.retry-attempt", std::to_string(run.retries_made));
    json::object download{{"request", request_value(stream->download)},
                          {"response", response_value(streamed.download, nullptr)}};
    json::object upload{{"request", request_value(stream->upload)}};
    if (streamed.upload) {
      json::value body = body_value(*streamed.upload);
      add_response_values(values, *streamed.upload, body, "upload.");
      upload["response"] = response_value(*streamed.upload, std::move(body));
    }
    json::object value{{"download", std::move(download)}, {"upload", std::move(upload)}};
    return {.value = SharedJson(std::move(value)),
            .values = values.take(),
            .bytes = streamed.upload ? streamed.upload->body.size() : 0};
  }

  /// A call to an element or the platform that had no answer shows the one that the platform would have given.
  Output operator()(const Broke& broke) const {
    const auto* request = run.call == nullptr ? nullptr : std::get_if<RequestCall>(run.call);
    if (request == nullptr || request->kind == RequestCall::Kind::http) return output_of_failure(run, *verdict.error);
    ValueList values = requested(*request);
    const json::object body{{"message", broke.message}};
    values.add("response.code", std::to_string(status_of(broke.code)));
    values.add("response.body", to_text(body));
    values.add("error", broke.message);
    const json::object response{{"code", status_of(broke.code)}, {"headers", json::object()}, {"body", body}};
    json::object value{{"request", request_value(*request)}, {"response", response}};
    return {.value = SharedJson(std::move(value)), .values = values.take(), .bytes = request->body.size()};
  }

  Output operator()(const Delivered& /*delivered*/) const {
    if (verdict.error || run.call == nullptr) return output_of_failure(run, *verdict.error);
    ValueList values(run.step.name, run.limits);
    const auto* message = std::get_if<AmqpCall>(run.call);
    json::object request =
        message != nullptr ? message_value(*message) : json::object{{"body", std::get<NotifyCall>(*run.call).body}};
    std::size_t bytes = 0;
    for (const auto& member : request) {
      bytes += member.value().as_string().size();
      values.add("request." + std::string(member.key()), text_of(member.value()));
    }
    json::object value{{"request", std::move(request)}};
    return {.value = SharedJson(std::move(value)), .values = values.take(), .bytes = bytes};
  }

  Output operator()(const ScriptEnded& script) const {
    ValueList values(run.step.name, run.limits);
    Output output{.value = value_of(), .bytes = script.value.size()};
    if (verdict.error) {
      values.add("error", verdict.error->message);
    } else if (std::get<ScriptCall>(*run.call).filter) {
      values.add("continue", verdict.route == Verdict::Route::success ? "true" : "false");
    } else if (const auto* object = output.value.value().if_object()) {
      for (const auto& member : *object) values.add(member.key(), text_of(member.value()));
    } else {
      values.add("result", text_of(output.value.value()));
    }
    if (!script.console.empty()) values.add("console", json_array(script.console));
    if (!script.notify.empty()) values.add("notify", joined_array(script.notify));
    output.values = values.take();
    return output;
  }

  [[nodiscard]] SharedJson value_of() const {
    if (verdict.error) return SharedJson(json::object{{"error", verdict.error->message}});
    if (std::get<ScriptCall>(*run.call).filter) {
      return SharedJson(json::object{{"continue", verdict.route == Verdict::Route::success}});
    }
    return verdict.said ? verdict.said : SharedJson(json::object());
  }

  [[nodiscard]] ValueList requested(const RequestCall& request) const {
    ValueList values(run.step.name, run.limits);
    add_request_values(values, request);
    if (run.policy.retry) values.add("request.retry-attempt", std::to_string(run.retries_made));
    return values;
  }
};

}  // namespace

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

Verdict judge(const RunView& run, const Outcome& outcome) {
  return std::visit(Judge{.run = run}, outcome);
}

Output make_output(const RunView& run, const Outcome& outcome, const Verdict& verdict) {
  return std::visit(OutputMaker{.run = run, .verdict = verdict}, outcome);
}

Output make_output(const RunView& run, const StepError& error) {
  return output_of_failure(run, error);
}

}  // namespace formulary::plan

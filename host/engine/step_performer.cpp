#include "host/engine/step_performer.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "host/base/ids.hpp"
#include "host/formula/step_call.hpp"

namespace formulary {
namespace {

constexpr int first_error_status = 400;
constexpr std::string_view next_page_header = "elements-next-page-token";

bool is_header(std::string_view name, std::string_view lower_case_name) {
  const auto lower = [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; };
  return std::equal(name.begin(), name.end(), lower_case_name.begin(), lower_case_name.end(),
                    [&](char a, char b) { return lower(a) == b; });
}

const std::string* find_header(const plan::Headers& headers, std::string_view lower_case_name) {
  for (const auto& [name, value] : headers) {
    if (is_header(name, lower_case_name)) return &value;
  }
  return nullptr;
}

/// What the plugin said about the vendor's refusal, in the shape of the platform's errors.
plan::Outcome outcome_of(const PluginError& error) {
  const int status = error.report().http_status;
  if (status < first_error_status) return plan::Broke{.code = error.code(), .message = error.what()};
  json::object body{{"message", error.what()}};
  if (!error.report().plugin_code.empty()) body["code"] = error.report().plugin_code;
  return plan::Answered{.status = status, .body = to_text(body), .content_type = "application/json"};
}

ResourceRequest resource_request(const plan::RequestCall& call) {
  ResourceRequest request{.method = call.method,
                          .path = call.target,
                          .query = call.query,
                          .body = call.body,
                          .content_type = call.content_type};
  for (const auto& [name, value] : call.headers) request.headers[name] = value;
  return request;
}

/// Of a message, whose template does not say it.
std::string content_type_of(const std::string& body) {
  try {
    (void)parse_json(body, "body");
    return "application/json";
  } catch (const Error&) {
    return "text/plain";
  }
}

ScriptInputs inputs_of(const Scope& scope) {
  ScriptInputs inputs{.trigger = scope.trigger.text(), .info = scope.info.text(), .config = scope.config.text()};
  inputs.steps.reserve(scope.steps.size());
  scope.steps.for_each(
      [&inputs](const StepOutputs::Entry& entry) { inputs.steps.emplace_back(entry.name, entry.output.text()); });
  return inputs;
}

}  // namespace

plan::Outcome StepPerformer::perform(const CallOrder& order) const noexcept {
  try {
    return std::visit([&](const auto& call) { return perform_kind(order, call); }, *order.call);
  } catch (const PluginError& error) {
    return outcome_of(error);
  } catch (const Error& error) {
    return plan::Broke{.code = error.code(), .message = error.what()};
  } catch (const std::exception& error) {
    return plan::Broke{.code = ErrorCode::internal, .message = "step '" + order.step_name + "': " + error.what()};
  } catch (...) {
    return plan::Broke{.code = ErrorCode::internal, .message = "step '" + order.step_name + "': unknown exception"};
  }
}

std::chrono::milliseconds StepPerformer::time_limit(const plan::Call& call) const noexcept {
  if (std::holds_alternative<plan::ScriptCall>(call)) return settings_.script_time_limit;
  return std::holds_alternative<plan::StreamCall>(call) ? 2 * settings_.request_time_limit
                                                        : settings_.request_time_limit;
}

plan::Outcome StepPerformer::perform_kind(const CallOrder& order, const plan::RequestCall& call) const {
  return request(order, call);
}

plan::Answered StepPerformer::request(const CallOrder& order, const plan::RequestCall& call) const {
  switch (call.kind) {
    case plan::RequestCall::Kind::element:
      return call_element(order, call);
    case plan::RequestCall::Kind::platform:
      return call_platform(order, call);
    case plan::RequestCall::Kind::http:
      break;
  }
  return send_http(order, call);
}

/// The file goes through memory, so it is bounded as every answer is.
plan::Outcome StepPerformer::perform_kind(const CallOrder& order, const plan::StreamCall& call) const {
  plan::Outcome download = half_of_stream(order, call.download);
  auto* file = std::get_if<plan::Answered>(&download);
  if (file == nullptr) return download;
  plan::Streamed outcome{.download = std::move(*file)};
  if (!call.policy.accepts(outcome.download.status)) return outcome;
  const plan::RequestCall upload = plan::upload_of(call, outcome.download, order.idempotency_key);
  outcome.download.body.clear();
  plan::Outcome sent = half_of_stream(order, upload);
  auto* answer = std::get_if<plan::Answered>(&sent);
  if (answer == nullptr) return sent;
  outcome.upload = std::move(*answer);
  return outcome;
}

/// Answered, also if the vendor refused; else Broke.
plan::Outcome StepPerformer::half_of_stream(const CallOrder& order, const plan::RequestCall& call) const {
  try {
    return request(order, call);
  } catch (const PluginError& error) {
    return outcome_of(error);
  }
}

plan::Outcome StepPerformer::perform_kind(const CallOrder& order, const plan::AmqpCall& call) const {
  if (ports_.publisher == nullptr) {
    throw Error(ErrorCode::unsupported, "step '" + order.step_name + "': messages cannot be sent to a queue from here");
  }
  ports_.publisher->publish({.url = call.url,
                             .exchange = call.exchange,
                             .routing_key = call.queue,
                             .body = call.body,
                             .content_type = content_type_of(call.body),
                             .message_id = order.idempotency_key,
                             .time_limit = settings_.request_time_limit,
                             .stop = order.stop});
  return plan::Delivered{};
}

plan::Outcome StepPerformer::perform_kind(const CallOrder& order, const plan::NotifyCall& call) const {
  if (!ports_.notify) {
    throw Error(ErrorCode::unsupported, "step '" + order.step_name + "': there is nobody to notify here");
  }
  ports_.notify(order.redactor->redact(call.body));
  return plan::Delivered{};
}

plan::Answered StepPerformer::call_platform(const CallOrder& order, const plan::RequestCall& call) const {
  if (!ports_.call_platform) {
    throw Error(ErrorCode::unsupported,
                "step '" + order.step_name + "': the platform's API cannot be called from here");
  }
  return ports_.call_platform(call, context_of(order));
}

CallContext StepPerformer::context_of(const CallOrder& order) const {
  return {.time_limit = settings_.request_time_limit,
          .stop = order.stop,
          .attempt = static_cast<std::uint32_t>(order.attempt),
          .idempotency_key = order.idempotency_key,
          .trace_parent = order.trace_id.empty() ? "" : new_trace_parent(order.trace_id),
          .formula_instance = order.formula_instance,
          .output_max = settings_.body_max,
          .redactor = order.redactor.get()};
}

plan::Answered StepPerformer::call_element(const CallOrder& order, const plan::RequestCall& call) const {
  if (!ports_.call_element) {
    throw Error(ErrorCode::unsupported, "step '" + order.step_name + "': there are no element instances here");
  }
  const CallContext context = context_of(order);
  ResourceAnswer answer = ports_.call_element(call.instance, resource_request(call), context);
  plan::Answered outcome{.status = answer.status,
                         .headers = std::move(answer.headers),
                         .body = std::move(answer.body),
                         .content_type = std::move(answer.content_type)};
  if (!answer.next_page.empty() && find_header(outcome.headers, next_page_header) == nullptr) {
    outcome.headers.emplace_back(next_page_header, std::move(answer.next_page));
  }
  return outcome;
}

plan::Answered StepPerformer::send_http(const CallOrder& order, const plan::RequestCall& call) const {
  if (ports_.transport == nullptr) {
    throw Error(ErrorCode::unsupported, "step '" + order.step_name + "': HTTP requests cannot be sent from here");
  }
  HttpRequest request{.method = call.method,
                      .url = plan::url_of(call),
                      .headers = call.headers,
                      .body = call.body,
                      .time_limit = settings_.request_time_limit,
                      .body_max = settings_.body_max,
                      .stop = order.stop};
  if (!call.content_type.empty()) request.headers.emplace_back("Content-Type", call.content_type);
  if (!order.idempotency_key.empty() && find_header(request.headers, "idempotency-key") == nullptr) {
    request.headers.emplace_back("Idempotency-Key", order.idempotency_key);
  }
  HttpResponse response = ports_.transport->send(request);
  plan::Answered outcome{
      .status = response.status, .headers = std::move(response.headers), .body = std::move(response.body)};
  if (const auto* type = find_header(outcome.headers, "content-type")) outcome.content_type = *type;
  return outcome;
}

plan::Outcome StepPerformer::perform_kind(const CallOrder& order, const plan::ScriptCall& call) const {
  if (ports_.scripts == nullptr) {
    throw Error(ErrorCode::unsupported, "step '" + order.step_name + "': scripts cannot run here");
  }
  const ScriptRequest request{
      .kind = call.filter ? ScriptKind::filter : ScriptKind::step,
      .name = order.step_name,
      .body = call.body,
      .seed = call.seed,
      .now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(call.now.time_since_epoch()).count(),
      .time_limit = settings_.script_time_limit,
      .output_max = settings_.limits.property_bytes_max,
      .inputs = inputs_of(*call.scope),
      .version = order.version,
      .stop = order.stop};
  ScriptResult result = ports_.scripts->run(request);
  return plan::ScriptEnded{.ok = result.ok,
                           .value = std::move(result.value),
                           .error = std::move(result.error),
                           .error_code = std::move(result.error_code),
                           .console = std::move(result.console),
                           .notify = std::move(result.notify)};
}

}  // namespace formulary

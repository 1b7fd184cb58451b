#include "host/formula/step_parser.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace formulary {
namespace {

using Kind = FormulaProblem::Kind;

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// A property that the engine reads as text: given literally, or by reference.
struct Given {
  std::string literal;
  Property by_reference;
};
Given read_given(ShapeReader& json, std::string_view key) {
  std::string text = json.text(key);
  Property property{json::value(text)};
  if (property.references().empty()) return {.literal = std::move(text), .by_reference = {}};
  return {.literal = {}, .by_reference = std::move(property)};
}

/// What the contract refuses beyond its bound.
int read_attempts(ShapeReader& json, std::string_view text) {
  if (is_blank(text)) return 0;
  const auto number = parse_number(text);
  if (number && *number >= 0 && *number <= retry_attempts_max) return static_cast<int>(*number);
  json.report("retryAttempts", "retryAttempts must be a number from 0 to " + std::to_string(retry_attempts_max),
              Kind::invalid);
  return 0;
}

std::chrono::milliseconds read_delay(ShapeReader& json, std::string_view text) {
  if (is_blank(text)) return {};
  const std::int64_t number = parse_number(text).value_or(-1);
  if (number >= 0 && number <= retry_delay_max.count()) return std::chrono::milliseconds(number);
  json.report("retryDelay", "is no number of milliseconds from 0 to " + std::to_string(retry_delay_max.count()) +
                                (number < 0 ? "; there is no delay" : "; that much is taken"));
  return number < 0 ? std::chrono::milliseconds(0) : retry_delay_max;
}

StatusCodes read_codes(ShapeReader& json, std::string_view key, std::string_view text, Kind kind) {
  auto codes = StatusCodes::parse(text);
  if (codes) return *std::move(codes);
  json.report(key, std::string(key) + R"( must list status codes, as in "200-205,208")", kind);
  return {};
}

void read_policy(ShapeReader& json, RequestProperties& request) {
  Given acceptable = read_given(json, "acceptableStatusCodes");
  Given retry = read_given(json, "retry");
  Given attempts = read_given(json, "retryAttempts");
  Given delay = read_given(json, "retryDelay");
  Given codes = read_given(json, "retryStatusCodes");
  request.policy = {
      .acceptable = read_codes(json, "acceptableStatusCodes", acceptable.literal, Kind::warning),
      .retry = retry.by_reference.absent() && json.flag("retry"),
      .retry_attempts = read_attempts(json, attempts.literal),
      .retry_delay = read_delay(json, delay.literal),
      .retry_codes = read_codes(json, "retryStatusCodes", codes.literal, Kind::invalid),
  };
  request.policy_properties = {
      .acceptable = std::move(acceptable.by_reference),
      .retry = std::move(retry.by_reference),
      .retry_attempts = std::move(attempts.by_reference),
      .retry_delay = std::move(delay.by_reference),
      .retry_codes = std::move(codes.by_reference),
  };
}

RequestProperties read_request(ShapeReader& json, std::string_view target) {
  RequestProperties request{
      .method = json.property("method"),
      .target = json.property(target),
      .headers = json.property("headers"),
      .query = json.property("query"),
      .path = json.property("path"),
      .body = json.property("body"),
      .form = json.property("form"),
  };
  read_policy(json, request);
  return request;
}

/// One half of a stream step, whose properties carry the half's name in front.
RequestProperties read_half(ShapeReader& json, const std::string& half) {
  return {
      .method = json.property(half + "Method"),
      .target = json.property(half + "Api"),
      .headers = json.property(half + "Headers"),
      .query = json.property(half + "Query"),
      .path = json.property(half + "Path"),
      .body = json.property(half + "Body"),
  };
}

template <class Script>
StepKind read_script(ShapeReader& json) {
  Script script{.body = json.text("body"), .engine = json.text("scriptEngine")};
  script.result = script_result(script.engine, "v3", scan_script(script.body));
  return script;
}
StepKind read_element_request(ShapeReader& json) {
  return ElementRequestStep{.instance = json.property("elementInstanceId"), .request = read_request(json, "api")};
}
StepKind read_platform_request(ShapeReader& json) {
  return PlatformRequestStep{.request = read_request(json, "api")};
}
StepKind read_http_request(ShapeReader& json) {
  return HttpRequestStep{.request = read_request(json, "url")};
}
StepKind read_stream(ShapeReader& json) {
  ElementStreamStep step{
      .download_instance = json.property("downloadElementInstanceId"),
      .download = read_half(json, "download"),
      .upload_instance = json.property("uploadElementInstanceId"),
      .upload = read_half(json, "upload"),
      .form_data = json.property("uploadFormData"),
      .form_data_name = json.property("uploadFormDataName"),
  };
  read_policy(json, step.download);
  step.upload.policy = step.download.policy;
  step.upload.policy_properties = step.download.policy_properties;
  return step;
}
StepKind read_loop(ShapeReader& json) {
  return LoopStep{.list = json.property("list")};
}
StepKind read_sub_formula(ShapeReader& json) {
  return SubFormulaStep{.formula_id = json.property("formulaId"),
                        .args = json.property("args"),
                        .configuration = json.property("subFormulaConfigs")};
}
StepKind read_retry_execution(ShapeReader& json) {
  return RetryExecutionStep{.attempts = json.property("retryAttempts")};
}
StepKind read_amqp(ShapeReader& json) {
  return AmqpRequestStep{.url = json.property("url"),
                         .queue = json.property("queue"),
                         .exchange = json.property("exchange"),
                         .body = json.property("body")};
}
StepKind read_notification(ShapeReader& json) {
  return NotificationStep{.body = json.property("body")};
}

struct StepType {
  std::string_view name;
  StepKind (*read)(ShapeReader& properties);
};
constexpr std::array<StepType, 11> step_types{{
    {"script", read_script<ScriptStep>},
    {"filter", read_script<FilterStep>},
    {"elementRequest", read_element_request},
    {"elementRequestStream", read_stream},
    {"request", read_platform_request},
    {"httpRequest", read_http_request},
    {"loop", read_loop},
    {"formula", read_sub_formula},
    {"retryFormulaExecution", read_retry_execution},
    {"amqpRequest", read_amqp},
    {"notification", read_notification},
}};

StepKind read_kind(std::string_view type, ShapeReader& properties) {
  for (const auto& known : step_types) {
    if (known.name == type) return known.read(properties);
  }
  return UnknownStep{};
}

TriggerKind read_trigger_kind(std::string_view type, ShapeReader& properties) {
  if (type == "event") return EventTrigger{.instance = properties.property("elementInstanceId")};
  if (type == "elementRequest") {
    return ElementRequestTrigger{.instance = properties.property("elementInstanceId"),
                                 .method = properties.property("method"),
                                 .api = properties.property("api")};
  }
  if (type == "scheduled") return ScheduledTrigger{.cron = properties.property("cron")};
  if (type == "manual") return ManualTrigger{};
  return UnknownTrigger{};
}

}  // namespace

Step parse_step(ShapeReader json) {
  Step step{.name = json.text("name"), .type = json.text("type")};
  auto properties = json.object("properties");
  step.kind = read_kind(step.type, properties);
  step.on_success = json.names("onSuccess");
  step.on_failure = json.names("onFailure");
  return step;
}

Trigger parse_trigger(ShapeReader json) {
  Trigger trigger{.name = json.text("name"), .type = json.text("type")};
  if (trigger.name.empty()) trigger.name = "trigger";
  auto properties = json.object("properties");
  trigger.kind = read_trigger_kind(trigger.type, properties);
  trigger.on_success = json.names("onSuccess");
  trigger.on_failure = json.names("onFailure");
  trigger.async = json.flag("async", true);
  trigger.active = json.flag("active", true);
  return trigger;
}

}  // namespace formulary

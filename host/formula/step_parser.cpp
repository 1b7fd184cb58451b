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

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The member if it has a reference, to be read when the step runs; else absent.
Property read_reference(ShapeReader& json, std::string_view key) {
  Property property = json.property(key);
  return property.references().empty() ? Property() : property;
}

/// The member as text if it has no reference.
std::string read_literal(ShapeReader& json, std::string_view key) {
  return read_reference(json, key).absent() ? json.text(key) : std::string();
}

std::int64_t read_number(ShapeReader& json, std::string_view key, std::int64_t max) {
  const std::string text = read_literal(json, key);
  if (text.find_first_not_of(' ') == std::string::npos) return 0;
  const auto number = parse_number(text);
  if (number && *number >= 0 && *number <= max) return *number;
  json.report(key, std::string(key) + " must be a number from 0 to " + std::to_string(max));
  return 0;
}

StatusCodes read_codes(ShapeReader& json, std::string_view key) {
  auto codes = StatusCodes::parse(read_literal(json, key));
  if (codes) return *std::move(codes);
  json.report(key, std::string(key) + R"( must list status codes from 100 to 599, as in "200-205,208")");
  return {};
}

RequestPolicy read_policy(ShapeReader& json) {
  return {
      .acceptable = read_codes(json, "acceptableStatusCodes"),
      .retry = read_reference(json, "retry").absent() && json.flag("retry"),
      .retry_attempts = static_cast<int>(read_number(json, "retryAttempts", retry_attempts_max)),
      .retry_delay = std::chrono::milliseconds(read_number(json, "retryDelay", retry_delay_max.count())),
      .retry_codes = read_codes(json, "retryStatusCodes"),
  };
}

RequestPolicyProperties read_policy_references(ShapeReader& json) {
  return {
      .acceptable = read_reference(json, "acceptableStatusCodes"),
      .retry = read_reference(json, "retry"),
      .retry_attempts = read_reference(json, "retryAttempts"),
      .retry_delay = read_reference(json, "retryDelay"),
      .retry_codes = read_reference(json, "retryStatusCodes"),
  };
}

RequestProperties read_request(ShapeReader& json, std::string_view target) {
  return {
      .method = json.property("method"),
      .target = json.property(target),
      .headers = json.property("headers"),
      .query = json.property("query"),
      .path = json.property("path"),
      .body = json.property("body"),
      .form = json.property("form"),
      .policy = read_policy(json),
      .policy_properties = read_policy_references(json),
  };
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
      .policy_properties = read_policy_references(json),
  };
}

StepKind read_script(ShapeReader& json) {
  return ScriptStep{.body = json.text("body"), .engine = json.text("scriptEngine")};
}
StepKind read_filter(ShapeReader& json) {
  return FilterStep{.body = json.text("body"), .engine = json.text("scriptEngine")};
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
  step.download.policy = read_policy(json);
  step.upload.policy = step.download.policy;
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
    {"script", read_script},
    {"filter", read_filter},
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

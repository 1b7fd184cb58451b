#include "host/formula/trigger_input.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "host/base/error.hpp"

namespace formulary::plan {
namespace {

constexpr int status_min = 100;
constexpr int status_max = 599;

std::string text_of(const json::value& value) {
  const auto* text = value.if_string();
  return text != nullptr ? std::string(*text) : to_text(value);
}

const json::value* member(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

class InputMaker {
 public:
  InputMaker(json::value args, const Limits& limits) : args_(std::move(args)), limits_(limits) {}

  TriggerInput operator()(const EventTrigger& /*trigger*/) {
    return from_members("event", {"event", "eventId", "instanceId", "body"});
  }
  TriggerInput operator()(const ElementRequestTrigger& /*trigger*/) {
    TriggerInput input;
    add(input, "trigger.type", "request");
    for (const std::string_view half : {"request", "response"}) {
      const json::value* seen = member(args_, half);
      const auto* parts = seen == nullptr ? nullptr : seen->if_object();
      if (parts == nullptr) continue;
      for (const auto& part : *parts) {
        if (part.value().is_null()) continue;
        add(input, "trigger." + std::string(half) + '.' + std::string(part.key()), text_of(part.value()));
      }
    }
    input.context = context("request");
    return input;
  }
  TriggerInput operator()(const ScheduledTrigger& /*trigger*/) {
    TriggerInput input;
    add(input, "trigger.type", "scheduled");
    input.context = json::object{{"type", "scheduled"}};
    return input;
  }
  /// A manual trigger shows its args alone, and so does one of a kind that nobody knows.
  template <class Other>
  TriggerInput operator()(const Other& /*trigger*/) {
    TriggerInput input;
    add(input, "trigger.args", to_text(args_));
    json::object context;
    context["args"] = std::move(args_);
    input.context = std::move(context);
    return input;
  }

 private:
  void add(TriggerInput& input, std::string key, std::string text) const {
    if (text.size() <= limits_.value_bytes_max) input.values.emplace_back(std::move(key), std::move(text));
  }

  TriggerInput from_members(std::string_view type, std::initializer_list<std::string_view> keys) {
    TriggerInput input;
    add(input, "trigger.type", std::string(type));
    for (const std::string_view key : keys) {
      if (const json::value* value = member(args_, key)) add(input, "trigger." + std::string(key), text_of(*value));
    }
    input.context = context(type);
    return input;
  }

  json::value context(std::string_view type) {
    json::object object;
    if (args_.is_object()) object = std::move(args_.as_object());
    object["type"] = type;
    return object;
  }

  json::value args_;
  const Limits& limits_;
};

std::optional<int> status_code(const json::value& value) {
  std::int64_t code = 0;
  if (const auto* number = value.if_int64()) {
    code = *number;
  } else if (const auto* text = value.if_string()) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), code);
    if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  }
  if (code < status_min || code > status_max) return std::nullopt;
  return static_cast<int>(code);
}

}  // namespace

TriggerInput make_trigger_input(const Trigger& trigger, json::value args, const Limits& limits) {
  InputMaker maker(std::move(args), limits);
  return std::visit(maker, trigger.kind);
}

std::vector<json::value> split_event(const json::value& notification) {
  const json::value* wrapped = member(notification, "message");
  const json::value& message = wrapped == nullptr ? notification : *wrapped;
  const json::value* listed = member(message, "events");
  const auto* events = listed == nullptr ? nullptr : listed->if_array();
  if (events == nullptr || events->empty()) return {json::object{{"body", notification}}};
  if (events->size() > split_events_max) {
    throw Error(ErrorCode::limit_reached, "message.events: more than " + std::to_string(split_events_max) +
                                              " events in one notification; send them in several");
  }
  json::object common;
  if (const json::value* id = member(message, "eventId")) common["eventId"] = *id;
  const json::value* instance = member(message, "instanceId");
  if (instance == nullptr) instance = member(message, "instance_id");
  if (instance != nullptr) common["instanceId"] = *instance;
  std::vector<json::value> all;
  for (const auto& event : *events) {
    json::object args = common;
    args["event"] = event;
    json::value body = notification;
    json::value& inside = wrapped == nullptr ? body : body.as_object()["message"];
    inside.as_object()["events"] = json::array{event};
    args["body"] = std::move(body);
    all.emplace_back(std::move(args));
  }
  return all;
}

json::value element_request_args(const ElementRequestSeen& request) {
  return json::object{
      {"request",
       {{"body", request.body},
        {"headers", request.headers},
        {"method", request.method},
        {"path", request.path},
        {"query", request.query}}},
      {"response", {{"body", request.response_body}, {"code", request.status}, {"headers", request.response_headers}}}};
}

json::value resource_args(const ResourceCall& call) {
  json::object args;
  if (const auto* body = call.body.if_object()) {
    args = *body;
  } else if (!call.body.is_null()) {
    args["body"] = call.body;
  }
  if (!args.contains("request")) {
    args["request"] =
        json::object{{"method", call.method}, {"path", call.path}, {"query", call.query}, {"headers", call.headers}};
  }
  return args;
}

ResourceReply resource_reply(const json::value& output) {
  const auto* object = output.if_object();
  const json::value* result = object == nullptr ? nullptr : object->if_contains("result");
  if (result == nullptr) return {.body = output};
  const json::value* code = object->if_contains("statusCode");
  if (code == nullptr) return object->size() == 1 ? ResourceReply{.body = *result} : ResourceReply{.body = output};
  return {.status = status_code(*code).value_or(200), .body = *result};
}

}  // namespace formulary::plan

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "host/api/api_time.hpp"
#include "host/api/event_parts.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/element/instance_document.hpp"
#include "host/events/incoming.hpp"
#include "host/events/webhook_proof.hpp"

namespace formulary::api {
namespace {

constexpr std::size_t instances_max = 20;

std::optional<std::int64_t> number_of(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  text = text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = problem == std::errc() && end == text.data() + text.size() && number > 0;
  return whole ? std::optional(number) : std::nullopt;
}

[[noreturn]] void refuse_instances(const std::string& what) {
  throw Error(ErrorCode::bad_input, what +
                                        "; name the element instances in the header Element-Instances: 12,13, or post "
                                        "to /events/{elementKey}/{base64 of the id}");
}

std::vector<std::int64_t> numbers_of(std::string_view list, const std::string& where) {
  std::vector<std::int64_t> numbers;
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    const auto number = number_of(one);
    if (!number) refuse_instances(where + ": it has no id of an instance");
    if (numbers.size() == instances_max) refuse_instances(where + ": over 20 instances");
    if (std::find(numbers.begin(), numbers.end(), *number) == numbers.end()) numbers.push_back(*number);
  }
  return numbers;
}

/// The id in the path, with or without base64's padding.
std::int64_t instance_in_path(std::string text) {
  while (text.size() % 4 != 0) text += '=';
  const auto plain = from_base64(text);
  const auto number = plain ? number_of(*plain) : std::nullopt;
  if (!number) refuse_instances("path: its last segment is no id of an instance in base64");
  return *number;
}

std::vector<std::int64_t> instances_of(const ApiRequest& request, const std::string& body) {
  const auto id_header = request.header("id");
  if (const auto in_path = request.parameters.find("instance"); in_path != request.parameters.end()) {
    const std::int64_t id = instance_in_path(in_path->second);
    if (id_header && number_of(*id_header) != id) refuse_instances("header Id: it is not the instance of the path");
    return {id};
  }
  std::vector<std::int64_t> ids;
  if (const auto header = request.header("element-instances")) ids = numbers_of(*header, "header Element-Instances");
  if (ids.empty() && id_header) ids = numbers_of(*id_header, "header Id");
  if (!ids.empty()) return ids;
  try {
    const json::value document = parse_json(body, "body");
    const json::value* named = document.is_object() ? document.get_object().if_contains("instance_id") : nullptr;
    if (named != nullptr && named->is_int64() && named->get_int64() > 0) return {named->get_int64()};
  } catch (const Error&) {
    // No JSON names nobody.
  }
  refuse_instances("request: it names no element instance");
}

/// What a vendor calls the event.
std::string vendor_id_of(const ApiRequest& request, const events::Incoming& incoming) {
  constexpr std::size_t bytes_max = 200;
  for (const char* header : {"event-id", "webhook-id", "elements-webhook-id", "x-event-id"}) {
    const auto value = request.header(header);
    if (value && !value->empty() && value->size() <= bytes_max) return std::string(*value);
  }
  return incoming.vendor_id;
}

/// A value by which a vendor asks whether the address takes his events; nothing if this is no such question.
std::optional<std::string> challenge_of(const ApiRequest& request) {
  constexpr std::size_t bytes_max = 512;
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._~=+/:-").find(c) != std::string_view::npos;
  };
  for (const char* name : {"hub.challenge", "challenge", "validationToken"}) {
    const auto value = request.query_value(name);
    if (!value || value->empty()) continue;
    // What could be markup is not given back.
    if (value->size() > bytes_max || !std::all_of(value->begin(), value->end(), is_plain)) {
      throw Error(ErrorCode::bad_input, "query " + std::string(name) +
                                            ": it is over 512 bytes, or has others than letters, digits and ._~=+/:-");
    }
    return std::string(*value);
  }
  return std::nullopt;
}

std::string body_of(ApiRequest& request) {
  constexpr std::size_t bytes_max = 8U << 20U;
  request.body_max = std::min(request.body_max, bytes_max);
  if (request.method == "POST") return request.body_text();
  json::object query;
  for (const auto& [name, value] : request.query) query[name] = value;
  return to_text(query);
}

class Inlet {
 public:
  explicit Inlet(EventParts parts) : parts_(std::move(parts)) {}

  ApiAnswer take(ApiRequest& request) const {
    if (request.method != "POST") {
      if (auto challenge = challenge_of(request)) {
        ApiAnswer answer;
        answer.content_type = "text/plain; charset=utf-8";
        answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
        answer.body = std::move(*challenge);
        return answer;
      }
    }
    const auto authorization = request.header("authorization");
    const bool by_user = authorization && !authorization->empty() && !events::is_basic(*authorization);
    if (by_user) request.principal = parts_.authorizer->authorize(request);
    const std::string body = body_of(request);
    std::vector<InstanceRecord> instances;
    for (const std::int64_t id : instances_of(request, body)) {
      instances.push_back(by_user ? of_user(request, id) : of_anybody(request, id, body));
    }
    if (!by_user) request.principal.account = instances.front().account;  // for the request log
    return save(request, body, instances);
  }

 private:
  /// "closeio" of /events/closeio and /events/closeioPolling.
  [[nodiscard]] bool is_element(const InstanceRecord& instance, std::string_view named) const {
    constexpr std::string_view polling = "Polling";
    if (named == instance.element_key || named == std::to_string(element_number(instance.element_key))) return true;
    return named.ends_with(polling) && named.substr(0, named.size() - polling.size()) == instance.element_key;
  }

  [[nodiscard]] InstanceRecord of_user(const ApiRequest& request, std::int64_t id) const {
    std::optional<InstanceRecord> instance = parts_.instances->shown_instance(id);
    if (!instance || instance->account != request.principal.account ||
        !is_element(*instance, request.parameter("elementKey"))) {
      throw Error(ErrorCode::not_found, "element instance " + std::to_string(id) +
                                            ": the account has none of that id and element; GET /instances shows "
                                            "those that it has");
    }
    if (request.principal.instance && *request.principal.instance != id) {
      throw Error(ErrorCode::permission_denied,
                  "element instance " + std::to_string(id) + ": the element token is another instance's");
    }
    refuse_if_closed(*instance);
    return std::move(*instance);
  }

  /// One sentence for whatever is wrong, so that nobody learns which instances there are.
  [[nodiscard]] InstanceRecord of_anybody(const ApiRequest& request, std::int64_t id, const std::string& body) const {
    const std::string guess_key = "event:" + std::to_string(id) + ":" + request.peer;
    parts_.guard->check(guess_key);
    std::optional<InstanceRecord> instance = parts_.instances->instance(id);
    if (instance && is_element(*instance, request.parameter("elementKey")) && may_post(request, *instance, body)) {
      parts_.guard->succeeded(guess_key);
      wipe(instance->secrets);
      wipe(instance->token);
      refuse_if_closed(*instance);
      return std::move(*instance);
    }
    if (instance) {
      wipe(instance->secrets);
      wipe(instance->token);
    }
    parts_.guard->failed(guess_key);
    throw Error(ErrorCode::unauthenticated,
                "element instance " + std::to_string(id) +
                    ": there is none of this element that takes this; sign the body with its "
                    "event.notification.signature.key, send its basic user name and password, or send User <secret>, "
                    "Organization <secret>");
  }

  [[nodiscard]] bool may_post(const ApiRequest& request, const InstanceRecord& instance,
                              const std::string& body) const {
    const events::WebhookClaim claim{.signature = request.header("elements-webhook-signature").value_or(""),
                                     .authorization = request.header("authorization").value_or(""),
                                     .body = body};
    switch (events::check_webhook(claim, events::event_secrets(instance))) {
      case events::WebhookProof::good:
        return true;
      case events::WebhookProof::none_needed: {
        const events::EventSettings settings = settings_of(instance);
        return settings.enabled && settings.takes_webhooks;
      }
      case events::WebhookProof::wrong:
        break;
    }
    return false;
  }

  [[nodiscard]] events::EventSettings settings_of(const InstanceRecord& instance) const {
    return events::event_settings(instance, parts_.manifest(instance.element_key));
  }

  void refuse_if_closed(const InstanceRecord& instance) const {
    const std::string who = "element instance " + std::to_string(instance.id) + ": ";
    if (instance.disabled) {
      throw Error(ErrorCode::permission_denied,
                  who + "it is disabled; enable it with PUT /instances/" + std::to_string(instance.id) + "/enabled");
    }
    if (!parts_.is_active(instance.account)) {
      throw Error(ErrorCode::permission_denied, who + "its account is not active");
    }
    if (!settings_of(instance).enabled) {
      throw Error(ErrorCode::conflict, who +
                                           "its events are turned off; set event.notification.enabled to true in its "
                                           "configuration");
    }
    if (parts_.events->count_open(instance.account) >= parts_.open_max) {
      throw Error(ErrorCode::rate_limited,
                  who + "too many events of its account wait to be passed on; send this one again later");
    }
  }

  [[nodiscard]] ApiAnswer save(const ApiRequest& request, const std::string& body,
                               const std::vector<InstanceRecord>& instances) const {
    const std::int64_t now = milliseconds_of(parts_.clock->wall());
    const std::string& key = instances.front().element_key;
    const Manifest* manifest = parts_.manifest(key);
    const events::Incoming incoming =
        events::read_incoming(body, {.element_key = key, .hub_key = manifest == nullptr ? "" : manifest->hub}, now);
    const auto parts =
        events::parts_of(incoming.events, incoming.is_poll ? events::poll_events_max : events::webhook_events_max);
    if (parts.size() * instances.size() * incoming.payload.size() > events::posted_bytes_max) {
      throw Error(ErrorCode::limit_reached, "events: for so many instances they would keep over 64 MiB; send fewer");
    }
    const std::string vendor_id = vendor_id_of(request, incoming);
    std::vector<NewEvent> all;
    for (const InstanceRecord& instance : instances) {
      for (std::size_t at = 0; at < parts.size(); ++at) {
        all.push_back({.account = instance.account,
                       .instance = instance.id,
                       .element_key = instance.element_key,
                       .at_ms = now,
                       .vendor_id = vendor_id.empty() ? "" : vendor_id + '#' + std::to_string(at + 1),
                       .count = static_cast<std::int64_t>(parts[at].size()),
                       .events = to_text(parts[at]),
                       .payload = incoming.payload});
      }
    }
    const EventStore::Added added = parts_.events->add(all);
    if (added.fresh > 0 && parts_.saved) parts_.saved();
    json::array answer;
    for (std::size_t at = 0; at < all.size(); ++at) {
      answer.push_back(json::object{{"eventId", added.ids[at]}, {"instanceId", all[at].instance}});
    }
    return answer_json(answer);
  }

  EventParts parts_;
};

}  // namespace

void add_event_inlet_routes(Router& router, const EventParts& parts) {
  const auto inlet = std::make_shared<const Inlet>(parts);
  for (const char* method : {"POST", "GET"}) {
    for (const char* rest : {"", "/{instance}"}) {
      router.add({.method = method,
                  .pattern = std::string("/events/{elementKey}") + rest,
                  .access = RouteAccess::open,
                  .summary = "Where a vendor posts what happened; see who may in the host's documentation",
                  .query = {"hub.challenge", "challenge", "validationToken"},
                  .answer = "Text",
                  .failures = {409, 413, 429},
                  .handler = [inlet](ApiRequest& request) { return inlet->take(request); }});
    }
  }
}

}  // namespace formulary::api

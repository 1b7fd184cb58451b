#include "host/events/incoming.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "host/base/clock.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/events/poll_decision.hpp"

namespace formulary::events {
namespace {

constexpr std::size_t id_bytes_max = 1'024;
/// What was taken in may be larger when it is written anew: it is not refused then.
constexpr JsonLimits stored_limits{.bytes_max = 128U << 20U, .depth_max = 256};

std::string date_text(Moment moment) {
  return iso8601(Clock::WallTime(std::chrono::milliseconds(moment)));
}

/// The first of the members that is a text, number or flag.
std::string first_of(const json::object& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    std::string text = scalar_text(object.if_contains(name));
    if (text.empty()) continue;
    if (text.size() > id_bytes_max) text.resize(id_bytes_max);
    while (!is_utf8(text)) text.pop_back();  // not to end within a letter
    return text;
  }
  return {};
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

std::string type_of(const std::string& given) {
  static constexpr std::array<std::string_view, 3> known = {"CREATED", "UPDATED", "DELETED"};
  std::string type = upper(given);
  return std::find(known.begin(), known.end(), type) != known.end() ? type : "UNKNOWN";
}

/// ISO 8601 stays as it was written.
std::string date_of(const std::string& given, Moment now) {
  static const std::array<JavaDateFormat, 2> formats = {JavaDateFormat("yyyy-MM-dd'T'HH:mm:ssX", "date"),
                                                        JavaDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSSX", "date")};
  const bool is_date = std::any_of(formats.begin(), formats.end(),
                                   [&](const auto& format) { return format.parse(given, TimeZone()).has_value(); });
  return is_date ? given : date_text(now);
}

void put_source(json::object& event, const EventSource& source) {
  event["elementKey"] = source.element_key;
  event["hubKey"] = source.hub_key;
}

/// An entry of a list of events.
json::value described_event(const json::value& given, const std::string& object_type, const EventSource& source,
                            Moment now) {
  if (!given.is_object()) throw Error(ErrorCode::bad_input, "events: one of them is no JSON object; send objects");
  json::object event = given.get_object();
  const std::string date = first_of(event, {"date", "event_date", "eventDate"});
  const std::string type = first_of(event, {"eventType", "event_type"});
  const std::string object = first_of(event, {"objectType", "event_object_type"});
  const std::string id = first_of(event, {"objectId", "event_object_id", "id"});
  event["date"] = date_of(date, now);
  event["eventType"] = type_of(type);
  event["objectType"] = object.empty() ? object_type : object;
  event["objectId"] = id;
  put_source(event, source);
  return event;
}

/// Of something that nobody described: what it is, is in the payload.
json::value plain_event(const json::value& given, const EventSource& source, Moment now) {
  json::object names;
  if (const auto* object = given.if_object()) names = *object;
  json::object event{
      {"date", date_of(first_of(names, {"date", "event_date", "eventDate", "timestamp", "createdAt"}), now)},
      {"eventType", type_of(first_of(names, {"eventType", "event_type"}))},
      {"objectType", first_of(names, {"objectType", "event_object_type", "object_type"})},
      {"objectId", first_of(names, {"objectId", "event_object_id", "object_id", "id"})}};
  put_source(event, source);
  return event;
}

const json::array* events_in(const json::object& object) {
  const json::value* value = object.if_contains("events");
  const json::array* events = value == nullptr ? nullptr : value->if_array();
  return events == nullptr || events->empty() ? nullptr : events;
}

std::optional<json::value> parsed(std::string_view body) {
  try {
    return parse_json(body, "body");
  } catch (const Error& error) {
    if (error.code() == ErrorCode::limit_reached) throw;
    return std::nullopt;  // a form, a text: passed on as it is
  }
}

void refuse_too_many(std::size_t events, std::size_t payload_bytes, std::size_t size) {
  if (events > posted_events_max) {
    throw Error(ErrorCode::limit_reached,
                "events: more than " + std::to_string(posted_events_max) + " in one request; send them in several");
  }
  const std::size_t notifications = (events + size - 1) / size;
  if (notifications * payload_bytes > posted_bytes_max) {
    throw Error(ErrorCode::limit_reached,
                "events: each notification of up to " + std::to_string(size) +
                    " events keeps the whole payload, and these would keep over 64 MiB; send fewer in one request");
  }
}

void read_list(Incoming& incoming, const json::array& list, const std::string& object_type, const EventSource& source,
               Moment now) {
  refuse_too_many(list.size(), 0, poll_events_max);
  for (const json::value& one : list) incoming.events.push_back(described_event(one, object_type, source, now));
}

void read_object(Incoming& incoming, const json::object& object, const EventSource& source, Moment now) {
  incoming.vendor_id = scalar_text(object.if_contains("eventId"));
  if (incoming.vendor_id.empty()) incoming.vendor_id = scalar_text(object.if_contains("event_id"));
  const json::array* events = events_in(object);
  if (events == nullptr) {
    incoming.events.push_back(plain_event(object, source, now));
    return;
  }
  const std::string object_type = scalar_text(object.if_contains("objectType"));
  incoming.is_poll = !object_type.empty() && object.contains(object_type);
  read_list(incoming, *events, object_type, source, now);
}

void read_value(Incoming& incoming, const json::value& value, const EventSource& source, Moment now) {
  if (const auto* list = value.if_array()) {
    refuse_too_many(list->size(), 0, webhook_events_max);
    for (const json::value& one : *list) incoming.events.push_back(plain_event(one, source, now));
    return;
  }
  const auto* object = value.if_object();
  if (object == nullptr) {
    incoming.events.push_back(plain_event(value, source, now));
    return;
  }
  const json::value* wrapped = object->if_contains("message");
  const json::object* message = wrapped == nullptr ? nullptr : wrapped->if_object();
  if (message == nullptr || events_in(*message) == nullptr) return read_object(incoming, *object, source, now);
  // The notification of another host: its payload is what that one was sent.
  read_object(incoming, *message, source, now);
  const json::value* raw = message->if_contains("raw");
  if (raw != nullptr && raw->is_object()) incoming.payload = to_text(*raw);
}

}  // namespace

Incoming read_incoming(std::string_view body, const EventSource& source, Moment now) {
  if (!is_utf8(body)) throw Error(ErrorCode::bad_input, "body: it is not UTF-8; send JSON or text");
  Incoming incoming;
  if (const std::optional<json::value> value = parsed(body)) {
    incoming.payload = to_text(*value);
    read_value(incoming, *value, source, now);
  } else {
    incoming.payload = to_text(json::value(body));
    incoming.events.push_back(plain_event({}, source, now));
  }
  if (incoming.vendor_id.size() > id_bytes_max) incoming.vendor_id.clear();
  refuse_too_many(incoming.events.size(), incoming.payload.size(),
                  incoming.is_poll ? poll_events_max : webhook_events_max);
  return incoming;
}

json::object polled_event(std::string_view object_type, std::string_view object_id, std::string_view type, Moment at,
                          const EventSource& source, Moment now) {
  json::object event{{"date", date_text(at)},
                     {"pollDate", date_text(now)},
                     {"eventType", type},
                     {"objectType", object_type},
                     {"objectId", object_id}};
  put_source(event, source);
  return event;
}

std::vector<json::array> parts_of(const json::array& events, std::size_t size) {
  std::vector<json::array> parts;
  for (const json::value& event : events) {
    if (parts.empty() || parts.back().size() == size) parts.emplace_back();
    parts.back().push_back(event);
  }
  return parts;
}

json::object notification_of(const NotificationFrame& frame, std::string_view events, std::string_view payload) {
  json::object message{{"elementKey", frame.element_key},
                       {"accountId", frame.account},
                       {"companyId", frame.company},
                       {"eventId", frame.event_id},
                       {"instanceId", frame.instance},
                       {"instance_id", frame.instance},
                       {"instanceName", frame.instance_name},
                       {"instanceTags", frame.tags},
                       {"raw", parse_json(payload, "the stored payload", stored_limits)},
                       {"events", parse_json(events, "the stored events", stored_limits)}};
  return {{"severity", "medium"}, {"topic", "events"}, {"message", std::move(message)}};
}

}  // namespace formulary::events

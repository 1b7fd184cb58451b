/// \file
/// What vendors post, as events in the platform's shape. Pure. Source: CONTRACT 4, "Incoming webhooks".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"
#include "host/events/java_date_format.hpp"

namespace formulary::events {

inline constexpr std::size_t poll_events_max = 10;     ///< Event objects in one notification of a poll.
inline constexpr std::size_t webhook_events_max = 20;  ///< The same of a webhook.
inline constexpr std::size_t posted_events_max = 1'000;
inline constexpr std::size_t posted_bytes_max = 64U << 20U;  ///< Of the payload, over all notifications that it makes.

/// Whose events they are.
struct EventSource {
  std::string element_key;
  std::string hub_key;
};

struct Incoming {
  json::array events;     ///< {"date","eventType","objectType","objectId","elementKey","hubKey","pollDate"?, ...}
  std::string payload;    ///< JSON, the `raw` of the notification.
  std::string vendor_id;  ///< How the vendor calls the event; empty: it does not say.
  bool is_poll = false;   ///< A simulated poll: it says which rows it brings.
};

/// A body is
///
///   {"instance_id":7,"objectType":"accounts","events":[{"objectId":"a","eventType":"CREATED"}],"accounts":[{...}]}
///   {"events":[{"event_object_id":"a","event_type":"UPDATED","event_object_type":"accounts","event_date":"..."}]}
///   {"message":{"events":[...],"raw":{...}}}: another host's notification
///   [{...},{...}], each an object to which something happened, of which nobody knows what: UNKNOWN
///   {...} or any text: one such event
///
/// Members of an event that are not the platform's stay. Dates that cannot be read are `now`. Throws
/// Error(limit_reached) for more events than may be posted, or for so large a payload with so many events that it
/// would be kept too often; Error(bad_input) for events that are no objects, or a body that is not UTF-8.
[[nodiscard]] Incoming read_incoming(std::string_view body, const EventSource& source, Moment now);

/// The event object that a poll makes of a row.
[[nodiscard]] json::object polled_event(std::string_view object_type, std::string_view object_id, std::string_view type,
                                        Moment at, const EventSource& source, Moment now);

/// The list in parts of at most `size`.
[[nodiscard]] std::vector<json::array> parts_of(const json::array& events, std::size_t size);

/// Everything that a notification says besides its events.
struct NotificationFrame {
  std::int64_t event_id = 0;
  std::int64_t account = 0;
  std::int64_t company = 0;
  std::int64_t instance = 0;
  std::string element_key;
  std::string instance_name;
  json::array tags;
};

/// {"severity":"medium","topic":"events","message":{"elementKey","accountId","companyId","eventId","instanceId",
/// "instance_id","instanceName","instanceTags","raw":{...},"events":[...]}}
[[nodiscard]] json::object notification_of(const NotificationFrame& frame, std::string_view events,
                                           std::string_view payload);

}  // namespace formulary::events

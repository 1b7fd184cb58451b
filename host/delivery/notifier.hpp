/// \file
/// What others of the host know of deliveries: that something is to be told.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"

namespace formulary::delivery {

/// What somebody is told. It is sent as {"id","severity","topic","message","from","createdDate"}.
struct Notification {
  std::string severity = "medium";  ///< "low", "medium" or "high".
  std::string topic;
  json::value message;  ///< A text, or an object such as an element's events.
  std::string from;     ///< Who says so; may be empty.
};

/// A URL that is told besides the account's subscriptions. Two with the same owner and URL are one: what the newer one
/// says of keys and passwords counts from then on, for what waits, too.
struct Destination {
  std::string owner;          ///< Whose it is: "instance:764", "formula-instance:12".
  std::string url;            ///< http or https.
  std::string signature_key;  ///< Empty: not signed. "whsec_…" is base64 of the key, as Standard Webhooks has it.
  std::string user_name;      ///< Of basic authentication; with an empty password: none.
  std::string password;
};

/// Any thread may use it.
class Notifier {
 public:
  Notifier() = default;
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  virtual ~Notifier() = default;

  /// Keeps the notification and what has to be delivered of it, and returns its id; durable on return, delivered later.
  /// Who gets it: `destinations`, and the account's subscriptions to its topic. A destination that may not be called
  /// makes that delivery fail, which its record says, and no other. Error(bad_input) for an empty topic, an unknown
  /// severity or more than 100 destinations; Error(limit_reached) for a message over 1 MiB; Error(store_failed).
  virtual std::int64_t notify(std::int64_t account, const Notification& what,
                              const std::vector<Destination>& destinations) = 0;
};

/// "https://a.example/x, https://b.example/y" in its parts, without blanks and empty ones: what the settings
/// event.notification.callback.url and notification.webhook.url hold.
[[nodiscard]] std::vector<std::string> url_list(std::string_view text);

}  // namespace formulary::delivery

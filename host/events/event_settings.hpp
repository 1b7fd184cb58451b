/// \file
/// What an instance's configuration says of events. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"
#include "host/plugin/manifest.hpp"
#include "host/store/store.hpp"

namespace formulary::events {

/// Nothing in it is secret.
struct EventSettings {
  bool enabled = false;          ///< event.notification.enabled
  bool polls = false;            ///< event.vendor.type is polling; also if it is not said and a poller is configured.
  bool takes_webhooks = false;   ///< event.vendor.type is webhook or webhooks.
  std::string refresh_interval;  ///< event.poller.refresh_interval, minutes.
  std::string poller_configuration;        ///< event.poller.configuration
  std::vector<std::string> callback_urls;  ///< event.notification.callback.url, a comma list.
  std::string instance_name;
  json::array tags;
};

/// `manifest` may be null: then entries have no defaults. Only the platform's entries and the element's own of those
/// names are looked at.
[[nodiscard]] EventSettings event_settings(const InstanceRecord& instance, const Manifest* manifest);

/// Cheap; false: event_settings() would say that they are not enabled.
[[nodiscard]] bool may_have_events(const InstanceRecord& instance, const Manifest* manifest);

/// What those who send events without a token of ours prove themselves with. Wipes itself.
struct EventSecrets {
  std::string signature_key;  ///< event.notification.signature.key
  std::string username;       ///< event.notification.basic.username
  std::string password;       ///< event.notification.basic.password

  EventSecrets() = default;
  EventSecrets(EventSecrets&&) = default;
  EventSecrets& operator=(EventSecrets&&) = delete;
  ~EventSecrets();
};

/// Of a whole record, with its secrets.
[[nodiscard]] EventSecrets event_secrets(const InstanceRecord& instance);

}  // namespace formulary::events

#include "host/events/event_settings.hpp"

#include <algorithm>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/element/secret_json.hpp"

namespace formulary::events {
namespace {

constexpr std::string_view enabled_key = "event.notification.enabled";

const json::object* object_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

std::string text_in(const json::object* object, std::string_view name) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  const auto* text = value->if_string();
  return text != nullptr ? std::string(*text) : to_text(*value);
}

/// The entries of a document in their three places, which answer in this order.
class Entries {
 public:
  Entries(const json::object& document, const Manifest* manifest)
      : platform_(object_in(document, "platformConfiguration")),
        element_(object_in(document, "configuration")),
        manifest_(manifest) {}

  [[nodiscard]] std::string text(std::string_view key) const {
    for (const json::object* place : {platform_, element_}) {
      std::string found = text_in(place, key);
      if (!found.empty()) return found;
    }
    if (manifest_ == nullptr) return {};
    const auto& entries = manifest_->configuration;
    const auto entry = std::find_if(entries.begin(), entries.end(), [key](const auto& one) { return one.key == key; });
    return entry == entries.end() ? std::string() : entry->default_value;
  }

 private:
  const json::object* platform_;
  const json::object* element_;
  const Manifest* manifest_;
};

std::vector<std::string> listed(std::string_view text) {
  constexpr std::size_t urls_max = 20;
  std::vector<std::string> urls;
  while (!text.empty() && urls.size() < urls_max) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    const std::size_t begin = one.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) continue;
    one = one.substr(begin, one.find_last_not_of(" \t\r\n") + 1 - begin);
    urls.emplace_back(one);
  }
  return urls;
}

}  // namespace

EventSettings event_settings(const InstanceRecord& instance, const Manifest* manifest) {
  EventSettings settings;
  settings.instance_name = instance.name;
  const json::value document = parse_json(instance.document, "instance " + std::to_string(instance.id));
  const json::object& object = document.as_object();
  if (const json::value* tags = object.if_contains("tags"); tags != nullptr && tags->is_array()) {
    settings.tags = tags->get_array();
  }
  const Entries entries(object, manifest);
  settings.enabled = entries.text(enabled_key) == "true";
  settings.refresh_interval = entries.text("event.poller.refresh_interval");
  settings.poller_configuration = entries.text("event.poller.configuration");
  const std::string type = entries.text("event.vendor.type");
  settings.polls = type == "polling" || (type.empty() && !settings.poller_configuration.empty());
  settings.takes_webhooks = type.find("webhook") != std::string::npos;
  settings.callback_urls = listed(entries.text("event.notification.callback.url"));
  return settings;
}

bool may_have_events(const InstanceRecord& instance, const Manifest* manifest) {
  if (instance.document.find(enabled_key) != std::string::npos) return true;
  return manifest != nullptr && std::any_of(manifest->configuration.begin(), manifest->configuration.end(),
                                            [](const auto& entry) { return entry.key == enabled_key; });
}

EventSecrets::~EventSecrets() {
  for (std::string* secret : {&signature_key, &username, &password}) wipe(*secret);
}

EventSecrets event_secrets(const InstanceRecord& instance) {
  const std::string where = "instance " + std::to_string(instance.id);
  json::value secrets = parse_json(instance.secrets.empty() ? "{}" : instance.secrets, where);
  const WipeJsonAtExit guard(secrets);
  const json::value document = parse_json(instance.document, where);
  EventSecrets found;
  const auto place = [](const json::value& value, std::string_view part) {
    const auto* object = value.if_object();
    return object == nullptr ? nullptr : object_in(*object, part);
  };
  for (const std::string_view part : {"platformConfiguration", "configuration"}) {
    const json::object* hidden = place(secrets, part);
    if (found.signature_key.empty()) found.signature_key = text_in(hidden, "event.notification.signature.key");
    if (found.password.empty()) found.password = text_in(hidden, "event.notification.basic.password");
    if (found.username.empty()) {
      found.username = text_in(place(document, part), "event.notification.basic.username");
    }
  }
  return found;
}

}  // namespace formulary::events

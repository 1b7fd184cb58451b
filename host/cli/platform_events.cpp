#include "host/cli/platform_events.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/events/event_settings.hpp"

namespace formulary::cli {

PlatformEvents::PlatformEvents(PlatformEventsPorts ports)
    : ports_(std::move(ports)),
      events_(*ports_.session->storage()),
      polls_(*ports_.session->storage()),
      dispatcher_(dispatcher_ports()),
      poller_(poller_ports(), poller_settings()) {}

void PlatformEvents::start() {
  dispatcher_.start();
  poller_.start();
}

void PlatformEvents::stop() {
  poller_.stop();
  dispatcher_.stop();
}

api::EventParts PlatformEvents::parts(api::Authorizer& authorizer, api::GuessGuard& guard) {
  return {.instances = &ports_.session->store(),
          .events = &events_,
          .polls = &polls_,
          .history = &ports_.session->history(),
          .clock = &ports_.session->clock(),
          .authorizer = &authorizer,
          .guard = &guard,
          .manifest = [this](const std::string& key) { return manifest(key); },
          .is_active = [this](std::int64_t account) { return ports_.organization(account) != 0; },
          .saved = [this] { dispatcher_.wake(); }};
}

events::DispatcherPorts PlatformEvents::dispatcher_ports() {
  events::DispatcherPorts made{
      .events = &events_,
      .instances = &ports_.session->store(),
      .clock = &ports_.session->clock(),
      .company = ports_.organization,
      .start = [this](const InstanceRecord& instance, const json::value& notification,
                      bool first_time) { return start_formulas(instance, notification, first_time); },
      .deliver = {},
      .warn = ports_.warn};
  if (ports_.notifier != nullptr) {
    made.deliver = [this](const InstanceRecord& instance, const json::object& notification) {
      deliver(instance, notification);
    };
  }
  return made;
}

events::PollerPorts PlatformEvents::poller_ports() {
  return {.instances = &ports_.session->store(),
          .polls = &polls_,
          .clock = &ports_.session->clock(),
          .manifest = [this](const std::string& key) { return manifest(key); },
          .call =
              [this](const InstanceRecord& instance, const ResourceRequest& request, const std::stop_token& stop) {
                CallContext context = ports_.session->call_context();
                context.stop = stop;
                return ports_.session->instances().call(instance.id, request, context);
              },
          .is_active = [this](std::int64_t account) { return ports_.organization(account) != 0; },
          .saved = [this] { dispatcher_.wake(); },
          .warn = ports_.warn};
}

events::PollerSettings PlatformEvents::poller_settings() const {
  events::PollerSettings settings;
  settings.interval_min = std::chrono::seconds(ports_.session->settings().integer("events.poll_seconds_min"));
  settings.look_interval = std::min(settings.look_interval, settings.interval_min);
  return settings;
}

const Manifest* PlatformEvents::manifest(const std::string& element_key) const {
  try {
    return &ports_.session->instances().manifest(element_key);
  } catch (const Error&) {
    return nullptr;
  }
}

events::StartedFormulas PlatformEvents::start_formulas(const InstanceRecord& instance, const json::value& notification,
                                                       bool first_time) {
  api::FormulaStarter::StartedBefore before;
  if (!first_time) {
    before = [this, event = to_text(notification.at("message").at("eventId"))](std::int64_t formula_instance) {
      return static_cast<std::size_t>(
          ports_.session->history().count({.formula_instance = formula_instance, .event_id = event}));
    };
  }
  return ports_.starter->on_event(instance.account, {std::to_string(instance.id), instance.name}, notification, before);
}

void PlatformEvents::deliver(const InstanceRecord& instance, const json::object& notification) {
  std::optional<InstanceRecord> whole = ports_.session->store().instance(instance.id);
  if (!whole) return;
  const WipeAtExit secrets_guard(whole->secrets);
  const WipeAtExit token_guard(whole->token);
  const events::EventSecrets secrets = events::event_secrets(*whole);
  std::vector<delivery::Destination> destinations;
  for (const std::string& url : events::event_settings(*whole, nullptr).callback_urls) {
    destinations.push_back({.owner = "instance:" + std::to_string(instance.id),
                            .url = url,
                            .signature_key = secrets.signature_key,
                            .user_name = secrets.username,
                            .password = secrets.password});
  }
  (void)ports_.notifier->notify(instance.account,
                                {.severity = std::string(notification.at("severity").as_string()),
                                 .topic = std::string(notification.at("topic").as_string()),
                                 .message = notification.at("message"),
                                 .from = {}},
                                destinations);
}

}  // namespace formulary::cli

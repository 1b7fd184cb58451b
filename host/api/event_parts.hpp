/// \file
/// What the routes about events work with, and the routes. `serve` wires it; everything is borrowed and outlives the
/// router.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "host/api/authorizer.hpp"
#include "host/api/guess_guard.hpp"
#include "host/api/router.hpp"
#include "host/base/clock.hpp"
#include "host/engine/history.hpp"
#include "host/plugin/manifest.hpp"
#include "host/store/event_store.hpp"
#include "host/store/poll_store.hpp"
#include "host/store/store.hpp"

namespace formulary::api {

struct EventParts {
  Store* instances = nullptr;
  EventStore* events = nullptr;
  PollStore* polls = nullptr;
  const History* history = nullptr;
  const Clock* clock = nullptr;
  Authorizer* authorizer = nullptr;
  GuessGuard* guard = nullptr;
  /// Of an element; nullptr: no plugin brings it now.
  std::function<const Manifest*(const std::string& element_key)> manifest;
  /// Whether the account may be told of events.
  std::function<bool(std::int64_t account)> is_active;
  /// Events were saved. May be empty.
  std::function<void()> saved;
  std::int64_t open_max = 10'000;  ///< Notifications of an account that wait; more are refused with 429.
};

/// POST and GET /events/{elementKey} and /events/{elementKey}/{instance}: where vendors post. What came is on the disk
/// when it is answered, with [{"eventId","instanceId"}]. Source: CONTRACT 4, "Incoming webhooks".
///
/// Which instances: the path's last segment (base64 of an id), the header `Element-Instances` (ids with commas) or
/// `Id`, else the body's `instance_id`. Who may: the user of their account; else whoever signs the body with the
/// instance's `event.notification.signature.key` (header elements-webhook-signature) or knows its basic user name and
/// password; if the instance has none of these and its `event.vendor.type` is a webhook, anybody. It answers a GET with
/// `hub.challenge`, `challenge` or `validationToken` with that value, by which vendors prove an address.
void add_event_inlet_routes(Router& router, const EventParts& parts);

/// What came in and what became of it: /instances/events..., /instances/{id}/events...
void add_events_routes(Router& router, const EventParts& parts);

}  // namespace formulary::api

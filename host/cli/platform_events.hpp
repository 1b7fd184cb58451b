/// \file
/// What `formulary serve` does about events: those that come in, those that it asks for, and who is told.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "host/api/event_parts.hpp"
#include "host/api/formula_starter.hpp"
#include "host/cli/session.hpp"
#include "host/delivery/notifier.hpp"
#include "host/events/dispatcher.hpp"
#include "host/events/poller.hpp"
#include "host/store/event_store.hpp"
#include "host/store/poll_store.hpp"

namespace formulary::cli {

/// Everything is borrowed and must outlive what is made of it.
struct PlatformEventsPorts {
  Session* session = nullptr;
  api::FormulaStarter* starter = nullptr;
  /// Of an account; 0: it is not active.
  std::function<std::int64_t(std::int64_t account)> organization;
  delivery::Notifier* notifier = nullptr;  ///< Null: nobody is called.
  std::function<void(const std::string& sentence)> warn;
};

/// Made and ended by one thread.
class PlatformEvents {
 public:
  /// Throws Error(store_failed).
  explicit PlatformEvents(PlatformEventsPorts ports);
  PlatformEvents(const PlatformEvents&) = delete;
  PlatformEvents& operator=(const PlatformEvents&) = delete;

  void start();
  /// Calls that are out are asked to stop; what is saved goes on with the next start. May be called twice.
  void stop();

  [[nodiscard]] api::EventParts parts(api::Authorizer& authorizer, api::GuessGuard& guard);

 private:
  [[nodiscard]] events::DispatcherPorts dispatcher_ports();
  [[nodiscard]] events::PollerPorts poller_ports();
  [[nodiscard]] events::PollerSettings poller_settings() const;
  [[nodiscard]] const Manifest* manifest(const std::string& element_key) const;
  [[nodiscard]] events::StartedFormulas start_formulas(const InstanceRecord& instance, const json::value& notification,
                                                       bool first_time);
  void deliver(const InstanceRecord& instance, const json::object& notification);

  PlatformEventsPorts ports_;
  EventStore events_;
  PollStore polls_;
  events::Dispatcher dispatcher_;
  events::Poller poller_;
};

}  // namespace formulary::cli

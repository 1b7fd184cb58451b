/// \file
/// Passes on what came in: starts formulas, hands over notifications, until everybody was told.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/json.hpp"
#include "host/store/event_store.hpp"
#include "host/store/store.hpp"

namespace formulary::events {

/// What starting the formulas of one notification came to.
struct StartedFormulas {
  std::vector<std::int64_t> executions;
  std::vector<std::string> failures;  ///< Sentences, of formula instances that cannot be started.
  bool again = false;                 ///< Some may be startable later: the engine is full, or the disk fails.
};

/// Everything is borrowed and must outlive the dispatcher.
struct DispatcherPorts {
  EventStore* events = nullptr;
  Store* instances = nullptr;
  const Clock* clock = nullptr;
  /// The organization of an account, for companyId; nothing: the account takes no events now.
  std::function<std::int64_t(std::int64_t account)> company;
  /// Starts the account's formula instances that wait for events of that element instance. `first_time` is false if
  /// some may have been started before: those are not to be started again. May throw Error.
  std::function<StartedFormulas(const InstanceRecord& instance, const json::value& notification, bool first_time)>
      start;
  /// Hands a notification to whoever sends it to the instance's callback addresses; returns once it is safe. Called
  /// only if there are such addresses, and again after a crash. May be empty; may throw Error.
  std::function<void(const InstanceRecord& instance, const json::object& notification)> deliver;
  /// Hears what somebody should know. May be empty.
  std::function<void(const std::string& sentence)> warn;
  std::chrono::hours kept{24 * 7};  ///< How long an event is kept once everybody was told.
};

/// One thread of its own once started. At least once: a crash in the middle begins a notification anew.
class Dispatcher {
 public:
  explicit Dispatcher(DispatcherPorts ports);
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;
  /// stop()
  ~Dispatcher();

  void start();
  /// Waits for the notification that it is at.
  void stop();
  /// Something was added.
  void wake();

  /// Passes on what is due, in the calling thread; returns how many. Throws Error(store_failed).
  std::size_t run_due(const std::stop_token& stop = {});
  /// Forgets what is old or too much. Throws Error(store_failed).
  void forget_old();

 private:
  void run(const std::stop_token& stop);
  void pass_on(const EventRecord& record);

  DispatcherPorts ports_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;
  std::jthread thread_;
};

}  // namespace formulary::events

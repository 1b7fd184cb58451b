/// \file
/// Asks vendors that do not tell by themselves what has changed, as the configuration of each instance says.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"
#include "host/events/poller_configuration.hpp"
#include "host/plugin/element_plugin.hpp"
#include "host/plugin/manifest.hpp"
#include "host/store/poll_store.hpp"
#include "host/store/store.hpp"

namespace formulary::events {

/// Everything is borrowed and must outlive the poller; any thread may call it.
struct PollerPorts {
  Store* instances = nullptr;
  PollStore* polls = nullptr;
  const Clock* clock = nullptr;
  /// Of an element; nullptr: no plugin brings it now.
  std::function<const Manifest*(const std::string& element_key)> manifest;
  /// Instances::call with a context of its own.
  std::function<ResourceAnswer(const InstanceRecord& instance, const ResourceRequest& request,
                               const std::stop_token& stop)>
      call;
  /// Whether events of that account are wanted.
  std::function<bool(std::int64_t account)> is_active;
  /// Events were saved. May be empty.
  std::function<void()> saved;
  /// Hears of polls that begin to fail, go on failing, or go well again. May be empty.
  std::function<void(const std::string& sentence)> warn;
};

struct PollerSettings {
  std::chrono::milliseconds interval_min{60'000};       ///< Shorter ones count as this.
  std::chrono::milliseconds interval_default{900'000};  ///< Of an instance that does not say.
  std::chrono::milliseconds look_interval{5'000};       ///< How soon a change of an instance is seen.
  std::size_t workers = 4;                              ///< Polls at the same time.
  int pages_max = 50;                                   ///< Of one turn; the rest is for the next.
};

/// What is polled next.
struct PollWork {
  InstanceRecord instance;
  PolledResource resource;
  PollState state;
  std::chrono::milliseconds interval{0};
  std::string hub_key;
};

/// At least once: after a crash a poll begins where the last page that was saved ended, and what was told by then is
/// not told again.
class Poller {
 public:
  Poller(PollerPorts ports, const PollerSettings& settings);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  /// stop()
  ~Poller();

  void start();
  /// Asks calls that are out to stop, and waits for them.
  void stop();

  /// Looks at all instances: begins with those whose events were turned on, forgets those whose events were turned off;
  /// then polls what is due, in the calling thread. Returns how many resources were asked. Throws Error(store_failed).
  std::size_t run_due(const std::stop_token& stop = {});

 private:
  void run(const std::stop_token& stop);
  void look();
  void look_at(const InstanceRecord& instance, std::vector<PollState>& known);
  PollState begin(const InstanceRecord& instance, std::string resource, const std::string& problem);
  [[nodiscard]] std::optional<PollWork> next_work();

  PollerPorts ports_;
  const PollerSettings settings_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<PollWork> plan_;  ///< As the last look found it; its states may be old, which a claim tells.
  Clock::MonotonicTime next_look_{};
  std::vector<std::jthread> threads_;
};

}  // namespace formulary::events

/// \file
/// Delivers what notify() kept, again and again until the receiver has it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "host/base/clock.hpp"
#include "host/delivery/lanes.hpp"
#include "host/delivery/network_policy.hpp"
#include "host/delivery/notifier.hpp"
#include "host/http/transport.hpp"
#include "host/store/notification_store.hpp"

namespace formulary::delivery {

struct DeliveryLimits {
  LaneLimits lanes;
  std::chrono::milliseconds time_limit{10'000};  ///< Of one attempt.
  std::chrono::milliseconds retry_base{4'000};   ///< Retry x comes after 4^(x-1) of it: 4 s, 16 s, 64 s, … 73 h.
  std::int64_t retries_max = 9;
  std::size_t answer_max = 64U << 10U;  ///< Bytes that a receiver may answer.
};

/// How an attempt left a delivery.
struct DeliveryEnded {
  std::int64_t account = 0;
  std::int64_t notification = 0;
  std::string owner;  ///< Of the destination; empty: of a person's subscription.
  DeliveryStatus status = DeliveryStatus::created;
  std::string error;  ///< Empty: it was delivered.
};

struct DeliveryPorts {
  NotificationStore* store = nullptr;
  const Clock* clock = nullptr;
  /// Must itself call no address that `policy` refuses: it alone knows what a name was resolved to.
  Transport* transport = nullptr;
  NetworkPolicy policy;
  /// Whether the account has failures queued instead of repeated. Called by any thread.
  std::function<bool(std::int64_t account)> queues_failures;
  /// Called by a worker after each attempt; may be empty. Must be quick and must not throw.
  std::function<void(const DeliveryEnded&)> ended;
  std::function<void(const std::string& sentence)> warn;
};

struct DeliveryCounters {
  std::uint64_t delivered = 0;
  std::uint64_t retried = 0;  ///< Attempts that failed and come again.
  std::uint64_t queued = 0;   ///< Held, since they failed.
  std::uint64_t failed = 0;   ///< Given up, such as for a URL that may not be called.
  std::size_t in_flight = 0;
};

/// Any thread may use it. At least once: a receiver whose answer is lost gets the same webhook-id again.
class Deliveries final : public Notifier {
 public:
  /// What is borrowed outlives it. Delivers nothing before start().
  Deliveries(DeliveryPorts ports, const DeliveryLimits& limits);
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;
  ~Deliveries() override;

  std::int64_t notify(std::int64_t account, const Notification& what,
                      const std::vector<Destination>& destinations) override;
  /// Lets queued deliveries begin anew.
  void release(std::int64_t account, const std::vector<std::int64_t>& deliveries);
  /// Error(bad_input) or Error(permission_denied) for a URL that would be refused later.
  void check_url(std::string_view url) const { ports_.policy.check_url(url); }

  /// Takes up what an earlier host left.
  void start();
  /// Breaks off what is under way, which comes again after the next start, and waits for it. start() is no longer
  /// possible.
  void stop();
  /// Looks at the clock anew: tests moved it.
  void look();

  [[nodiscard]] DeliveryCounters counters() const;

 private:
  void work(const std::stop_token& stop);
  void serve(const Lanes::Turn& turn, const std::stop_token& stop);
  /// Whether the receiver is well; nothing if it was not asked.
  std::optional<bool> attempt(std::int64_t subscription, const std::stop_token& stop, std::int64_t& next_ms);
  [[nodiscard]] std::string send(const ClaimedDelivery& claimed, const std::stop_token& stop, bool& given_up);
  void settle(ClaimedDelivery& claimed, bool given_up, bool stopping);
  void count(DeliveryStatus status);
  void wake(const std::vector<DueDeliveries>& due);
  void rescan();
  [[nodiscard]] std::int64_t now_ms() const;

  const DeliveryPorts ports_;
  const DeliveryLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t changes_ = 0;
  Lanes lanes_;
  Clock::MonotonicTime scanned_;
  DeliveryCounters counters_;
  std::vector<std::jthread> workers_;  ///< Use all above: declared last.
};

}  // namespace formulary::delivery

/// \file
/// Notifications, who wants to hear of them, and how far telling them has come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

struct NotificationTables;
class Storage;

/// Times of these records are milliseconds since 1970 UTC; ids are the store's to give.
struct NotificationRecord {
  std::int64_t id = 0;
  std::int64_t account = 0;
  std::string uid;  ///< Unique beyond this data folder.
  std::string severity;
  std::string topic;
  std::string message;  ///< JSON.
  std::string sender;
  std::int64_t created_ms = 0;
  bool acknowledged = false;
};

struct SubscriptionRecord {
  std::int64_t id = 0;
  std::int64_t account = 0;
  std::string owner;  ///< Empty: a person made it. Else it is the destination of that: "instance:764".
  std::string channel;
  std::vector<std::string> topics;
  std::string url;
  std::string config = "{}";  ///< JSON, without secrets.
  std::string secrets;        ///< In clear; sealed at rest.
  bool active = true;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
};

enum class DeliveryStatus {
  created,    ///< To be sent for the first time.
  retry,      ///< To be sent again.
  queued,     ///< Held until somebody releases it.
  delivered,  ///< The receiver has it.
  failed,     ///< Given up.
};

/// "created", "retry", ...
[[nodiscard]] std::string_view name(DeliveryStatus status) noexcept;

struct DeliveryRecord {
  std::int64_t id = 0;
  std::int64_t account = 0;
  std::int64_t notification = 0;
  std::int64_t subscription = 0;
  DeliveryStatus status = DeliveryStatus::created;
  std::int64_t attempts = 0;
  std::int64_t due_ms = 0;
  std::string error;  ///< Why the last attempt failed; empty: it did not.
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
};

/// A delivery that nobody else sends until `due_ms` of its record has passed.
struct ClaimedDelivery {
  DeliveryRecord delivery;
  NotificationRecord notification;
  SubscriptionRecord subscription;
};

/// What waits for one receiver.
struct DueDeliveries {
  std::int64_t subscription = 0;
  std::string url;
  std::int64_t due_ms = 0;  ///< Of the first one.
};

/// Any thread may use it. What changes something is durable on return. Every function throws Error(store_failed), and
/// where it takes an account never reads or writes what is another one's.
class NotificationStore {
 public:
  static constexpr std::size_t account_subscriptions_max = 1'000;
  static constexpr std::size_t subscription_open_max = 10'000;  ///< Deliveries that wait for one receiver.

  explicit NotificationStore(std::shared_ptr<const Storage> storage);
  NotificationStore(const NotificationStore&) = delete;
  NotificationStore& operator=(const NotificationStore&) = delete;
  ~NotificationStore();

  /// Keeps the notification and one delivery for each of `destinations`, which become subscriptions if they are none
  /// yet, and for each active or held subscription of the account to its topic. Those that may begin are added to
  /// `due`. Returns the notification's id.
  std::int64_t post(const NotificationRecord& notification, const std::vector<SubscriptionRecord>& destinations,
                    std::vector<DueDeliveries>& due);
  [[nodiscard]] std::optional<NotificationRecord> notification(std::int64_t account, std::int64_t id) const;
  /// Of those topics, the newest first. `below_id` 0: from the newest.
  [[nodiscard]] std::vector<NotificationRecord> notifications(std::int64_t account,
                                                              const std::vector<std::string>& topics,
                                                              std::int64_t below_id, std::size_t limit) const;
  bool acknowledge(std::int64_t account, std::int64_t id);          ///< False if there is none.
  bool remove_notification(std::int64_t account, std::int64_t id);  ///< With its deliveries. False if there is none.

  /// Returns the id. Error(limit_reached) beyond account_subscriptions_max.
  std::int64_t add_subscription(const SubscriptionRecord& record);
  [[nodiscard]] std::optional<SubscriptionRecord> subscription(std::int64_t account, std::int64_t id) const;
  [[nodiscard]] std::vector<SubscriptionRecord> subscriptions(std::int64_t account) const;  ///< By id.
  /// Writes all but id, account, owner and created. False if there is none.
  bool replace_subscription(const SubscriptionRecord& record);
  bool remove_subscription(std::int64_t account, std::int64_t id);  ///< With its deliveries. False if there is none.

  struct DeliveryQuery {
    std::int64_t account = 0;
    std::optional<std::int64_t> notification;
    std::optional<std::int64_t> subscription;
    bool only_queued = false;
    std::int64_t above_id = 0;
    std::size_t limit = 1'000;
  };
  [[nodiscard]] std::vector<DeliveryRecord> deliveries(const DeliveryQuery& query) const;  ///< By id.
  /// Lets those of them that are queued begin anew, and makes their subscriptions active. Returns what became due.
  [[nodiscard]] std::vector<DueDeliveries> release(std::int64_t account, const std::vector<std::int64_t>& deliveries,
                                                   std::int64_t now_ms);

  /// The first due delivery of that receiver, which is the caller's until `until_ms`; nothing if none is due at
  /// `now_ms`, then `next_ms` is when the next one will be (0: none waits). `next_ms` is set in either case.
  [[nodiscard]] std::optional<ClaimedDelivery> claim(std::int64_t subscription, std::int64_t now_ms,
                                                     std::int64_t until_ms, std::int64_t& next_ms);
  /// Writes status, due, error and updated of a claimed delivery, unless somebody else claimed it meanwhile. What is to
  /// be sent again to a receiver who was held meanwhile is queued.
  void settle(const DeliveryRecord& delivery);
  /// The receiver gets nothing more, and what waits for it is held.
  void hold(std::int64_t subscription, std::int64_t now_ms);
  /// Every receiver for whom something waits.
  [[nodiscard]] std::vector<DueDeliveries> due() const;

  /// Forgets notifications from before that time, and the oldest beyond `most`. Returns how many.
  std::int64_t forget(std::int64_t before_ms, std::int64_t most);

 private:
  std::unique_ptr<NotificationTables> tables_;
};

}  // namespace formulary

/// \file
/// What the two files of NotificationStore share.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "host/store/notification_store.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"

namespace formulary {

struct NotificationTables {
  explicit NotificationTables(std::shared_ptr<const Storage> given)
      : storage(std::move(given)), database(storage->connect()) {}

  static constexpr std::string_view secrets_purpose = "subscription.secrets";

  [[nodiscard]] std::optional<NotificationRecord> notification(std::int64_t id);
  [[nodiscard]] std::optional<SubscriptionRecord> subscription(std::int64_t id);
  [[nodiscard]] SubscriptionRecord subscription_of(const Statement& row) const;
  std::int64_t insert(const SubscriptionRecord& record);
  void update(const SubscriptionRecord& record);
  void hold_count(std::int64_t account);
  /// The subscription that this destination is, with the secrets of now.
  [[nodiscard]] std::int64_t find_or_insert(const SubscriptionRecord& destination);
  /// One delivery, its status as the subscription allows. True if it is due.
  bool add_delivery(const NotificationRecord& notification, std::int64_t subscription, bool active);

  const std::shared_ptr<const Storage> storage;
  std::mutex mutex;
  Database database;
};

inline constexpr std::string_view notification_columns =
    "SELECT id, account, uid, severity, topic, message, sender, created, acknowledged FROM notification";
inline constexpr std::string_view subscription_columns =
    "SELECT id, account, owner, channel, topics, url, config, secrets, active, created, updated FROM subscription";
inline constexpr std::string_view delivery_columns =
    "SELECT id, account, notification, subscription, status, attempts, due, error, created, updated FROM delivery";

[[nodiscard]] NotificationRecord notification_of(const Statement& row);
[[nodiscard]] DeliveryRecord delivery_of(const Statement& row);

}  // namespace formulary

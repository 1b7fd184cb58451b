// What NotificationStore does with deliveries.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "host/base/json.hpp"
#include "host/store/notification_store.hpp"
#include "host/store/notification_tables.hpp"

namespace formulary {
namespace {

constexpr std::array<std::string_view, 5> status_names = {"created", "retry", "queued", "delivered", "failed"};

std::int64_t number_of(DeliveryStatus status) {
  return static_cast<std::int64_t>(status);
}

/// "[3,4]", for json_each().
std::string ids_text(const std::vector<std::int64_t>& ids) {
  return to_text(json::value(json::array(ids.begin(), ids.end())));
}

}  // namespace

std::string_view name(DeliveryStatus status) noexcept {
  return status_names[static_cast<std::size_t>(status)];
}

DeliveryRecord delivery_of(const Statement& row) {
  return {.id = row.number(0),
          .account = row.number(1),
          .notification = row.number(2),
          .subscription = row.number(3),
          .status = static_cast<DeliveryStatus>(row.number(4)),
          .attempts = row.number(5),
          .due_ms = row.number(6),
          .error = row.text(7),
          .created_ms = row.number(8),
          .updated_ms = row.number(9)};
}

bool NotificationTables::add_delivery(const NotificationRecord& notification, std::int64_t subscription, bool active) {
  Statement open = database.prepare("SELECT 1 FROM delivery WHERE subscription = ?1 AND status <= 1 LIMIT 1 OFFSET " +
                                    std::to_string(NotificationStore::subscription_open_max - 1));
  const bool full = open.bind(1, subscription).step();
  open.reset();
  DeliveryStatus status = active ? DeliveryStatus::created : DeliveryStatus::queued;
  if (full) status = DeliveryStatus::failed;
  Statement insert = database.prepare(
      "INSERT INTO delivery (account, notification, subscription, status, due, error, created, updated) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5, ?5)");
  insert.bind(1, notification.account).bind(2, notification.id).bind(3, subscription).bind(4, number_of(status));
  insert.bind(5, notification.created_ms);
  insert.bind(6, full ? "delivery: " + std::to_string(NotificationStore::subscription_open_max) +
                            " others wait for this receiver already"
                      : std::string());
  insert.run();
  return status == DeliveryStatus::created;
}

std::int64_t NotificationStore::post(const NotificationRecord& given,
                                     const std::vector<SubscriptionRecord>& destinations,
                                     std::vector<DueDeliveries>& due) {
  const std::lock_guard lock(tables_->mutex);
  Transaction transaction(tables_->database);
  NotificationRecord record = given;
  Statement insert = tables_->database.prepare(
      "INSERT INTO notification (account, uid, severity, topic, message, sender, created) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  insert.bind(1, record.account).bind(2, record.uid).bind(3, record.severity).bind(4, record.topic);
  insert.bind(5, record.message).bind(6, record.sender).bind(7, record.created_ms).run();
  record.id = tables_->database.last_insert_id();

  std::vector<std::int64_t> receivers;
  receivers.reserve(destinations.size());
  for (const SubscriptionRecord& one : destinations) receivers.push_back(tables_->find_or_insert(one));
  Statement wanting = tables_->database.prepare(
      "SELECT id, url, active FROM subscription WHERE account = ?1 AND (id IN (SELECT value FROM json_each(?2)) OR "
      "EXISTS (SELECT 1 FROM json_each(topics) WHERE value = ?3)) ORDER BY id");
  wanting.bind(1, record.account).bind(2, ids_text(receivers)).bind(3, record.topic);
  std::vector<DueDeliveries> begun;
  while (wanting.step()) {
    if (!tables_->add_delivery(record, wanting.number(0), wanting.number(2) != 0)) continue;
    begun.push_back({.subscription = wanting.number(0), .url = wanting.text(1), .due_ms = record.created_ms});
  }
  transaction.commit();
  due.insert(due.end(), begun.begin(), begun.end());
  return record.id;
}

std::vector<DeliveryRecord> NotificationStore::deliveries(const DeliveryQuery& query) const {
  const std::lock_guard lock(tables_->mutex);
  std::string sql = std::string(delivery_columns) + " WHERE account = ?1 AND id > ?2";
  if (query.notification) sql += " AND notification = ?3";
  if (query.subscription) sql += " AND subscription = ?4";
  if (query.only_queued) sql += " AND status = 2";
  sql += " ORDER BY id LIMIT " + std::to_string(query.limit);
  Statement statement = tables_->database.prepare(sql);
  statement.bind(1, query.account).bind(2, query.above_id);
  if (query.notification) statement.bind(3, *query.notification);
  if (query.subscription) statement.bind(4, *query.subscription);
  std::vector<DeliveryRecord> records;
  while (statement.step()) records.push_back(delivery_of(statement));
  return records;
}

std::vector<DueDeliveries> NotificationStore::release(std::int64_t account, const std::vector<std::int64_t>& deliveries,
                                                      std::int64_t now_ms) {
  const std::lock_guard lock(tables_->mutex);
  Transaction transaction(tables_->database);
  Statement update = tables_->database.prepare(
      "UPDATE delivery SET status = 0, attempts = 0, due = ?3, updated = ?3 WHERE account = ?1 AND status = 2 AND "
      "id IN (SELECT value FROM json_each(?2)) RETURNING subscription");
  update.bind(1, account).bind(2, ids_text(deliveries)).bind(3, now_ms);
  std::set<std::int64_t> receivers;
  while (update.step()) receivers.insert(update.number(0));
  update.reset();
  std::vector<DueDeliveries> due;
  Statement wake = tables_->database.prepare("UPDATE subscription SET active = 1 WHERE id = ?1 RETURNING url");
  for (const std::int64_t receiver : receivers) {
    if (wake.bind(1, receiver).step()) due.push_back({.subscription = receiver, .url = wake.text(0), .due_ms = now_ms});
    wake.reset();
  }
  transaction.commit();
  return due;
}

std::optional<ClaimedDelivery> NotificationStore::claim(std::int64_t subscription, std::int64_t now_ms,
                                                        std::int64_t until_ms, std::int64_t& next_ms) {
  const std::lock_guard lock(tables_->mutex);
  Transaction transaction(tables_->database);
  Statement find = tables_->database.prepare(std::string(delivery_columns) +
                                             " WHERE subscription = ?1 AND status <= 1 ORDER BY due, id LIMIT 2");
  next_ms = 0;
  if (!find.bind(1, subscription).step()) return std::nullopt;
  ClaimedDelivery claimed{.delivery = delivery_of(find), .notification = {}, .subscription = {}};
  if (claimed.delivery.due_ms > now_ms) {
    next_ms = claimed.delivery.due_ms;
    return std::nullopt;
  }
  next_ms = find.step() ? std::min(find.number(6), until_ms) : until_ms;
  find.reset();
  claimed.delivery.due_ms = until_ms;
  ++claimed.delivery.attempts;
  Statement update = tables_->database.prepare("UPDATE delivery SET due = ?2, attempts = ?3 WHERE id = ?1");
  update.bind(1, claimed.delivery.id).bind(2, until_ms).bind(3, claimed.delivery.attempts).run();
  std::optional<NotificationRecord> notification = tables_->notification(claimed.delivery.notification);
  std::optional<SubscriptionRecord> receiver = tables_->subscription(subscription);
  if (!notification || !receiver) return std::nullopt;
  claimed.notification = std::move(*notification);
  claimed.subscription = std::move(*receiver);
  transaction.commit();
  return claimed;
}

void NotificationStore::settle(const DeliveryRecord& delivery) {
  const std::lock_guard lock(tables_->mutex);
  Statement update = tables_->database.prepare(
      "UPDATE delivery SET due = ?3, error = ?4, updated = ?5, status = CASE WHEN ?2 = 1 AND NOT (SELECT active FROM "
      "subscription WHERE id = delivery.subscription) THEN 2 ELSE ?2 END WHERE id = ?1 AND attempts = ?6");
  update.bind(1, delivery.id).bind(2, number_of(delivery.status)).bind(3, delivery.due_ms).bind(4, delivery.error);
  update.bind(5, delivery.updated_ms).bind(6, delivery.attempts).run();
}

void NotificationStore::hold(std::int64_t subscription, std::int64_t now_ms) {
  const std::lock_guard lock(tables_->mutex);
  Transaction transaction(tables_->database);
  tables_->database.prepare("UPDATE subscription SET active = 0, updated = ?2 WHERE id = ?1")
      .bind(1, subscription)
      .bind(2, now_ms)
      .run();
  tables_->database.prepare("UPDATE delivery SET status = 2, updated = ?2 WHERE subscription = ?1 AND status <= 1")
      .bind(1, subscription)
      .bind(2, now_ms)
      .run();
  transaction.commit();
}

std::vector<DueDeliveries> NotificationStore::due() const {
  const std::lock_guard lock(tables_->mutex);
  Statement statement = tables_->database.prepare(
      "SELECT subscription.id, subscription.url, min(delivery.due) FROM delivery JOIN subscription "
      "ON subscription.id = delivery.subscription WHERE delivery.status <= 1 GROUP BY subscription.id");
  std::vector<DueDeliveries> all;
  while (statement.step()) {
    all.push_back({.subscription = statement.number(0), .url = statement.text(1), .due_ms = statement.number(2)});
  }
  return all;
}

}  // namespace formulary

#include "host/store/notification_store.hpp"

#include <utility>

#include "host/base/error.hpp"
#include "host/base/json.hpp"
#include "host/base/text.hpp"
#include "host/store/notification_tables.hpp"

namespace formulary {
namespace {

std::string topics_text(const std::vector<std::string>& topics) {
  return to_text(json::value(json::array(topics.begin(), topics.end())));
}

std::vector<std::string> topics_of(const std::string& text) {
  std::vector<std::string> topics;
  const json::value parsed = parse_json(text, "subscription.topics");
  for (const json::value& one : parsed.as_array()) topics.emplace_back(one.as_string());
  return topics;
}

}  // namespace

NotificationRecord notification_of(const Statement& row) {
  return {.id = row.number(0),
          .account = row.number(1),
          .uid = row.text(2),
          .severity = row.text(3),
          .topic = row.text(4),
          .message = row.text(5),
          .sender = row.text(6),
          .created_ms = row.number(7),
          .acknowledged = row.number(8) != 0};
}

std::optional<NotificationRecord> NotificationTables::notification(std::int64_t id) {
  Statement statement = database.prepare(std::string(notification_columns) + " WHERE id = ?1");
  if (!statement.bind(1, id).step()) return std::nullopt;
  return notification_of(statement);
}

SubscriptionRecord NotificationTables::subscription_of(const Statement& row) const {
  return {.id = row.number(0),
          .account = row.number(1),
          .owner = row.text(2),
          .channel = row.text(3),
          .topics = topics_of(row.text(4)),
          .url = row.text(5),
          .config = row.text(6),
          .secrets = storage->vault().open(row.view(7), {.purpose = secrets_purpose, .id = row.number(0)}),
          .active = row.number(8) != 0,
          .created_ms = row.number(9),
          .updated_ms = row.number(10)};
}

std::optional<SubscriptionRecord> NotificationTables::subscription(std::int64_t id) {
  Statement statement = database.prepare(std::string(subscription_columns) + " WHERE id = ?1");
  if (!statement.bind(1, id).step()) return std::nullopt;
  return subscription_of(statement);
}

void NotificationTables::hold_count(std::int64_t account) {
  Statement statement = database.prepare("SELECT count(*) FROM subscription WHERE account = ?1");
  if (!statement.bind(1, account).step()) return;
  if (statement.number(0) < static_cast<std::int64_t>(NotificationStore::account_subscriptions_max)) return;
  throw Error(ErrorCode::limit_reached, "account " + std::to_string(account) + ": it has " +
                                            std::to_string(NotificationStore::account_subscriptions_max) +
                                            " subscriptions and callback URLs, which is as many as it may; delete one "
                                            "first");
}

std::int64_t NotificationTables::insert(const SubscriptionRecord& record) {
  hold_count(record.account);
  Statement insert = database.prepare(
      "INSERT INTO subscription (account, owner, channel, topics, url, config, secrets, active, created, updated) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, x'', ?7, ?8, ?9)");
  insert.bind(1, record.account).bind(2, record.owner).bind(3, record.channel).bind(4, topics_text(record.topics));
  insert.bind(5, record.url).bind(6, record.config).bind(7, std::int64_t{record.active});
  insert.bind(8, record.created_ms).bind(9, record.updated_ms).run();
  const std::int64_t id = database.last_insert_id();
  Statement seal = database.prepare("UPDATE subscription SET secrets = ?2 WHERE id = ?1");
  seal.bind(1, id).bind_bytes(2, storage->vault().seal(record.secrets, {.purpose = secrets_purpose, .id = id})).run();
  return id;
}

void NotificationTables::update(const SubscriptionRecord& record) {
  Statement update = database.prepare(
      "UPDATE subscription SET channel = ?2, topics = ?3, url = ?4, config = ?5, secrets = ?6, active = ?7, "
      "updated = ?8 WHERE id = ?1");
  update.bind(1, record.id).bind(2, record.channel).bind(3, topics_text(record.topics)).bind(4, record.url);
  update.bind(5, record.config);
  update.bind_bytes(6, storage->vault().seal(record.secrets, {.purpose = secrets_purpose, .id = record.id}));
  update.bind(7, std::int64_t{record.active}).bind(8, record.updated_ms).run();
}

std::int64_t NotificationTables::find_or_insert(const SubscriptionRecord& destination) {
  Statement find = database.prepare(std::string(subscription_columns) +
                                    " WHERE account = ?1 AND owner = ?2 AND owner <> '' AND url = ?3");
  if (!find.bind(1, destination.account).bind(2, destination.owner).bind(3, destination.url).step()) {
    return insert(destination);
  }
  SubscriptionRecord known = subscription_of(find);
  const WipeAtExit guard(known.secrets);
  find.reset();
  if (known.secrets == destination.secrets) return known.id;
  wipe(known.secrets);
  known.secrets = destination.secrets;
  known.updated_ms = destination.updated_ms;
  update(known);
  return known.id;
}

NotificationStore::NotificationStore(std::shared_ptr<const Storage> storage)
    : tables_(std::make_unique<NotificationTables>(std::move(storage))) {}
NotificationStore::~NotificationStore() = default;

std::optional<NotificationRecord> NotificationStore::notification(std::int64_t account, std::int64_t id) const {
  const std::lock_guard lock(tables_->mutex);
  std::optional<NotificationRecord> found = tables_->notification(id);
  if (found && found->account != account) return std::nullopt;
  return found;
}

std::vector<NotificationRecord> NotificationStore::notifications(std::int64_t account,
                                                                 const std::vector<std::string>& topics,
                                                                 std::int64_t below_id, std::size_t limit) const {
  const std::lock_guard lock(tables_->mutex);
  Statement statement = tables_->database.prepare(
      std::string(notification_columns) +
      " WHERE account = ?1 AND topic IN (SELECT value FROM json_each(?2)) AND (?3 = 0 OR id < ?3) "
      "ORDER BY id DESC LIMIT ?4");
  statement.bind(1, account).bind(2, topics_text(topics)).bind(3, below_id).bind(4, static_cast<std::int64_t>(limit));
  std::vector<NotificationRecord> records;
  while (statement.step()) records.push_back(notification_of(statement));
  return records;
}

bool NotificationStore::acknowledge(std::int64_t account, std::int64_t id) {
  const std::lock_guard lock(tables_->mutex);
  Statement statement =
      tables_->database.prepare("UPDATE notification SET acknowledged = 1 WHERE account = ?1 AND id = ?2");
  statement.bind(1, account).bind(2, id).run();
  return tables_->database.changed_rows() > 0;
}

bool NotificationStore::remove_notification(std::int64_t account, std::int64_t id) {
  const std::lock_guard lock(tables_->mutex);
  Statement statement = tables_->database.prepare("DELETE FROM notification WHERE account = ?1 AND id = ?2");
  statement.bind(1, account).bind(2, id).run();
  return tables_->database.changed_rows() > 0;
}

std::int64_t NotificationStore::add_subscription(const SubscriptionRecord& record) {
  const std::lock_guard lock(tables_->mutex);
  Transaction transaction(tables_->database);
  const std::int64_t id = tables_->insert(record);
  transaction.commit();
  return id;
}

std::optional<SubscriptionRecord> NotificationStore::subscription(std::int64_t account, std::int64_t id) const {
  const std::lock_guard lock(tables_->mutex);
  std::optional<SubscriptionRecord> found = tables_->subscription(id);
  if (found && found->account != account) return std::nullopt;
  return found;
}

std::vector<SubscriptionRecord> NotificationStore::subscriptions(std::int64_t account) const {
  const std::lock_guard lock(tables_->mutex);
  Statement statement =
      tables_->database.prepare(std::string(subscription_columns) + " WHERE account = ?1 ORDER BY id");
  statement.bind(1, account);
  std::vector<SubscriptionRecord> records;
  while (statement.step()) records.push_back(tables_->subscription_of(statement));
  return records;
}

bool NotificationStore::replace_subscription(const SubscriptionRecord& record) {
  const std::lock_guard lock(tables_->mutex);
  Transaction transaction(tables_->database);
  const std::optional<SubscriptionRecord> known = tables_->subscription(record.id);
  if (!known || known->account != record.account) return false;
  tables_->update(record);
  transaction.commit();
  return true;
}

bool NotificationStore::remove_subscription(std::int64_t account, std::int64_t id) {
  const std::lock_guard lock(tables_->mutex);
  Statement statement = tables_->database.prepare("DELETE FROM subscription WHERE account = ?1 AND id = ?2");
  statement.bind(1, account).bind(2, id).run();
  return tables_->database.changed_rows() > 0;
}

std::int64_t NotificationStore::forget(std::int64_t before_ms, std::int64_t most) {
  const std::lock_guard lock(tables_->mutex);
  Statement statement = tables_->database.prepare(
      "DELETE FROM notification WHERE created < ?1 OR id <= "
      "coalesce((SELECT id FROM notification ORDER BY id DESC LIMIT 1 OFFSET ?2), 0)");
  statement.bind(1, before_ms).bind(2, most).run();
  return tables_->database.changed_rows();
}

}  // namespace formulary

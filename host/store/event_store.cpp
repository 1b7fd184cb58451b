#include "host/store/event_store.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "host/base/error.hpp"
#include "host/store/event_rows.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

constexpr std::int64_t piece_rows = 500;
constexpr std::string_view events_purpose = "event.events";
constexpr std::string_view payload_purpose = "event.payload";
constexpr std::string_view columns =
    "SELECT id, account, instance, element_key, at, status, due, attempts, vendor_id, count, events, payload, "
    "dispositions FROM event";

EventRecord record_of(const Statement& row, const Vault& vault) {
  EventRecord record;
  record.id = row.number(0);
  record.account = row.number(1);
  record.instance = row.number(2);
  record.element_key = row.text(3);
  record.at_ms = row.number(4);
  record.status = static_cast<EventStatus>(row.number(5));
  record.due_ms = row.number(6);
  record.attempts = row.number(7);
  record.vendor_id = row.text(8);
  record.count = row.number(9);
  record.events = vault.open(row.view(10), {.purpose = events_purpose, .id = record.instance});
  record.payload = vault.open(row.view(11), {.purpose = payload_purpose, .id = record.instance});
  record.dispositions = row.text(12);
  return record;
}

}  // namespace

std::string_view name(EventStatus status) noexcept {
  constexpr std::array<std::string_view, 5> names = {"NEW", "RECEIVED", "DISPATCHED", "CONSUMED", "NOTIFIED"};
  return names[std::min(static_cast<std::size_t>(status), names.size() - 1)];
}

InsertedEvent insert_event(Database& database, const Vault& vault, const NewEvent& event) {
  const std::string events = vault.seal(event.events, {.purpose = events_purpose, .id = event.instance});
  const std::string payload = vault.seal(event.payload, {.purpose = payload_purpose, .id = event.instance});
  Statement insert = database.prepare(
      "INSERT INTO event (account, instance, element_key, at, status, due, attempts, vendor_id, count, bytes, events, "
      "payload, dispositions) VALUES (?1, ?2, ?3, ?4, 0, ?4, 0, ?5, ?6, ?7, ?8, ?9, '[]') "
      "ON CONFLICT (instance, vendor_id) WHERE vendor_id <> '' DO NOTHING");
  insert.bind(1, event.account).bind(2, event.instance).bind(3, event.element_key).bind(4, event.at_ms);
  insert.bind(5, event.vendor_id).bind(6, event.count);
  insert.bind(7, static_cast<std::int64_t>(events.size() + payload.size()));
  insert.bind_bytes(8, events).bind_bytes(9, payload).run();
  if (database.changed_rows() > 0) return {.id = database.last_insert_id(), .fresh = true};
  Statement known = database.prepare("SELECT id FROM event WHERE instance = ?1 AND vendor_id = ?2");
  known.bind(1, event.instance).bind(2, event.vendor_id);
  return {.id = known.step() ? known.number(0) : 0};
}

struct EventStore::Parts {
  explicit Parts(const Storage& storage)
      : vault(storage.vault()), writing(storage.connect()), reading(storage.connect()) {}

  std::int64_t remove(const std::string& condition, std::int64_t first, std::int64_t second) {
    const std::lock_guard lock(writing_mutex);
    Statement statement = writing.prepare("DELETE FROM event WHERE id IN (SELECT id FROM event WHERE due = 0 AND " +
                                          condition + " ORDER BY id LIMIT " + std::to_string(piece_rows) + ')');
    statement.bind(1, first).bind(2, second).run();
    return writing.changed_rows();
  }

  Vault vault;
  std::mutex writing_mutex;
  Database writing;
  mutable std::mutex reading_mutex;
  Database reading;
};

EventStore::EventStore(const Storage& storage) : parts_(std::make_unique<Parts>(storage)) {}
EventStore::~EventStore() = default;

EventStore::Added EventStore::add(const std::vector<NewEvent>& events) {
  Added added;
  const std::lock_guard lock(parts_->writing_mutex);
  Transaction transaction(parts_->writing);
  for (const NewEvent& event : events) {
    const InsertedEvent one = insert_event(parts_->writing, parts_->vault, event);
    added.ids.push_back(one.id);
    if (one.fresh) ++added.fresh;
  }
  transaction.commit();
  return added;
}

std::optional<EventRecord> EventStore::find(std::int64_t account, std::int64_t id) const {
  const std::lock_guard lock(parts_->reading_mutex);
  Statement statement = parts_->reading.prepare(std::string(columns) + " WHERE id = ?1 AND account = ?2");
  statement.bind(1, id).bind(2, account);
  return statement.step() ? std::optional(record_of(statement, parts_->vault)) : std::nullopt;
}

EventPage EventStore::list(const EventQuery& query) const {
  const std::lock_guard lock(parts_->reading_mutex);
  Statement statement = parts_->reading.prepare(
      std::string(columns) + " WHERE account = ?1 AND at >= ?2 AND (?3 = 0 OR at < ?3) AND (?4 = 0 OR id < ?4)" +
      (query.instance ? " AND instance = ?5" : "") + " ORDER BY id DESC LIMIT " + std::to_string(query.limit + 1));
  statement.bind(1, query.account).bind(2, query.from_ms).bind(3, query.to_ms).bind(4, query.below_id);
  if (query.instance) statement.bind(5, *query.instance);
  EventPage page;
  std::size_t bytes = 0;
  while (!page.more && statement.step()) {
    page.more = page.records.size() == query.limit || bytes > query.bytes_max;
    if (page.more) break;
    page.records.push_back(record_of(statement, parts_->vault));
    bytes += page.records.back().payload.size();
  }
  return page;
}

std::vector<EventCount> EventStore::count_by_time(const EventCountQuery& query) const {
  const std::lock_guard lock(parts_->reading_mutex);
  Statement statement = parts_->reading.prepare(
      "SELECT (at - ?2) / ?4 AS bucket, instance, sum(count) FROM event WHERE account = ?1 AND at >= ?2 AND at < ?3 "
      "GROUP BY bucket, instance ORDER BY bucket, instance");
  statement.bind(1, query.account).bind(2, query.from_ms).bind(3, query.to_ms).bind(4, query.interval_ms);
  std::vector<EventCount> counts;
  while (statement.step()) {
    counts.push_back({.bucket = statement.number(0), .instance = statement.number(1), .events = statement.number(2)});
  }
  return counts;
}

std::int64_t EventStore::count_open(std::int64_t account) const {
  const std::lock_guard lock(parts_->reading_mutex);
  Statement statement = parts_->reading.prepare("SELECT count(*) FROM event WHERE due > 0 AND account = ?1");
  statement.bind(1, account);
  return statement.step() ? statement.number(0) : 0;
}

std::optional<EventRecord> EventStore::take_due(std::int64_t now_ms, std::int64_t until_ms) {
  const std::lock_guard lock(parts_->writing_mutex);
  Transaction transaction(parts_->writing);
  std::optional<EventRecord> record;
  {
    Statement next =
        parts_->writing.prepare(std::string(columns) + " WHERE due > 0 AND due <= ?1 ORDER BY due, id LIMIT 1");
    if (!next.bind(1, now_ms).step()) return std::nullopt;
    record = record_of(next, parts_->vault);
  }
  parts_->writing.prepare("UPDATE event SET due = ?2, attempts = attempts + 1, status = max(status, 1) WHERE id = ?1")
      .bind(1, record->id)
      .bind(2, until_ms)
      .run();
  transaction.commit();
  ++record->attempts;
  return record;
}

std::int64_t EventStore::next_due() const {
  const std::lock_guard lock(parts_->reading_mutex);
  Statement statement = parts_->reading.prepare("SELECT due FROM event WHERE due > 0 ORDER BY due LIMIT 1");
  return statement.step() ? statement.number(0) : 0;
}

void EventStore::settle(std::int64_t id, const EventProgress& progress) {
  const std::lock_guard lock(parts_->writing_mutex);
  parts_->writing.prepare("UPDATE event SET status = ?2, due = ?3, dispositions = ?4 WHERE id = ?1")
      .bind(1, id)
      .bind(2, static_cast<std::int64_t>(progress.status))
      .bind(3, progress.due_ms)
      .bind(4, progress.dispositions)
      .run();
}

std::int64_t EventStore::forget(const Bounds& bounds) {
  const auto remove_all = [this](const std::string& condition, std::int64_t first, std::int64_t second) {
    std::int64_t sum = 0;
    for (std::int64_t gone = piece_rows; gone == piece_rows; sum += gone) {
      gone = parts_->remove(condition, first, second);
    }
    return sum;
  };
  std::int64_t sum = remove_all("at < ?1 AND ?2 = 0", bounds.before_ms, 0);
  std::vector<std::pair<std::int64_t, std::int64_t>> too_old;  // of each account the newest id that is over a bound
  {
    const std::lock_guard lock(parts_->reading_mutex);
    Statement statement = parts_->reading.prepare(
        "SELECT account, max(id) FROM (SELECT account, id, row_number() OVER newest AS place, sum(bytes) OVER newest "
        "AS "
        "filled FROM event WINDOW newest AS (PARTITION BY account ORDER BY id DESC)) WHERE place > ?1 OR filled > ?2 "
        "GROUP BY account");
    statement.bind(1, bounds.count_max).bind(2, bounds.bytes_max);
    while (statement.step()) too_old.emplace_back(statement.number(0), statement.number(1));
  }
  for (const auto& [account, id] : too_old) sum += remove_all("account = ?1 AND id <= ?2", account, id);
  return sum;
}

}  // namespace formulary

#include "host/store/poll_store.hpp"

#include <mutex>
#include <string_view>

#include "host/store/event_rows.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

constexpr std::string_view columns =
    "SELECT instance, resource, floor, last, sweep, cursor, due, failures, error FROM event_poll";

std::vector<PollState> states_of(Statement& statement) {
  std::vector<PollState> states;
  while (statement.step()) {
    states.push_back({.instance = statement.number(0),
                      .resource = statement.text(1),
                      .floor_ms = statement.number(2),
                      .last_ms = statement.number(3),
                      .sweep_ms = statement.number(4),
                      .cursor = statement.text(5),
                      .due_ms = statement.number(6),
                      .failures = statement.number(7),
                      .error = statement.text(8)});
  }
  return states;
}

void bind_all(Statement& statement, const PollState& state) {
  statement.bind(1, state.instance).bind(2, state.resource).bind(3, state.floor_ms).bind(4, state.last_ms);
  statement.bind(5, state.sweep_ms).bind(6, state.cursor).bind(7, state.due_ms).bind(8, state.failures);
  statement.bind(9, state.error).run();
}

}  // namespace

struct PollStore::Parts {
  explicit Parts(const Storage& storage) : vault(storage.vault()), database(storage.connect()) {}

  Vault vault;
  std::mutex mutex;
  Database database;
};

PollStore::PollStore(const Storage& storage) : parts_(std::make_unique<Parts>(storage)) {}
PollStore::~PollStore() = default;

std::vector<PollState> PollStore::all() const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare(columns);
  return states_of(statement);
}

std::vector<PollState> PollStore::of(std::int64_t instance) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare(std::string(columns) + " WHERE instance = ?1 ORDER BY resource");
  statement.bind(1, instance);
  return states_of(statement);
}

void PollStore::begin(const PollState& state) {
  const std::lock_guard lock(parts_->mutex);
  Statement insert = parts_->database.prepare(
      "INSERT INTO event_poll (instance, resource, floor, last, sweep, cursor, due, failures, error) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING");
  bind_all(insert, state);
}

bool PollStore::claim(const PollState& state, std::int64_t until_ms) {
  const std::lock_guard lock(parts_->mutex);
  parts_->database.prepare("UPDATE event_poll SET due = ?4 WHERE instance = ?1 AND resource = ?2 AND due = ?3")
      .bind(1, state.instance)
      .bind(2, state.resource)
      .bind(3, state.due_ms)
      .bind(4, until_ms)
      .run();
  return parts_->database.changed_rows() > 0;
}

std::vector<bool> PollStore::were_told(const PollState& state, const std::vector<ToldObject>& objects) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare(
      "SELECT 1 FROM event_told WHERE instance = ?1 AND resource = ?2 AND object = ?3 AND at = ?4");
  statement.bind(1, state.instance).bind(2, state.resource);
  std::vector<bool> told;
  for (const ToldObject& object : objects) {
    told.push_back(statement.bind(3, object.object_id).bind(4, object.at_ms).step());
    statement.reset();
  }
  return told;
}

void PollStore::save(const PollPage& page) {
  const PollState& state = page.state;
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  Statement update = parts_->database.prepare(
      "UPDATE event_poll SET floor = ?3, last = ?4, sweep = ?5, cursor = ?6, due = ?7, failures = ?8, error = ?9 "
      "WHERE instance = ?1 AND resource = ?2");
  bind_all(update, state);
  // Turned off meanwhile: what was read is not wanted any more.
  if (parts_->database.changed_rows() == 0) return;
  Statement tell = parts_->database.prepare(
      "INSERT OR IGNORE INTO event_told (instance, resource, object, at) VALUES (?1, ?2, ?3, ?4)");
  tell.bind(1, state.instance).bind(2, state.resource);
  for (const ToldObject& object : page.told) {
    tell.bind(3, object.object_id).bind(4, object.at_ms).run();
    tell.reset();
  }
  for (const NewEvent& event : page.events) (void)insert_event(parts_->database, parts_->vault, event);
  parts_->database.prepare("DELETE FROM event_told WHERE instance = ?1 AND resource = ?2 AND at <= ?3")
      .bind(1, state.instance)
      .bind(2, state.resource)
      .bind(3, page.keep_after_ms)
      .run();
  transaction.commit();
}

void PollStore::remove(std::int64_t instance, const std::string& resource) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  for (const char* table : {"event_poll", "event_told"}) {
    parts_->database.prepare("DELETE FROM " + std::string(table) + " WHERE instance = ?1 AND resource = ?2")
        .bind(1, instance)
        .bind(2, resource)
        .run();
  }
  transaction.commit();
}

}  // namespace formulary

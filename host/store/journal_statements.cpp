#include "host/store/journal_statements.hpp"

namespace formulary {

JournalStatements::JournalStatements(Database& database, std::int64_t host)
    : host_(host),
      current_(database.prepare("SELECT 1 FROM host WHERE id = ?1")),
      touch_(database.prepare("UPDATE host SET started = -started WHERE id = ?1")),
      insert_execution_(database.prepare(
          "INSERT INTO execution (id, formula_instance, version, owner, state, status, created, event_id, object_id, "
          "turns_max) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")),
      update_execution_(
          database.prepare("UPDATE execution SET state = ?2, status = ?3, reason = ?4, ended = ?5, due = ?6, "
                           "wait_name = ?7, steps = ?8 WHERE id = ?1")),
      insert_row_(database.prepare("INSERT INTO journal (execution, data) VALUES (?1, ?2)")),
      find_body_(database.prepare("SELECT id FROM body WHERE hash = ?1")),
      insert_body_(database.prepare("INSERT INTO body (hash, size, data) VALUES (?1, ?2, ?3) RETURNING id")),
      use_body_(database.prepare("INSERT OR IGNORE INTO body_use (execution, body) VALUES (?1, ?2)")) {
  current_.bind(1, host);
  touch_.bind(1, host);
}

bool JournalStatements::host_is_current() {
  const bool found = current_.step();
  current_.reset();
  return found;
}

void JournalStatements::write(const JournalEntry& entry) {
  if (entry.start) insert(*entry.start);
  for (const StoredBody& body : entry.bodies) put(entry.execution, body);
  if (!entry.data.empty()) insert_row_.bind(1, entry.execution).bind_view(2, entry.data).run();
  if (entry.change) update(entry.execution, *entry.change);
}

void JournalStatements::write_something() {
  // There and back: an UPDATE that changes no byte writes no page, and such a commit succeeds on a full disk.
  touch_.run();
  touch_.run();
}

void JournalStatements::insert(const ExecutionRecord& record) {
  insert_execution_.bind(1, record.id).bind(2, record.formula_instance).bind(3, record.version).bind(4, host_);
  insert_execution_.bind(5, static_cast<std::int64_t>(record.state)).bind(6, record.status);
  insert_execution_.bind(7, record.created_ms).bind(8, record.event_id).bind(9, record.object_id);
  insert_execution_.bind(10, record.turns_max);
  insert_execution_.run();
}

void JournalStatements::update(std::int64_t execution, const ExecutionChange& change) {
  update_execution_.bind(1, execution).bind(2, static_cast<std::int64_t>(change.state)).bind(3, change.status);
  update_execution_.bind(4, change.reason).bind(5, change.ended_ms).bind(6, change.due_ms);
  update_execution_.bind(7, change.wait_name).bind(8, change.steps);
  update_execution_.run();
}

void JournalStatements::put(std::int64_t execution, const StoredBody& body) {
  find_body_.bind_bytes(1, body.hash);
  std::int64_t id = find_body_.step() ? find_body_.number(0) : 0;
  find_body_.reset();
  if (id == 0) {
    insert_body_.bind_bytes(1, body.hash).bind(2, static_cast<std::int64_t>(body.size)).bind_view(3, body.compressed);
    if (insert_body_.step()) id = insert_body_.number(0);
    insert_body_.run();
  }
  use_body_.bind(1, execution).bind(2, id).run();
}

}  // namespace formulary

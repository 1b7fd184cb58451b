#include "host/store/execution_store.hpp"

#include <mutex>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/store/body_text.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

constexpr std::string_view columns =
    "id, formula_instance, version, owner, state, status, reason, created, ended, due, wait_name, steps, event_id, "
    "object_id, crashes, turns_max";

ExecutionRecord record_of(const Statement& row) {
  ExecutionRecord record;
  record.id = row.number(0);
  record.formula_instance = row.number(1);
  record.version = row.number(2);
  record.owner = row.number(3);
  record.state = static_cast<ExecutionState>(row.number(4));
  record.status = row.text(5);
  record.reason = row.text(6);
  record.created_ms = row.number(7);
  record.ended_ms = row.number(8);
  record.due_ms = row.number(9);
  record.wait_name = row.text(10);
  record.steps = row.number(11);
  record.event_id = row.text(12);
  record.object_id = row.text(13);
  record.crashes = row.number(14);
  record.turns_max = row.number(15);
  return record;
}

/// A statement that is left in the middle would keep the database from moving its log.
class ResetAtExit {
 public:
  explicit ResetAtExit(Statement& statement) : statement_(statement) {}
  ResetAtExit(const ResetAtExit&) = delete;
  ResetAtExit& operator=(const ResetAtExit&) = delete;
  ~ResetAtExit() { statement_.reset(); }

 private:
  Statement& statement_;
};

std::vector<ExecutionRecord> records_of(Statement& statement) {
  std::vector<ExecutionRecord> records;
  while (statement.step()) records.push_back(record_of(statement));
  return records;
}

std::string conditions(const ExecutionQuery& query) {
  std::string sql;
  if (query.formula_instance) sql += " AND formula_instance = ?2";
  if (!query.status.empty()) sql += " AND status = ?3";
  if (!query.event_id.empty()) sql += " AND event_id = ?4";
  if (!query.object_id.empty()) sql += " AND object_id = ?5";
  if (query.created_from_ms != 0) sql += " AND created >= ?6";
  if (query.created_to_ms != 0) sql += " AND created < ?7";
  return sql;
}

void bind_conditions(Statement& statement, const ExecutionQuery& query) {
  if (query.formula_instance) statement.bind(2, *query.formula_instance);
  if (!query.status.empty()) statement.bind(3, query.status);
  if (!query.event_id.empty()) statement.bind(4, query.event_id);
  if (!query.object_id.empty()) statement.bind(5, query.object_id);
  if (query.created_from_ms != 0) statement.bind(6, query.created_from_ms);
  if (query.created_to_ms != 0) statement.bind(7, query.created_to_ms);
}

/// state 0: finished, 1: ready, 2: leased, 3: timer, 4: wait, 5: in doubt (ExecutionState). An execution without owner
/// was left by a host that ended in good order, and the next one takes it.
constexpr std::string_view violations = R"sql(
  SELECT count(*) FROM execution WHERE
    (state = 0) <> (status <> 'pending')
    OR (state = 0) <> (ended <> 0)
    OR (state = 2 AND owner NOT IN (SELECT id FROM host))
    OR (state = 3 AND (due = 0 OR due < ?1 - 60000))
    OR (state = 4 AND wait_name = '')
)sql";

}  // namespace

struct ExecutionStore::Parts {
  explicit Parts(const Storage& storage)
      : database(storage.connect()),
        find(database.prepare("SELECT " + std::string(columns) + " FROM execution WHERE id = ?1")),
        rows(database.prepare("SELECT data FROM journal WHERE execution = ?1 ORDER BY id")) {}

  std::mutex mutex;
  Database database;
  // Asked ten thousand times at a start, so prepared once.
  Statement find;
  Statement rows;
};

ExecutionStore::ExecutionStore(const Storage& storage) : parts_(std::make_unique<Parts>(storage)) {}
ExecutionStore::~ExecutionStore() = default;

std::optional<ExecutionRecord> ExecutionStore::find(std::int64_t id) const {
  const std::lock_guard lock(parts_->mutex);
  const ResetAtExit reset(parts_->find);
  if (!parts_->find.bind(1, id).step()) return std::nullopt;
  return record_of(parts_->find);
}

std::vector<ExecutionRecord> ExecutionStore::list(const ExecutionQuery& query) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement =
      parts_->database.prepare("SELECT " + std::string(columns) + " FROM execution WHERE (?1 = 0 OR id < ?1)" +
                               conditions(query) + " ORDER BY id DESC LIMIT ?8");
  statement.bind(1, query.below_id);
  bind_conditions(statement, query);
  statement.bind(8, static_cast<std::int64_t>(query.limit));
  return records_of(statement);
}

std::int64_t ExecutionStore::count(const ExecutionQuery& query) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT count(*) FROM execution WHERE ?1 = 0" + conditions(query));
  statement.bind(1, std::int64_t{0});
  bind_conditions(statement, query);
  return statement.step() ? statement.number(0) : 0;
}

std::vector<ExecutionCount> ExecutionStore::count_by_time(const CountQuery& query) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare(
      "SELECT (created - ?1) / ?2, formula_instance, status, count(*), sum(steps) FROM execution "
      "WHERE created >= ?1 AND created < ?3 AND formula_instance IN "
      "(SELECT id FROM formula_instance WHERE account = ?4) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3");
  statement.bind(1, query.from_ms).bind(2, query.interval_ms).bind(3, query.to_ms).bind(4, query.account);
  std::vector<ExecutionCount> counts;
  while (statement.step()) {
    counts.push_back({.bucket = statement.number(0),
                      .formula_instance = statement.number(1),
                      .status = statement.text(2),
                      .executions = statement.number(3),
                      .steps = statement.number(4)});
  }
  return counts;
}

std::vector<ExecutionRecord> ExecutionStore::open_of(std::int64_t host) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(columns) +
                                                 " FROM execution WHERE state <> 0 AND owner = ?1 ORDER BY id");
  statement.bind(1, host);
  return records_of(statement);
}

std::int64_t ExecutionStore::count_open() const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT count(*) FROM execution WHERE state <> 0");
  return statement.step() ? statement.number(0) : 0;
}

void ExecutionStore::read_journal(std::int64_t execution,
                                  const std::function<bool(std::string_view data)>& take) const {
  const std::lock_guard lock(parts_->mutex);
  const ResetAtExit reset(parts_->rows);
  parts_->rows.bind(1, execution);
  while (parts_->rows.step()) {
    if (!take(parts_->rows.view(0))) return;
  }
}

std::int64_t ExecutionStore::last_row(std::int64_t execution) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT max(id) FROM journal WHERE execution = ?1");
  return statement.bind(1, execution).step() ? statement.number(0) : 0;
}

std::string ExecutionStore::body(std::string_view hash) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT data, size FROM body WHERE hash = ?1");
  if (!statement.bind_bytes(1, hash).step()) {
    throw Error(ErrorCode::not_found, "body " + to_hex(hash) + ": it is not kept any more");
  }
  return decompressed(statement.view(0), static_cast<std::size_t>(statement.number(1)), hash);
}

std::int64_t ExecutionStore::count_violations(std::int64_t now_ms) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare(violations);
  return statement.bind(1, now_ms).step() ? statement.number(0) : 0;
}

std::string_view ExecutionStore::violations_query() noexcept {
  return violations;
}

}  // namespace formulary

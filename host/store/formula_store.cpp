#include "host/store/formula_store.hpp"

#include <mutex>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

/// Numbers for parts of formulas are taken from the disk by so many, since a template has many parts.
constexpr std::int64_t parts_at_a_time = 256;
constexpr std::string_view configuration_purpose = "formula_instance.configuration";
constexpr std::string_view formula_columns =
    "formula.id, version, name, document, active, created, updated, account, user, original FROM formula "
    "JOIN formula_version ON formula_version.id = version";
constexpr std::string_view instance_columns =
    "id, formula, name, configuration, settings, active, single_threaded, created, updated, consecutive_errors, "
    "first_error, warnings, account, user, paused FROM formula_instance";

FormulaRecord formula_of(const Statement& row) {
  return {.id = row.number(0),
          .version = row.number(1),
          .name = row.text(2),
          .document = row.text(3),
          .active = row.number(4) != 0,
          .created_ms = row.number(5),
          .updated_ms = row.number(6),
          .account = row.number(7),
          .user = row.number(8),
          .original = row.number(9)};
}

}  // namespace

struct FormulaStore::Parts {
  explicit Parts(std::shared_ptr<const Storage> given) : storage(std::move(given)), database(storage->connect()) {}

  [[nodiscard]] FormulaInstanceRecord instance_of(const Statement& row) const {
    return {
        .id = row.number(0),
        .formula = row.number(1),
        .name = row.text(2),
        .configuration = storage->vault().open(row.view(3), {.purpose = configuration_purpose, .id = row.number(0)}),
        .settings = row.text(4),
        .active = row.number(5) != 0,
        .single_threaded = row.number(6) != 0,
        .created_ms = row.number(7),
        .updated_ms = row.number(8),
        .consecutive_errors = row.number(9),
        .first_error_ms = row.number(10),
        .warnings = row.number(11),
        .account = row.number(12),
        .user = row.number(13),
        .paused = row.number(14) != 0};
  }

  void update(const FormulaInstanceRecord& record) {
    Statement statement = database.prepare(
        "UPDATE formula_instance SET name = ?2, configuration = ?3, settings = ?4, active = ?5, single_threaded = ?6, "
        "updated = ?7, consecutive_errors = ?8, first_error = ?9, warnings = ?10, paused = ?11 WHERE id = ?1");
    statement.bind(1, record.id).bind(2, record.name);
    statement.bind_bytes(
        3, storage->vault().seal(record.configuration, {.purpose = configuration_purpose, .id = record.id}));
    statement.bind(4, record.settings).bind(5, static_cast<std::int64_t>(record.active));
    statement.bind(6, static_cast<std::int64_t>(record.single_threaded)).bind(7, record.updated_ms);
    statement.bind(8, record.consecutive_errors).bind(9, record.first_error_ms).bind(10, record.warnings);
    statement.bind(11, static_cast<std::int64_t>(record.paused)).run();
  }

  std::vector<FormulaInstanceRecord> instances_of(Statement& statement) const {
    std::vector<FormulaInstanceRecord> records;
    while (statement.step()) records.push_back(instance_of(statement));
    return records;
  }

  std::shared_ptr<const Storage> storage;
  std::mutex mutex;
  Database database;
  std::int64_t next_part = 0;
  std::int64_t parts_end = 0;
};

FormulaStore::FormulaStore(std::shared_ptr<const Storage> storage)
    : parts_(std::make_unique<Parts>(std::move(storage))) {}
FormulaStore::~FormulaStore() = default;

std::int64_t FormulaStore::put_version(const std::string& content_id, const std::string& document) {
  const std::lock_guard lock(parts_->mutex);
  Statement find = parts_->database.prepare("SELECT id FROM formula_version WHERE content_id = ?1");
  if (find.bind(1, content_id).step()) return find.number(0);
  find.reset();
  parts_->database.prepare("INSERT OR IGNORE INTO formula_version (content_id, document) VALUES (?1, ?2)")
      .bind(1, content_id)
      .bind(2, document)
      .run();
  if (!find.step()) throw Error(ErrorCode::internal, "formula version " + content_id + ": it was not kept");
  return find.number(0);
}

std::optional<std::string> FormulaStore::version(std::int64_t number) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT document FROM formula_version WHERE id = ?1");
  if (!statement.bind(1, number).step()) return std::nullopt;
  return statement.text(0);
}

std::int64_t FormulaStore::add_formula(const FormulaRecord& record) {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare(
      "INSERT INTO formula (version, name, active, created, updated, account, user) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
      "?7)");
  statement.bind(1, record.version).bind(2, record.name).bind(3, static_cast<std::int64_t>(record.active));
  statement.bind(4, record.created_ms).bind(5, record.updated_ms);
  statement.bind(6, record.account).bind(7, record.user).run();
  return parts_->database.last_insert_id();
}

std::optional<FormulaRecord> FormulaStore::formula(std::int64_t id) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(formula_columns) + " WHERE formula.id = ?1");
  if (!statement.bind(1, id).step()) return std::nullopt;
  return formula_of(statement);
}

std::vector<FormulaRecord> FormulaStore::formulas(std::optional<std::int64_t> account) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(formula_columns) +
                                                 (account ? " WHERE account = ?1" : "") + " ORDER BY formula.id");
  if (account) statement.bind(1, *account);
  std::vector<FormulaRecord> records;
  while (statement.step()) records.push_back(formula_of(statement));
  return records;
}

bool FormulaStore::replace_formula(const FormulaRecord& record) {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare(
      "UPDATE formula SET version = ?2, name = ?3, active = ?4, updated = ?5, original = ?6 WHERE id = ?1");
  statement.bind(1, record.id).bind(2, record.version).bind(3, record.name);
  statement.bind(4, static_cast<std::int64_t>(record.active)).bind(5, record.updated_ms);
  statement.bind(6, record.original).run();
  return parts_->database.changed_rows() > 0;
}

bool FormulaStore::remove_formula(std::int64_t id) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  Statement used = parts_->database.prepare("SELECT count(*) FROM formula_instance WHERE formula = ?1");
  const std::int64_t instances = used.bind(1, id).step() ? used.number(0) : 0;
  if (instances > 0) {
    throw Error(ErrorCode::conflict, "formula " + std::to_string(id) + ": it has " + std::to_string(instances) +
                                         " instances; delete those first");
  }
  parts_->database.prepare("DELETE FROM formula WHERE id = ?1").bind(1, id).run();
  const bool removed = parts_->database.changed_rows() > 0;
  transaction.commit();
  return removed;
}

std::int64_t FormulaStore::add_instance(const FormulaInstanceRecord& record) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  Statement insert = parts_->database.prepare(
      "INSERT INTO formula_instance (formula, name, configuration, settings, active, single_threaded, created, "
      "updated, account, user) VALUES (?1, ?2, x'', '', 0, 0, ?3, 0, ?4, ?5)");
  insert.bind(1, record.formula).bind(2, record.name).bind(3, record.created_ms);
  insert.bind(4, record.account).bind(5, record.user).run();
  // Sealed only now, because the id is part of what a sealed record is bound to.
  FormulaInstanceRecord numbered = record;
  const WipeAtExit guard(numbered.configuration);
  numbered.id = parts_->database.last_insert_id();
  parts_->update(numbered);
  transaction.commit();
  return numbered.id;
}

std::optional<FormulaInstanceRecord> FormulaStore::instance(std::int64_t id) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(instance_columns) + " WHERE id = ?1");
  if (!statement.bind(1, id).step()) return std::nullopt;
  return parts_->instance_of(statement);
}

std::vector<FormulaInstanceRecord> FormulaStore::instances(std::optional<std::int64_t> formula) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(instance_columns) +
                                                 (formula ? " WHERE formula = ?1" : "") + " ORDER BY id");
  if (formula) statement.bind(1, *formula);
  return parts_->instances_of(statement);
}

std::vector<FormulaInstanceRecord> FormulaStore::instances_of_account(std::int64_t account) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement =
      parts_->database.prepare("SELECT " + std::string(instance_columns) + " WHERE account = ?1 ORDER BY id");
  statement.bind(1, account);
  return parts_->instances_of(statement);
}

bool FormulaStore::replace_instance(const FormulaInstanceRecord& record) {
  const std::lock_guard lock(parts_->mutex);
  parts_->update(record);
  return parts_->database.changed_rows() > 0;
}

bool FormulaStore::remove_instance(std::int64_t id) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  parts_->database.prepare("DELETE FROM schedule WHERE formula_instance = ?1").bind(1, id).run();
  parts_->database.prepare("DELETE FROM formula_instance WHERE id = ?1").bind(1, id).run();
  const bool removed = parts_->database.changed_rows() > 0;
  transaction.commit();
  return removed;
}

std::int64_t FormulaStore::next_part_id() {
  const std::lock_guard lock(parts_->mutex);
  if (parts_->next_part == parts_->parts_end) {
    Statement statement = parts_->database.prepare(
        "INSERT INTO counter (name, value) VALUES ('formula_part', ?1) "
        "ON CONFLICT (name) DO UPDATE SET value = value + ?1 RETURNING value");
    statement.bind(1, parts_at_a_time);
    if (!statement.step()) throw Error(ErrorCode::internal, "formula parts: their counter gave nothing");
    const std::int64_t end = statement.number(0) + 1;
    statement.run();  // only now it is committed
    parts_->parts_end = end;
    parts_->next_part = end - parts_at_a_time;
  }
  return parts_->next_part++;
}

}  // namespace formulary

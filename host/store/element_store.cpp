#include "host/store/element_store.hpp"

#include <mutex>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

constexpr std::string_view element_purpose = "element.document";
constexpr std::string_view extension_purpose = "element_extension.document";
constexpr std::string_view element_columns =
    "id, account, key, origin, document, created, updated FROM element WHERE account = ?1";
constexpr std::int64_t ids_end = std::int64_t{1} << 30U;

[[noreturn]] void refuse_count(std::int64_t account, std::size_t most, const std::string& what) {
  throw Error(ErrorCode::limit_reached, "account " + std::to_string(account) + ": it has " + std::to_string(most) +
                                            " " + what + ", which is as many as it may; delete one first");
}

}  // namespace

struct ElementStore::Parts {
  explicit Parts(std::shared_ptr<const Storage> given) : storage(std::move(given)), database(storage->connect()) {}

  [[nodiscard]] ElementRecord element_of(const Statement& row) const {
    return {.id = row.number(0),
            .account = row.number(1),
            .key = row.text(2),
            .origin = row.text(3),
            .document = storage->vault().open(row.view(4), {.purpose = element_purpose, .id = row.number(0)}),
            .created_ms = row.number(5),
            .updated_ms = row.number(6)};
  }

  [[nodiscard]] std::int64_t count(const std::string& sql, std::int64_t account) {
    Statement statement = database.prepare(sql);
    return statement.bind(1, account).step() ? statement.number(0) : 0;
  }

  void hold_bytes(std::int64_t account) {
    const std::int64_t bytes = count(
        "SELECT (SELECT coalesce(sum(length(document)), 0) FROM element WHERE account = ?1) + "
        "(SELECT coalesce(sum(length(document)), 0) FROM element_extension WHERE account = ?1)",
        account);
    if (bytes > static_cast<std::int64_t>(account_bytes_max)) {
      throw Error(ErrorCode::limit_reached, "account " + std::to_string(account) + ": its elements would take over " +
                                                std::to_string(account_bytes_max >> 20U) +
                                                " MiB together; delete one that is not needed");
    }
  }

  std::int64_t take_ids(std::int64_t count) {
    Statement take = database.prepare(
        "INSERT INTO counter (name, value) VALUES ('element_id', ?1) "
        "ON CONFLICT (name) DO UPDATE SET value = value + ?1 RETURNING value");
    const std::int64_t last = take.bind(1, count).step() ? take.number(0) : 0;
    if (last >= ids_end) throw Error(ErrorCode::limit_reached, "elements: every id of this data folder was given");
    return last - count + 1;
  }

  std::shared_ptr<const Storage> storage;
  std::mutex mutex;
  Database database;
};

ElementStore::ElementStore(std::shared_ptr<const Storage> storage)
    : parts_(std::make_unique<Parts>(std::move(storage))) {}
ElementStore::~ElementStore() = default;

std::int64_t ElementStore::take_ids(std::size_t count) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  const std::int64_t first = parts_->take_ids(static_cast<std::int64_t>(count));
  transaction.commit();
  return first;
}

void ElementStore::add(const ElementRecord& record) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  if (parts_->count("SELECT count(*) FROM element WHERE account = ?1", record.account) >=
      static_cast<std::int64_t>(account_elements_max)) {
    refuse_count(record.account, account_elements_max, "elements");
  }
  Statement insert = parts_->database.prepare(
      "INSERT INTO element (id, account, key, origin, document, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  insert.bind(1, record.id).bind(2, record.account).bind(3, record.key).bind(4, record.origin);
  insert.bind_bytes(5, parts_->storage->vault().seal(record.document, {.purpose = element_purpose, .id = record.id}));
  insert.bind(6, record.created_ms).bind(7, record.updated_ms).run();
  parts_->hold_bytes(record.account);
  transaction.commit();
}

std::optional<ElementRecord> ElementStore::element(std::int64_t account, std::int64_t id) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(element_columns) + " AND id = ?2");
  if (!statement.bind(1, account).bind(2, id).step()) return std::nullopt;
  return parts_->element_of(statement);
}

std::optional<ElementRecord> ElementStore::element(std::int64_t account, std::string_view key) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(element_columns) + " AND key = ?2");
  if (!statement.bind(1, account).bind(2, key).step()) return std::nullopt;
  return parts_->element_of(statement);
}

std::vector<ElementRecord> ElementStore::elements(std::int64_t account) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT " + std::string(element_columns) + " ORDER BY id");
  statement.bind(1, account);
  std::vector<ElementRecord> records;
  while (statement.step()) records.push_back(parts_->element_of(statement));
  return records;
}

bool ElementStore::change(std::int64_t account, std::int64_t id, const std::function<void(ElementRecord&)>& edit) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  Statement find = parts_->database.prepare("SELECT " + std::string(element_columns) + " AND id = ?2");
  if (!find.bind(1, account).bind(2, id).step()) return false;
  ElementRecord record = parts_->element_of(find);
  const WipeAtExit guard(record.document);
  find.reset();
  edit(record);
  Statement update = parts_->database.prepare("UPDATE element SET key = ?2, document = ?3, updated = ?4 WHERE id = ?1");
  update.bind(1, id).bind(2, record.key);
  update.bind_bytes(3, parts_->storage->vault().seal(record.document, {.purpose = element_purpose, .id = id}));
  update.bind(4, record.updated_ms).run();
  parts_->hold_bytes(account);
  transaction.commit();
  return true;
}

bool ElementStore::remove(std::int64_t account, std::int64_t id) {
  const std::lock_guard lock(parts_->mutex);
  parts_->database.prepare("DELETE FROM element WHERE account = ?1 AND id = ?2").bind(1, account).bind(2, id).run();
  return parts_->database.changed_rows() > 0;
}

std::optional<std::string> ElementStore::extension(std::int64_t account, std::string_view key) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement =
      parts_->database.prepare("SELECT id, document FROM element_extension WHERE account = ?1 AND key = ?2");
  if (!statement.bind(1, account).bind(2, key).step()) return std::nullopt;
  return parts_->storage->vault().open(statement.view(1), {.purpose = extension_purpose, .id = statement.number(0)});
}

void ElementStore::change_extension(std::int64_t account, std::string_view key,
                                    const std::function<void(std::string&)>& edit) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  Statement find =
      parts_->database.prepare("SELECT id, document FROM element_extension WHERE account = ?1 AND key = ?2");
  std::string document;
  const WipeAtExit guard(document);
  std::int64_t id = 0;
  if (find.bind(1, account).bind(2, key).step()) {
    id = find.number(0);
    document = parts_->storage->vault().open(find.view(1), {.purpose = extension_purpose, .id = id});
  }
  find.reset();
  edit(document);
  if (document.empty()) {
    parts_->database.prepare("DELETE FROM element_extension WHERE id = ?1").bind(1, id).run();
  } else {
    if (id == 0) id = parts_->take_ids(1);
    Statement put = parts_->database.prepare(
        "INSERT INTO element_extension (id, account, key, document) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (id) DO UPDATE SET document = excluded.document");
    put.bind(1, id).bind(2, account).bind(3, key);
    put.bind_bytes(4, parts_->storage->vault().seal(document, {.purpose = extension_purpose, .id = id})).run();
    parts_->hold_bytes(account);
  }
  transaction.commit();
}

void ElementStore::add_hub(const HubRecord& record) {
  const std::lock_guard lock(parts_->mutex);
  Transaction transaction(parts_->database);
  if (parts_->count("SELECT count(*) FROM hub WHERE account = ?1", record.account) >=
      static_cast<std::int64_t>(account_hubs_max)) {
    refuse_count(record.account, account_hubs_max, "hubs");
  }
  Statement insert = parts_->database.prepare("INSERT INTO hub (id, account, key, document) VALUES (?1, ?2, ?3, ?4)");
  insert.bind(1, record.id).bind(2, record.account).bind(3, record.key).bind(4, record.document).run();
  transaction.commit();
}

std::vector<HubRecord> ElementStore::hubs(std::int64_t account) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement =
      parts_->database.prepare("SELECT id, account, key, document FROM hub WHERE account = ?1 ORDER BY key");
  statement.bind(1, account);
  std::vector<HubRecord> records;
  while (statement.step()) {
    records.push_back({.id = statement.number(0),
                       .account = statement.number(1),
                       .key = statement.text(2),
                       .document = statement.text(3)});
  }
  return records;
}

bool ElementStore::remove_hub(std::int64_t account, std::string_view key) {
  const std::lock_guard lock(parts_->mutex);
  parts_->database.prepare("DELETE FROM hub WHERE account = ?1 AND key = ?2").bind(1, account).bind(2, key).run();
  return parts_->database.changed_rows() > 0;
}

}  // namespace formulary

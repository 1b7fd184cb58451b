#include <charconv>
#include <mutex>
#include <utility>

#include "host/base/digest.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"
#include "host/store/store.hpp"
#include "host/store/vault.hpp"

namespace formulary {
namespace {

constexpr std::string_view token_purpose = "instance.token";
constexpr std::string_view secrets_purpose = "instance.secrets";

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(const Storage& storage) : database_(storage.connect()), vault_(storage.vault()) {}

  std::int64_t add_instance(const InstanceRecord& record) override {
    const std::lock_guard lock(mutex_);
    Transaction transaction(database_);
    refuse_taken_name(record);
    Statement insert = database_.prepare(
        "INSERT INTO instances (id, name, element_key, token_sha256, token, document, secrets, created) "
        "VALUES (nullif(?1, 0), ?2, ?3, ?4, x'', ?5, x'', ?6)");
    insert.bind(1, record.id).bind(2, record.name).bind(3, record.element_key);
    insert.bind_bytes(4, sha256(record.token)).bind(5, record.document).bind(6, record.created);
    insert.run();
    const std::int64_t id = database_.last_insert_id();
    // Sealed only now, because the id is part of what a sealed record is bound to.
    Statement update = database_.prepare("UPDATE instances SET token = ?2, secrets = ?3 WHERE id = ?1");
    update.bind(1, id).bind_bytes(2, vault_.seal(record.token, {.purpose = token_purpose, .id = id}));
    update.bind_bytes(3, vault_.seal(record.secrets, {.purpose = secrets_purpose, .id = id}));
    update.run();
    transaction.commit();
    return id;
  }

  std::vector<InstanceRecord> instances() override {
    const std::lock_guard lock(mutex_);
    Statement statement =
        database_.prepare("SELECT id, name, element_key, document, created FROM instances ORDER BY id");
    std::vector<InstanceRecord> records;
    while (statement.step()) records.push_back(shown_part(statement));
    return records;
  }

  std::vector<InstanceRecord> find_instances(std::string_view selector) override {
    const std::lock_guard lock(mutex_);
    std::vector<InstanceRecord> records;
    if (const auto id = number_in(selector)) {
      Statement by_id =
          database_.prepare("SELECT id, name, element_key, document, created FROM instances WHERE id = ?1");
      by_id.bind(1, *id);
      while (by_id.step()) records.push_back(shown_part(by_id));
    }
    if (!records.empty()) return records;
    Statement by_name =
        database_.prepare("SELECT id, name, element_key, document, created FROM instances WHERE name = ?1 ORDER BY id");
    by_name.bind(1, selector);
    while (by_name.step()) records.push_back(shown_part(by_name));
    return records;
  }

  std::optional<InstanceRecord> instance(std::int64_t id) override {
    const std::lock_guard lock(mutex_);
    Statement statement = database_.prepare(
        "SELECT id, name, element_key, document, created, token, secrets FROM instances WHERE id = ?1");
    statement.bind(1, id);
    return whole(statement);
  }

  std::optional<InstanceRecord> instance_by_token(std::string_view token) override {
    const std::lock_guard lock(mutex_);
    Statement statement = database_.prepare(
        "SELECT id, name, element_key, document, created, token, secrets FROM instances WHERE token_sha256 = ?1");
    statement.bind_bytes(1, sha256(token));
    return whole(statement);
  }

  bool remove_instance(std::int64_t id) override {
    const std::lock_guard lock(mutex_);
    database_.prepare("DELETE FROM instances WHERE id = ?1").bind(1, id).run();
    return database_.changed_rows() > 0;
  }

 private:
  void refuse_taken_name(const InstanceRecord& record) {
    Statement statement = database_.prepare("SELECT id FROM instances WHERE element_key = ?1 AND name = ?2");
    if (!statement.bind(1, record.element_key).bind(2, record.name).step()) return;
    throw Error(ErrorCode::conflict, "instance '" + record.name + "': element '" + record.element_key +
                                         "' has an instance of that name already, with id " +
                                         std::to_string(statement.number(0)) + "; choose another name or delete it");
  }

  static InstanceRecord shown_part(const Statement& row) {
    InstanceRecord record;
    record.id = row.number(0);
    record.name = row.text(1);
    record.element_key = row.text(2);
    record.document = row.text(3);
    record.created = row.text(4);
    return record;
  }

  [[nodiscard]] std::optional<InstanceRecord> whole(Statement& statement) const {
    if (!statement.step()) return std::nullopt;
    InstanceRecord record = shown_part(statement);
    record.token = vault_.open(statement.text(5), {.purpose = token_purpose, .id = record.id});
    record.secrets = vault_.open(statement.text(6), {.purpose = secrets_purpose, .id = record.id});
    return record;
  }

  std::mutex mutex_;
  Database database_;
  Vault vault_;
};

}  // namespace

std::unique_ptr<Store> open_store(const StoreOptions& options) {
  return open_store(*Storage::open(options));
}

std::unique_ptr<Store> open_store(const Storage& storage) {
  return std::make_unique<SqliteStore>(storage);
}

}  // namespace formulary

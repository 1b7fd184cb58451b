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
constexpr std::string_view shown_columns =
    "SELECT id, name, element_key, document, created, account, user, disabled, updated";

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
    Statement insert = database_.prepare(
        "INSERT INTO instances (id, name, element_key, token_sha256, token, document, secrets, created, account, user, "
        "disabled, updated) VALUES (nullif(?1, 0), ?2, ?3, ?4, x'', ?5, x'', ?6, ?7, ?8, ?9, ?10)");
    insert.bind(1, record.id).bind(2, record.name).bind(3, record.element_key);
    insert.bind_bytes(4, sha256(record.token)).bind(5, record.document).bind(6, record.created);
    insert.bind(7, record.account).bind(8, record.user).bind(9, static_cast<std::int64_t>(record.disabled));
    insert.bind(10, record.updated).run();
    const std::int64_t id = database_.last_insert_id();
    // Sealed only now, because the id is part of what a sealed record is bound to.
    Statement update = database_.prepare("UPDATE instances SET token = ?2, secrets = ?3 WHERE id = ?1");
    update.bind(1, id).bind_bytes(2, vault_.seal(record.token, {.purpose = token_purpose, .id = id}));
    update.bind_bytes(3, vault_.seal(record.secrets, {.purpose = secrets_purpose, .id = id}));
    update.run();
    transaction.commit();
    return id;
  }

  bool replace_instance(const InstanceRecord& record) override {
    const std::lock_guard lock(mutex_);
    Transaction transaction(database_);
    Statement update =
        database_.prepare("UPDATE instances SET name = ?2, document = ?3, disabled = ?4, updated = ?5 WHERE id = ?1");
    update.bind(1, record.id).bind(2, record.name).bind(3, record.document);
    update.bind(4, static_cast<std::int64_t>(record.disabled)).bind(5, record.updated).run();
    if (database_.changed_rows() == 0) return false;
    if (!record.secrets.empty()) {
      Statement sealed = database_.prepare("UPDATE instances SET secrets = ?2 WHERE id = ?1");
      sealed.bind(1, record.id);
      sealed.bind_bytes(2, vault_.seal(record.secrets, {.purpose = secrets_purpose, .id = record.id})).run();
    }
    transaction.commit();
    return true;
  }

  std::vector<InstanceRecord> instances(std::optional<std::int64_t> account) override {
    const std::lock_guard lock(mutex_);
    Statement statement = database_.prepare(
        from(account ? " FROM instances WHERE account = ?1 ORDER BY id" : " FROM instances ORDER BY id"));
    if (account) statement.bind(1, *account);
    return shown_parts(statement);
  }

  std::vector<InstanceRecord> find_instances(std::string_view selector) override {
    const std::lock_guard lock(mutex_);
    if (const auto id = number_in(selector)) {
      Statement by_id = database_.prepare(from(" FROM instances WHERE id = ?1"));
      std::vector<InstanceRecord> records = shown_parts(by_id.bind(1, *id));
      if (!records.empty()) return records;
    }
    Statement by_name = database_.prepare(from(" FROM instances WHERE name = ?1 ORDER BY id"));
    return shown_parts(by_name.bind(1, selector));
  }

  std::optional<InstanceRecord> shown_instance(std::int64_t id) override {
    const std::lock_guard lock(mutex_);
    Statement statement = database_.prepare(from(" FROM instances WHERE id = ?1"));
    statement.bind(1, id);
    return statement.step() ? std::optional(shown_part(statement)) : std::nullopt;
  }

  std::optional<InstanceRecord> instance(std::int64_t id) override {
    const std::lock_guard lock(mutex_);
    Statement statement = database_.prepare(from(", token, secrets FROM instances WHERE id = ?1"));
    statement.bind(1, id);
    return whole(statement);
  }

  std::optional<InstanceRecord> instance_by_token(std::string_view token) override {
    const std::lock_guard lock(mutex_);
    Statement statement = database_.prepare(from(", token, secrets FROM instances WHERE token_sha256 = ?1"));
    statement.bind_bytes(1, sha256(token));
    return whole(statement);
  }

  std::optional<InstanceRecord> shown_instance_by_token(std::string_view token) override {
    const std::lock_guard lock(mutex_);
    Statement statement = database_.prepare(from(" FROM instances WHERE token_sha256 = ?1"));
    statement.bind_bytes(1, sha256(token));
    return statement.step() ? std::optional(shown_part(statement)) : std::nullopt;
  }

  bool remove_instance(std::int64_t id) override {
    const std::lock_guard lock(mutex_);
    database_.prepare("DELETE FROM instances WHERE id = ?1").bind(1, id).run();
    return database_.changed_rows() > 0;
  }

 private:
  static std::string from(std::string_view rest) { return std::string(shown_columns) + std::string(rest); }

  static std::vector<InstanceRecord> shown_parts(Statement& statement) {
    std::vector<InstanceRecord> records;
    while (statement.step()) records.push_back(shown_part(statement));
    return records;
  }

  static InstanceRecord shown_part(const Statement& row) {
    InstanceRecord record;
    record.id = row.number(0);
    record.name = row.text(1);
    record.element_key = row.text(2);
    record.document = row.text(3);
    record.created = row.text(4);
    record.account = row.number(5);
    record.user = row.number(6);
    record.disabled = row.number(7) != 0;
    record.updated = row.text(8);
    return record;
  }

  [[nodiscard]] std::optional<InstanceRecord> whole(Statement& statement) const {
    if (!statement.step()) return std::nullopt;
    InstanceRecord record = shown_part(statement);
    record.token = vault_.open(statement.text(9), {.purpose = token_purpose, .id = record.id});
    record.secrets = vault_.open(statement.text(10), {.purpose = secrets_purpose, .id = record.id});
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

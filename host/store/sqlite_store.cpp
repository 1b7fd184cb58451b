#include <charconv>
#include <mutex>
#include <utility>

#include "host/base/digest.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/store/data_folder.hpp"
#include "host/store/master_key.hpp"
#include "host/store/migrations.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/store.hpp"
#include "host/store/vault.hpp"

namespace formulary {
namespace {

constexpr std::string_view token_purpose = "instance.token";
constexpr std::string_view secrets_purpose = "instance.secrets";
constexpr Vault::Place key_check_place{.purpose = "key.check", .id = 0};
constexpr std::string_view key_check_text = "formulary";

std::optional<std::string> meta(Database& database, std::string_view key) {
  Statement statement = database.prepare("SELECT value FROM meta WHERE key = ?1");
  if (!statement.bind(1, key).step()) return std::nullopt;
  return statement.text(0);
}

/// The first key that opens a data folder is its key from then on: a later one is told apart here, before anything is
/// sealed with it.
Vault open_vault(Database& database, const StoreOptions& options) {
  const auto check = meta(database, "key_check");
  Vault vault(options.master_key.empty() ? read_master_key(options.folder, !check)
                                         : parse_master_key(options.master_key));
  if (!check) {
    database.prepare("INSERT INTO meta (key, value) VALUES ('key_check', ?1)")
        .bind_bytes(1, vault.seal(key_check_text, key_check_place))
        .run();
    return vault;
  }
  try {
    if (vault.open(*check, key_check_place) == key_check_text) return vault;
  } catch (const Error&) {
    // Said below in the words of the person who chose the key.
  }
  const std::string which = options.master_key.empty() ? "master.key in it" : "one that was given";
  throw Error(ErrorCode::store_failed, options.folder.string() +
                                           ": the master key does not fit this data folder; the " + which +
                                           " is not the key that its secrets were sealed with: set that one");
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class SqliteStore final : public Store {
 public:
  SqliteStore(const StoreOptions& options, const std::filesystem::path& file)
      : database_(file, options.lock_wait), vault_([&] {
          migrate(database_, file);
          return open_vault(database_, options);
        }()) {}

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
  const Descriptor lock = lock_data_folder(options.folder);
  const std::filesystem::path file = options.folder / "formulary.db";
  make_private_file(file);
  return std::make_unique<SqliteStore>(options, file);
}

}  // namespace formulary

#include "host/store/storage.hpp"

#include <optional>
#include <string>
#include <string_view>

#include "host/base/error.hpp"
#include "host/store/data_folder.hpp"
#include "host/store/master_key.hpp"
#include "host/store/migrations.hpp"
#include "host/store/sqlite.hpp"

namespace formulary {
namespace {

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

std::filesystem::path database_file(const std::filesystem::path& folder) {
  return folder / "formulary.db";
}

}  // namespace

std::shared_ptr<Storage> Storage::open(const StoreOptions& options) {
  const Descriptor lock = lock_data_folder(options.folder);
  const std::filesystem::path file = database_file(options.folder);
  make_private_file(file);
  Database database(file, options.lock_wait);
  migrate(database, file);
  const Vault vault = open_vault(database, options);
  std::shared_ptr<Storage> storage(new Storage(options.folder, options.lock_wait, vault));
  storage->installation_ = meta(database, "installation").value_or("");
  return storage;
}

Database Storage::connect() const {
  return {database_file(folder_), lock_wait_};
}

}  // namespace formulary

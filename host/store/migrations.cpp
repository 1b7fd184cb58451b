#include "host/store/migrations.hpp"

#include <array>
#include <string>

#include "host/base/error.hpp"

namespace formulary {
namespace {

/// Marks the file as ours: "Fmly".
constexpr std::int64_t application_id = 0x466D6C79;

struct Migration {
  std::int64_t version;
  const char* sql;
};

/// A released migration is never edited, only followed by another.
constexpr std::array<Migration, 1> migrations = {{
    {1, R"sql(
      CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL
      ) STRICT;
      CREATE TABLE instances (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- an id is never given twice
        name         TEXT NOT NULL,
        element_key  TEXT NOT NULL,
        token_sha256 BLOB NOT NULL UNIQUE,
        token        BLOB NOT NULL,                      -- sealed
        document     TEXT NOT NULL,
        secrets      BLOB NOT NULL,                      -- sealed
        created      TEXT NOT NULL,
        UNIQUE (element_key, name)
      ) STRICT;
    )sql"},
}};

std::int64_t number_of(Database& database, const std::string& sql) {
  Statement statement = database.prepare(sql);
  return statement.step() ? statement.number(0) : 0;
}

std::int64_t prepared_version(Database& database, const std::filesystem::path& file) {
  const std::int64_t mark = number_of(database, "PRAGMA application_id");
  if (mark == 0 && number_of(database, "SELECT count(*) FROM sqlite_schema") == 0) {
    database.run("PRAGMA application_id = " + std::to_string(application_id) +
                 "; CREATE TABLE migrations (version INTEGER PRIMARY KEY) STRICT");
    return 0;
  }
  if (mark != application_id) {
    throw Error(ErrorCode::store_failed,
                file.string() + ": this is another program's database; choose another data folder");
  }
  return number_of(database, "SELECT max(version) FROM migrations");
}

}  // namespace

void migrate(Database& database, const std::filesystem::path& file) {
  Transaction transaction(database);
  const std::int64_t version = prepared_version(database, file);
  const std::int64_t newest = migrations.back().version;
  if (version > newest) {
    throw Error(ErrorCode::store_failed, file.string() + ": the database is of version " + std::to_string(version) +
                                             " and this program knows up to " + std::to_string(newest) +
                                             "; use the newer program, or restore a backup from before it");
  }
  for (const Migration& migration : migrations) {
    if (migration.version <= version) continue;
    database.run(migration.sql);
    database.prepare("INSERT INTO migrations (version) VALUES (?1)").bind(1, migration.version).run();
  }
  transaction.commit();
}

}  // namespace formulary

#include "host/store/sqlite.hpp"

#include "host/base/error.hpp"

namespace formulary {
namespace {

std::string what_to_do(int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process keeps the database locked; try again when it is done";
    case SQLITE_FULL:
      return "the disk is full, nothing was changed; make room and try again";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "the database cannot be written; give this user the right to write the file and its folder";
    case SQLITE_CANTOPEN:
      return "the database cannot be opened; check that its folder exists and that this user may write it";
    case SQLITE_NOTADB:
      return "this is no database of Formulary; move the file away or restore a backup";
    case SQLITE_CORRUPT:
      return "the database is damaged; stop, keep a copy of the folder and restore a backup";
    case SQLITE_IOERR:
      return "the disk failed; check the disk and the system's log";
    case SQLITE_NOMEM:
      return "there is no memory left; free some";
    default:
      return {};
  }
}

}  // namespace

Database::Database(const std::filesystem::path& file, std::chrono::milliseconds lock_wait) : file_(file.string()) {
  sqlite3* connection = nullptr;
  // One connection is used under one mutex, that of its owner.
  const int code = sqlite3_open_v2(file_.c_str(), &connection,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection_.reset(connection);
  if (code != SQLITE_OK) fail(code);
  sqlite3_busy_timeout(connection, static_cast<int>(lock_wait.count()));
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // Only a file without tables takes it; migrate() sees to the others.
  run("PRAGMA auto_vacuum = INCREMENTAL");
  Statement journal = prepare("PRAGMA journal_mode = WAL");
  if (!journal.step() || journal.text(0) != "wal") {
    throw Error(
        ErrorCode::store_failed,
        file_ + ": this file system cannot share memory between processes; choose a data folder on a local disk");
  }
  run("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON");
}

void Database::run(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

Statement Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) fail(code);
  return {*this, statement};
}

void Database::fail(int code) const {
  const std::string detail = connection_ ? sqlite3_errmsg(connection_.get()) : sqlite3_errstr(code);
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID) {
    throw Error(ErrorCode::conflict, file_ + ": " + detail);
  }
  const std::string sentence = what_to_do(code);
  throw Error(ErrorCode::store_failed,
              file_ + ": " + (sentence.empty() ? detail : sentence) + " (SQLite " + std::to_string(code) + ")");
}

Statement& Statement::bind(int parameter, std::int64_t number) {
  check(sqlite3_bind_int64(statement_.get(), parameter, number));
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  check(sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_bytes(int parameter, std::string_view bytes) {
  check(sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_view(int parameter, std::string_view bytes) {
  check(sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_STATIC));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  reset();  // so that it can be used again; what the connection says of the failure stays
  database_->fail(code);
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::view(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
}

std::string Statement::text(int column) const {
  return std::string(view(column));
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_->fail(code);
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const Error&) {
    // SQLite has rolled back by itself when the disk failed.
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace formulary

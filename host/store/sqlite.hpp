/// \file
/// SQLite's C interface with owners and exceptions; nothing more. Not thread-safe: one user at a time.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace formulary {

class Statement;

/// One connection, set for durability: WAL, every commit on the disk, foreign keys held, deleted bytes overwritten.
class Database {
 public:
  /// The file must exist (an empty one will do). Throws Error(store_failed).
  Database(const std::filesystem::path& file, std::chrono::milliseconds lock_wait);

  /// Runs statements that return nothing.
  void run(const std::string& sql);
  [[nodiscard]] Statement prepare(std::string_view sql);
  [[nodiscard]] std::int64_t last_insert_id() const noexcept { return sqlite3_last_insert_rowid(connection_.get()); }
  /// Rows of the last INSERT, UPDATE or DELETE.
  [[nodiscard]] int changed_rows() const noexcept { return sqlite3_changes(connection_.get()); }

  /// Throws what an error code of SQLite means for a person: Error(store_failed), or Error(conflict) for a broken
  /// UNIQUE.
  [[noreturn]] void fail(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
  };

  std::string file_;
  std::unique_ptr<sqlite3, Close> connection_;
};

/// Parameters count from 1, columns from 0. The database must outlive it.
class Statement {
 public:
  Statement(const Database& database, sqlite3_stmt* statement) : database_(&database), statement_(statement) {}

  /// Binds copy.
  Statement& bind(int parameter, std::int64_t number);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind_bytes(int parameter, std::string_view bytes);
  /// Does not copy: `bytes` must stay until the statement was run or reset.
  Statement& bind_view(int parameter, std::string_view bytes);
  /// True: a row is there. False: done.
  [[nodiscard]] bool step();
  /// For a statement that returns nothing.
  void run();
  /// Lets the statement be run again, with the parameters that it has; releases what it read.
  void reset() noexcept;

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string text(int column) const;
  /// Until the next step() or reset().
  [[nodiscard]] std::string_view view(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  void check(int code) const;

  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Takes the write lock at once, so that two processes never read the same state and both write from it. Rolls back
/// unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  /// Durable on return.
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace formulary

/// \file
/// The statements that write executions, prepared once.
#pragma once

#include <cstdint>

#include "host/store/execution_record.hpp"
#include "host/store/sqlite.hpp"

namespace formulary {

/// Not thread-safe. Everything happens in the caller's transaction; all throw Error(store_failed).
class JournalStatements {
 public:
  JournalStatements(Database& database, std::int64_t host);

  /// Whether the host's row is still there, that is, whether nobody has taken its executions over.
  [[nodiscard]] bool host_is_current();
  void write(const JournalEntry& entry);
  /// Changes a page without changing what it says.
  void write_something();

 private:
  void insert(const ExecutionRecord& record);
  void update(std::int64_t execution, const ExecutionChange& change);
  void put(std::int64_t execution, const StoredBody& body);

  std::int64_t host_;
  Statement current_;
  Statement touch_;
  Statement insert_execution_;
  Statement update_execution_;
  Statement insert_row_;
  Statement find_body_;
  Statement insert_body_;
  Statement use_body_;
};

}  // namespace formulary

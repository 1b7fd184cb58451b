/// \file
/// Reads executions: their rows, their journals, large bodies; and counts what should not be.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/store/execution_record.hpp"

namespace formulary {

class Storage;

/// Which executions; empty members do not narrow.
struct ExecutionQuery {
  std::optional<std::int64_t> formula_instance;
  std::string status;
  std::string event_id;
  std::string object_id;
  std::int64_t created_from_ms = 0;
  std::int64_t created_to_ms = 0;  ///< 0: no end.
  std::int64_t below_id = 0;       ///< The cursor: only ids below it; 0: from the newest.
  std::size_t limit = 100;
};

/// How many executions of one formula instance and status began in one bucket of time.
struct ExecutionCount {
  std::int64_t bucket = 0;  ///< From 0, in steps of the interval after the begin.
  std::int64_t formula_instance = 0;
  std::string status;
  std::int64_t executions = 0;
  std::int64_t steps = 0;
};

struct CountQuery {
  std::int64_t account = 0;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;  ///< Not included.
  std::int64_t interval_ms = 1;
};

/// Any thread may use it; readers do not keep the journal from writing. Every function throws Error(store_failed).
class ExecutionStore {
 public:
  explicit ExecutionStore(const Storage& storage);
  ExecutionStore(const ExecutionStore&) = delete;
  ExecutionStore& operator=(const ExecutionStore&) = delete;
  ~ExecutionStore();

  [[nodiscard]] std::optional<ExecutionRecord> find(std::int64_t id) const;
  [[nodiscard]] std::vector<ExecutionRecord> list(const ExecutionQuery& query) const;  ///< The newest first.
  /// How many list() would give without `below_id` and `limit`.
  [[nodiscard]] std::int64_t count(const ExecutionQuery& query) const;
  /// Of the instances that the account has now.
  [[nodiscard]] std::vector<ExecutionCount> count_by_time(const CountQuery& query) const;
  /// Those of that host that have not ended, by id.
  [[nodiscard]] std::vector<ExecutionRecord> open_of(std::int64_t host) const;
  [[nodiscard]] std::int64_t count_open() const;

  /// Calls `take` with the data of each journal row, in order, until it answers false. The view ends with the call.
  void read_journal(std::int64_t execution, const std::function<bool(std::string_view data)>& take) const;
  /// A number that grows with each row of its journal; 0: none.
  [[nodiscard]] std::int64_t last_row(std::int64_t execution) const;
  /// The text of that SHA-256. Throws Error(not_found).
  [[nodiscard]] std::string body(std::string_view hash) const;

  /// Executions that are in no lawful state: leased or ready by no host, a timer without a time, a wait without a name,
  /// finished and not, or overdue by more than a minute. 0 while all is well.
  [[nodiscard]] std::int64_t count_violations(std::int64_t now_ms) const;
  /// The query behind it, for a person with sqlite3 at hand; ?1 is the time.
  [[nodiscard]] static std::string_view violations_query() noexcept;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Hash, size and zstd data of a text. Throws Error(internal) if zstd fails.
[[nodiscard]] StoredBody make_stored_body(std::string_view text);

}  // namespace formulary

/// \file
/// The executions' journal: one thread writes what all of them hand in, as much as has arrived in one transaction
/// (decisions/0011-journal.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "host/store/execution_record.hpp"

namespace formulary {

class Database;
class Storage;

struct JournalSettings {
  std::size_t batch_entries_max = 4'096;
  std::size_t batch_bytes_max = 8U << 20U;
  /// Between two tries while the disk takes nothing: from the first to the last, twice as long each time.
  std::chrono::milliseconds retry_first{20};
  std::chrono::milliseconds retry_last{1'000};
};

struct JournalCounters {
  std::uint64_t commits = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t failed_commits = 0;
  std::chrono::microseconds slowest_commit{0};
  bool failing = false;  ///< The last try failed; it is tried again.
  bool fenced = false;
  std::string last_failure;  ///< A sentence.
};

/// Any thread may use it.
class Journal {
 public:
  /// Writes as `host`, and nothing once that host's row is gone. Throws Error(store_failed).
  Journal(const Storage& storage, std::int64_t host, const JournalSettings& settings = {});
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  /// Writes what was handed in. What a failing disk does not take at once is given up; nobody was told that it is kept.
  ~Journal();

  /// Returns at once. Entries of one execution are written in the order in which they are handed in, all of an entry or
  /// nothing. While the disk takes nothing, entries are kept and tried again without end, except those with `start`,
  /// which are refused.
  void append(JournalEntry entry);
  /// Runs `work` in a transaction of its own between two batches, soon. For small pieces of housekeeping: everybody
  /// waits for it. `done` gets an empty text or the sentence of what failed.
  void run_between(std::function<void(Database&)> work, std::function<void(const std::string& failure)> done);
  /// A new execution's id. Ids grow, are never given twice, and leave gaps at restarts. Throws Error(store_failed).
  [[nodiscard]] std::int64_t next_id();

  [[nodiscard]] JournalCounters counters() const;
  /// False while the disk takes nothing, and for ever once fenced.
  [[nodiscard]] bool healthy() const noexcept;

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace formulary

/// \file
/// One execution's part of the journal: gathers what happened and hands it in as one row.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "host/base/redactor.hpp"
#include "host/formula/journal_codec.hpp"
#include "host/store/execution_record.hpp"

namespace formulary {

class Journal;
class Vault;

/// Not thread-safe. Borrows journal and vault.
class ExecutionLog {
 public:
  ExecutionLog(Journal& journal, const Vault& vault, std::int64_t execution, std::shared_ptr<const Redactor> redactor);

  /// The row of the execution itself, for one that is new: goes with the first flush().
  void start(ExecutionRecord record) { start_ = std::move(record); }

  /// What knows a secret is sealed. Texts longer than 256 KiB are kept apart.
  void add(const plan::Event& event);
  void add(const Intent& intent);
  void add(plan::StepRecord redacted_step);

  [[nodiscard]] bool empty() const noexcept { return records_.empty() && !start_; }
  /// The state that the new row begins with.
  void start_in(ExecutionState state) { start_->state = state; }
  [[nodiscard]] bool has_start() const noexcept { return start_.has_value(); }
  /// Drops what was gathered, but not the start.
  void forget();
  /// About what has been gathered, in bytes.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Hands in what was gathered, and the change of the execution's row if there is one. `done`: JournalEntry::done.
  /// Throws Error(limit_reached) if it is more than a row may have.
  void flush(std::optional<ExecutionChange> change, std::function<void(JournalResult)> done);

 private:
  Journal& journal_;
  const Vault& vault_;
  const std::int64_t execution_;
  std::shared_ptr<const Redactor> redactor_;
  std::optional<ExecutionRecord> start_;
  std::vector<JournalRecord> records_;
  std::size_t bytes_ = 0;
};

}  // namespace formulary

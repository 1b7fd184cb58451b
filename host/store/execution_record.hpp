/// \file
/// An execution as the database keeps it: one small row that changes, and journal rows that are only added.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace formulary {

/// Where an execution is; always in exactly one. The numbers are on the disk.
enum class ExecutionState {
  finished = 0,
  ready = 1,     ///< Could go on, and nobody works on it yet.
  leased = 2,    ///< Its owner works on it.
  timer = 3,     ///< Until `due`.
  wait = 4,      ///< For what `wait_name` says.
  in_doubt = 5,  ///< Until a person decides.
};

/// The row of an execution. Times are milliseconds since 1970 UTC; 0: none.
struct ExecutionRecord {
  std::int64_t id = 0;
  std::int64_t formula_instance = 0;  ///< 0: a formula that was run without one.
  std::int64_t version = 0;           ///< FormulaStore::put_version.
  std::int64_t owner = 0;             ///< Host.
  ExecutionState state = ExecutionState::ready;
  /// Executions of its formula instance that may run at the same time; 0: no bound.
  std::int64_t turns_max = 0;
  std::string status = "pending";  ///< As plan::name(ExecutionStatus).
  std::string reason;              ///< Code of why it ended or stands still: "in_doubt", "poisoned", "cancelled".
  std::int64_t created_ms = 0;
  std::int64_t ended_ms = 0;
  std::int64_t due_ms = 0;
  std::string wait_name;
  std::int64_t steps = 0;  ///< Step executions on record.
  std::string event_id;    ///< Of an event trigger.
  std::string object_id;
  std::int64_t crashes = 0;  ///< How many hosts in a row ended while they worked on it, without a row from them.
};

/// What changes in the row; all members are written.
struct ExecutionChange {
  ExecutionState state = ExecutionState::leased;
  std::string status = "pending";
  std::string reason;
  std::int64_t ended_ms = 0;
  std::int64_t due_ms = 0;
  std::string wait_name;
  std::int64_t steps = 0;

  [[nodiscard]] bool operator==(const ExecutionChange&) const = default;
};

/// A large text, kept once however many executions refer to it.
struct StoredBody {
  std::string hash;  ///< SHA-256 of the text, 32 bytes.
  std::size_t size = 0;
  std::string compressed;  ///< zstd.
};

enum class JournalResult {
  durable,
  /// The disk does not take it, and nobody has been told that it is kept: only for an entry with `start`.
  refused,
  /// Another host has taken this one's executions over: whatever goes on here must stop.
  fenced,
};

/// What one execution writes in one piece.
struct JournalEntry {
  std::int64_t execution = 0;
  std::optional<ExecutionRecord> start;  ///< Of an execution that is not there yet; `owner` is filled in.
  std::string data;                      ///< One row; empty: none.
  std::optional<ExecutionChange> change;
  std::vector<StoredBody> bodies;
  /// Called once, by the journal's thread: must be quick and must not throw. May be empty.
  std::function<void(JournalResult)> done;
};

}  // namespace formulary

/// \file
/// Reads an execution's journal back: opens what is sealed, fetches what is kept apart.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <utility>

#include "host/formula/formula.hpp"
#include "host/formula/journal_codec.hpp"
#include "host/formula/plan.hpp"
#include "host/store/execution_store.hpp"
#include "host/store/vault.hpp"

namespace formulary {

/// Any thread may use it; borrows both.
class JournalReader {
 public:
  JournalReader(const ExecutionStore& store, const Vault& vault) : store_(store), vault_(vault) {}

  /// Calls `take` with each record in order, until it answers false; sealed ones opened. Throws Error(store_failed) if
  /// a row was changed, or is of a newer version.
  void read(std::int64_t execution, const std::function<bool(JournalRecord&)>& take) const;

 private:
  const ExecutionStore& store_;
  const Vault& vault_;
};

/// An execution as its journal has it.
struct Replayed {
  plan::State state;
  json::object configuration;                     ///< Of its start.
  std::set<std::pair<plan::RunId, int>> intents;  ///< Calls that were about to be made: run and attempt.
  std::int64_t steps = 0;                         ///< Step records.
  std::optional<plan::Finish> finish;             ///< If it ended.
};

/// Takes its events through the plan. The formula must be the version that it began with.
[[nodiscard]] Replayed replay(const JournalReader& reader, std::int64_t execution, const Formula& formula,
                              const plan::Limits& limits);
/// The configuration that it was started with; Error(store_failed) if there is no start.
[[nodiscard]] json::object configuration_of(const JournalReader& reader, std::int64_t execution);

}  // namespace formulary

/// \file
/// What executions did, in the platform's shapes, read from their journals. Everything in it was redacted when it was
/// written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/json.hpp"
#include "host/engine/execution.hpp"
#include "host/store/execution_store.hpp"

namespace formulary {

class Storage;

/// A page of a list; `next` is the cursor of the one that follows, 0 after the last.
template <class Entry>
struct HistoryPage {
  std::vector<Entry> entries;
  std::int64_t next = 0;
};

/// Any thread may use it. Every function throws Error(store_failed).
class History {
 public:
  explicit History(std::shared_ptr<const Storage> storage);
  History(const History&) = delete;
  History& operator=(const History&) = delete;
  ~History();

  /// The newest first. What is in doubt shows as failed, for its reason.
  [[nodiscard]] HistoryPage<ExecutionRecord> list(const ExecutionQuery& query) const;
  /// How many there are in all; `below_id` and `limit` are not looked at.
  [[nodiscard]] std::int64_t count(const ExecutionQuery& query) const;
  [[nodiscard]] std::vector<ExecutionCount> count_by_time(const CountQuery& query) const;
  /// Error(not_found)
  [[nodiscard]] ExecutionRecord execution(std::int64_t id) const;
  /// Steps in the order in which they ended, the trigger first, without those of sub-formulas. `after` is a step's id,
  /// 0 for the first page. Error(not_found) if there is no such execution.
  [[nodiscard]] HistoryPage<StepExecution> steps(std::int64_t execution, std::int64_t after = 0,
                                                 std::size_t limit = 1'000) const;
  /// A number that has grown when there may be more steps than before. Cheap.
  [[nodiscard]] std::int64_t progress(std::int64_t execution) const;
  /// How many steps() gives in all; reads the journal to its end.
  [[nodiscard]] std::int64_t count_steps(std::int64_t execution) const;
  /// One step with its values. Error(not_found)
  [[nodiscard]] StepExecution step(std::int64_t step_id) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// {"id":12,"formulaInstanceId":3,"status":"failed","createdDate":"…","updatedDate":"…","reason":"in_doubt"}; `reason`
/// only if there is one.
[[nodiscard]] json::object to_json(const ExecutionRecord& record);

}  // namespace formulary

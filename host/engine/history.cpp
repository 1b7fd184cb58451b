#include "host/engine/history.hpp"

#include <functional>
#include <utility>

#include "host/base/error.hpp"
#include "host/engine/journal_reader.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

ExecutionRecord as_shown(ExecutionRecord record) {
  if (record.state == ExecutionState::in_doubt) record.status = plan::name(plan::ExecutionStatus::failed);
  return record;
}

StepExecution step_execution(std::int64_t id, plan::StepRecord&& record) {
  return {.id = id,
          .name = std::move(record.name),
          .type = std::move(record.type),
          .status = record.status,
          .attempts = record.attempts,
          .started = record.started,
          .ended = record.ended,
          .values = std::move(record.values),
          .error = std::move(record.error)};
}

Clock::WallTime time_of(std::int64_t milliseconds) {
  return Clock::WallTime(std::chrono::milliseconds(milliseconds));
}

}  // namespace

struct History::Parts {
  explicit Parts(std::shared_ptr<const Storage> given)
      : storage(std::move(given)), store(*storage), reader(store, storage->vault()) {}

  /// Calls `take` with each step record and its id until it answers false.
  void read(std::int64_t execution, const std::function<bool(std::int64_t id, plan::StepRecord&)>& take) const {
    std::int64_t index = 0;
    reader.read(execution, [&](JournalRecord& record) {
      auto* step = std::get_if<plan::StepRecord>(&record);
      if (step == nullptr) return true;
      ++index;
      return step->parent != 0 || take(step_id(execution, index), *step);
    });
  }

  std::shared_ptr<const Storage> storage;
  ExecutionStore store;
  JournalReader reader;
};

History::History(std::shared_ptr<const Storage> storage) : parts_(std::make_unique<Parts>(std::move(storage))) {}
History::~History() = default;

HistoryPage<ExecutionRecord> History::list(const ExecutionQuery& query) const {
  HistoryPage<ExecutionRecord> page;
  for (ExecutionRecord& record : parts_->store.list(query)) page.entries.push_back(as_shown(std::move(record)));
  if (page.entries.size() == query.limit && !page.entries.empty()) page.next = page.entries.back().id;
  return page;
}

std::int64_t History::count(const ExecutionQuery& query) const {
  return parts_->store.count(query);
}

std::vector<ExecutionCount> History::count_by_time(const CountQuery& query) const {
  return parts_->store.count_by_time(query);
}

ExecutionRecord History::execution(std::int64_t id) const {
  auto record = parts_->store.find(id);
  if (!record) {
    throw Error(ErrorCode::not_found, "execution " + std::to_string(id) + ": there is none; list those that there are");
  }
  return as_shown(std::move(*record));
}

HistoryPage<StepExecution> History::steps(std::int64_t execution_id, std::int64_t after, std::size_t limit) const {
  (void)execution(execution_id);
  HistoryPage<StepExecution> page;
  parts_->read(execution_id, [&](std::int64_t id, plan::StepRecord& record) {
    if (id <= after) return true;
    if (page.entries.size() == limit) {
      page.next = page.entries.back().id;
      return false;
    }
    page.entries.push_back(step_execution(id, std::move(record)));
    return true;
  });
  return page;
}

std::int64_t History::progress(std::int64_t execution_id) const {
  return parts_->store.last_row(execution_id);
}

std::int64_t History::count_steps(std::int64_t execution) const {
  std::int64_t count = 0;
  parts_->read(execution, [&count](std::int64_t, plan::StepRecord&) {
    ++count;
    return true;
  });
  return count;
}

StepExecution History::step(std::int64_t id) const {
  std::optional<StepExecution> found;
  parts_->read(execution_of(id), [&](std::int64_t step, plan::StepRecord& record) {
    if (step == id) found = step_execution(id, std::move(record));
    return !found && step < id;
  });
  if (!found) throw Error(ErrorCode::not_found, "step execution " + std::to_string(id) + ": there is none");
  return std::move(*found);
}

json::object to_json(const ExecutionRecord& record) {
  json::object object{{"id", record.id},
                      {"formulaInstanceId", record.formula_instance},
                      {"status", record.status},
                      {"createdDate", iso8601(time_of(record.created_ms))},
                      {"updatedDate", iso8601(time_of(record.ended_ms != 0 ? record.ended_ms : record.created_ms))}};
  if (!record.reason.empty()) object["reason"] = record.reason;
  return object;
}

}  // namespace formulary

#include "host/engine/execution_log.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "host/engine/journal_place.hpp"
#include "host/store/execution_store.hpp"
#include "host/store/journal.hpp"

namespace formulary {
namespace {

constexpr std::size_t record_overhead = 64;

std::size_t bytes_of(const plan::Outcome& outcome) {
  if (const auto* answered = std::get_if<plan::Answered>(&outcome)) return answered->body.size();
  if (const auto* script = std::get_if<plan::ScriptEnded>(&outcome)) return script->value.size();
  return 0;
}

std::size_t bytes_of(const plan::Event& event) {
  if (const auto* ended = std::get_if<plan::StepEnded>(&event.what)) return bytes_of(ended->outcome);
  return 0;
}

}  // namespace

ExecutionLog::ExecutionLog(Journal& journal, const Vault& vault, std::int64_t execution,
                           std::shared_ptr<const Redactor> redactor)
    : journal_(journal), vault_(vault), execution_(execution), redactor_(std::move(redactor)) {}

void ExecutionLog::add(const plan::Event& event) {
  bytes_ += record_overhead + bytes_of(event);
  if (!redactor_->empty()) {
    const std::array<JournalRecord, 1> alone{event};
    std::string row = encode(alone);
    if (redactor_->finds_secret(row)) {
      records_.emplace_back(Sealed{vault_.seal(row, journal_place(execution_))});
      return;
    }
  }
  records_.emplace_back(event);
}

void ExecutionLog::add(const Intent& intent) {
  bytes_ += record_overhead;
  records_.emplace_back(intent);
}

void ExecutionLog::add(plan::StepRecord redacted_step) {
  bytes_ += record_overhead;
  for (const auto& [key, value] : redacted_step.values) bytes_ += key.size() + value.size();
  records_.emplace_back(std::move(redacted_step));
}

void ExecutionLog::forget() {
  records_.clear();
  bytes_ = 0;
}

void ExecutionLog::flush(std::optional<ExecutionChange> change, std::function<void(JournalResult)> done) {
  JournalEntry entry{
      .execution = execution_, .start = std::exchange(start_, std::nullopt), .change = std::move(change)};
  if (!records_.empty()) {
    const BodyStore bodies{.store = [&entry](std::string_view text) {
      entry.bodies.push_back(make_stored_body(text));
      return entry.bodies.back().hash;
    }};
    entry.data = encode(records_, bodies);
    records_.clear();
  }
  bytes_ = 0;
  entry.done = std::move(done);
  journal_.append(std::move(entry));
}

}  // namespace formulary

/// \file
/// A journal on a data folder of its own, and entries to put into it.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/store/execution_store.hpp"
#include "host/store/host_lease.hpp"
#include "host/store/journal.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"
#include "tests/host/store/store_fixture.hpp"

namespace formulary::testing {

inline constexpr std::int64_t test_time_ms = 1'700'000'000'000;

class JournalTest : public StoreTest {
 protected:
  [[nodiscard]] std::shared_ptr<Storage> storage() {
    if (!storage_) storage_ = Storage::open({.folder = folder});
    return storage_;
  }
  [[nodiscard]] std::unique_ptr<HostLease> new_host() {
    return std::make_unique<HostLease>(storage(), Clock::WallTime(std::chrono::milliseconds(test_time_ms)));
  }

  [[nodiscard]] static JournalEntry start_of(std::int64_t id, std::string data = "start",
                                             std::int64_t created_ms = test_time_ms) {
    JournalEntry entry{.execution = id, .data = std::move(data)};
    entry.start = ExecutionRecord{.id = id, .version = 1, .state = ExecutionState::leased, .created_ms = created_ms};
    return entry;
  }
  [[nodiscard]] static JournalEntry end_of(std::int64_t id, std::string data = "end",
                                           std::int64_t ended_ms = test_time_ms + 5) {
    JournalEntry entry{.execution = id, .data = std::move(data)};
    entry.change =
        ExecutionChange{.state = ExecutionState::finished, .status = "success", .ended_ms = ended_ms, .steps = 2};
    return entry;
  }

  /// What came of it, once it is known.
  static JournalResult append_and_wait(Journal& journal, JournalEntry entry) {
    std::promise<JournalResult> result;
    entry.done = [&result](JournalResult what) { result.set_value(what); };
    journal.append(std::move(entry));
    return result.get_future().get();
  }

  [[nodiscard]] static std::vector<std::string> rows(const ExecutionStore& store, std::int64_t execution) {
    std::vector<std::string> found;
    store.read_journal(execution, [&found](std::string_view data) {
      found.emplace_back(data);
      return true;
    });
    return found;
  }

 private:
  std::shared_ptr<Storage> storage_;
};

}  // namespace formulary::testing

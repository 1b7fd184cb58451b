#include "host/store/journal.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/store/journal_statements.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

/// How many ids are taken from the database at a time; what is left of them at the end is lost.
constexpr std::int64_t ids_at_a_time = 1'000;
/// Pages (of 4 KiB) that the write-ahead log may reach before they are moved to their places.
constexpr std::string_view connection_settings = "PRAGMA wal_autocheckpoint = 4000; PRAGMA secure_delete = FAST";

struct Housekeeping {
  std::function<void(Database&)> work;
  std::function<void(const std::string&)> done;
};

std::size_t bytes_of(const JournalEntry& entry) {
  std::size_t bytes = entry.data.size();
  for (const StoredBody& body : entry.bodies) bytes += body.compressed.size();
  return bytes;
}

void tell(const JournalEntry& entry, JournalResult result) {
  if (entry.done) entry.done(result);
}

}  // namespace

class Journal::Writer {
 public:
  Writer(const Storage& storage, std::int64_t host, const JournalSettings& settings)
      : settings_(settings), database_(storage.connect()), ids_(storage.connect()) {
    database_.run(std::string(connection_settings));
    statements_ = std::make_unique<JournalStatements>(database_, host);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  void append(JournalEntry entry) {
    {
      const std::lock_guard lock(mutex_);
      entries_.push_back(std::move(entry));
    }
    changed_.notify_one();
  }

  void run_between(Housekeeping housekeeping) {
    {
      const std::lock_guard lock(mutex_);
      housekeeping_.push_back(std::move(housekeeping));
    }
    changed_.notify_one();
  }

  std::int64_t next_id() {
    const std::lock_guard lock(ids_mutex_);
    if (next_id_ == ids_end_) {
      Statement statement = ids_.prepare(
          "INSERT INTO counter (name, value) VALUES ('execution', ?1) "
          "ON CONFLICT (name) DO UPDATE SET value = value + ?1 RETURNING value");
      statement.bind(1, ids_at_a_time);
      if (!statement.step()) throw Error(ErrorCode::internal, "journal: the counter of executions gave nothing");
      const std::int64_t end = statement.number(0) + 1;
      statement.run();  // only now it is committed
      ids_end_ = end;
      next_id_ = end - ids_at_a_time;
    }
    return next_id_++;
  }

  JournalCounters counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
  }
  bool healthy() const noexcept { return healthy_; }

 private:
  void run(const std::stop_token& stop) {
    while (take_batch(stop)) {
      commit_batch(stop);
      run_housekeeping();
    }
  }

  /// False: everything was written and nothing more will come.
  bool take_batch(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return !entries_.empty() || !housekeeping_.empty(); });
    std::size_t bytes = 0;
    while (!entries_.empty() && batch_.size() < settings_.batch_entries_max && bytes < settings_.batch_bytes_max) {
      bytes += bytes_of(entries_.front());
      batch_.push_back(std::move(entries_.front()));
      entries_.pop_front();
    }
    return !batch_.empty() || !housekeeping_.empty() || !stop.stop_requested();
  }

  /// Ends when the batch is written, or given up because the journal ends. While the disk fails it is tried again, also
  /// with nothing left to write: only a write that succeeds says that the disk takes writes again.
  void commit_batch(const std::stop_token& stop) {
    auto wait = settings_.retry_first;
    while (!batch_.empty() || failing_) {
      try {
        const bool current = commit();
        failing_ = false;
        finish_batch(current ? JournalResult::durable : JournalResult::fenced);
        return;
      } catch (const Error& failure) {
        note_failure(failure.what());
        refuse_starts();
      }
      if (stop.stop_requested()) {
        batch_.clear();
        return;
      }
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, wait, [] { return false; });
      wait = std::min(wait * 2, settings_.retry_last);
    }
  }

  /// False: this host's executions belong to another one, so nothing was written.
  bool commit() {
    const auto began = std::chrono::steady_clock::now();
    Transaction transaction(database_);
    if (!statements_->host_is_current()) return false;
    if (failing_) statements_->write_something();
    std::size_t bytes = 0;
    for (const JournalEntry& entry : batch_) {
      statements_->write(entry);
      bytes += bytes_of(entry);
    }
    transaction.commit();
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
    const std::lock_guard lock(mutex_);
    ++counters_.commits;
    counters_.entries += batch_.size();
    counters_.bytes += bytes;
    counters_.slowest_commit = std::max(counters_.slowest_commit, took);
    counters_.failing = false;
    healthy_ = true;
    return true;
  }

  void finish_batch(JournalResult result) {
    if (result == JournalResult::fenced) {
      const std::lock_guard lock(mutex_);
      counters_.fenced = true;
      healthy_ = false;
    }
    for (const JournalEntry& entry : batch_) tell(entry, result);
    batch_.clear();
  }

  void note_failure(const std::string& sentence) {
    failing_ = true;
    const std::lock_guard lock(mutex_);
    ++counters_.failed_commits;
    counters_.failing = true;
    counters_.last_failure = sentence;
    healthy_ = false;
  }

  /// Nobody was told yet that these are kept, so who asked can be told that they are not, and the rest, which must be
  /// kept, needs less room. What belongs to them comes behind them and is given up with them.
  void refuse_starts() {
    std::vector<JournalEntry> refused;
    {
      const std::lock_guard lock(mutex_);
      std::set<std::int64_t> executions;
      const auto sort_out = [&](auto& entries) {
        std::decay_t<decltype(entries)> kept;
        for (JournalEntry& entry : entries) {
          if (entry.start) executions.insert(entry.execution);
          if (executions.count(entry.execution) == 0) {
            kept.push_back(std::move(entry));
          } else {
            refused.push_back(std::move(entry));
          }
        }
        entries.swap(kept);
      };
      sort_out(batch_);
      sort_out(entries_);
    }
    for (const JournalEntry& entry : refused) tell(entry, JournalResult::refused);
  }

  void run_housekeeping() {
    std::deque<Housekeeping> due;
    {
      const std::lock_guard lock(mutex_);
      due.swap(housekeeping_);
    }
    for (const Housekeeping& piece : due) {
      std::string failure;
      try {
        Transaction transaction(database_);
        piece.work(database_);
        transaction.commit();
      } catch (const Error& error) {
        failure = error.what();
      }
      if (piece.done) piece.done(failure);
    }
  }

  const JournalSettings settings_;
  Database database_;
  std::unique_ptr<JournalStatements> statements_;
  std::vector<JournalEntry> batch_;  ///< Of the thread, as the next.
  bool failing_ = false;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<JournalEntry> entries_;
  std::deque<Housekeeping> housekeeping_;
  JournalCounters counters_;
  std::atomic<bool> healthy_ = true;

  std::mutex ids_mutex_;
  Database ids_;
  std::int64_t next_id_ = 0;
  std::int64_t ids_end_ = 0;
  std::jthread thread_;  ///< Last, so that it ends first.
};

Journal::Journal(const Storage& storage, std::int64_t host, const JournalSettings& settings)
    : writer_(std::make_unique<Writer>(storage, host, settings)) {}
Journal::~Journal() = default;

void Journal::append(JournalEntry entry) {
  writer_->append(std::move(entry));
}

void Journal::run_between(std::function<void(Database&)> work, std::function<void(const std::string&)> done) {
  writer_->run_between({.work = std::move(work), .done = std::move(done)});
}

std::int64_t Journal::next_id() {
  return writer_->next_id();
}

JournalCounters Journal::counters() const {
  return writer_->counters();
}

bool Journal::healthy() const noexcept {
  return writer_->healthy();
}

}  // namespace formulary

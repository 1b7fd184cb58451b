#include "host/store/retention.hpp"

#include <condition_variable>
#include <future>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"

namespace formulary {
namespace {

constexpr std::size_t candidates_max = 256;
constexpr std::int64_t rows_at_a_time = 64;
constexpr std::int64_t pages_at_a_time = 256;

std::int64_t pragma(Database& database, const std::string& name) {
  Statement statement = database.prepare("PRAGMA " + name);
  return statement.step() ? statement.number(0) : 0;
}

/// Deletes what it can of the executions in the time that it has.
class Piece {
 public:
  Piece(Database& database, std::chrono::milliseconds time)
      : database_(database),
        end_(std::chrono::steady_clock::now() + time),
        rows_(
            database.prepare("DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE execution = ?1 LIMIT ?2)")),
        bodies_(database.prepare("SELECT body FROM body_use WHERE execution = ?1")),
        uses_(database.prepare("DELETE FROM body_use WHERE execution = ?1")),
        orphan_(database.prepare(
            "DELETE FROM body WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM body_use WHERE body_use.body = ?1)")),
        execution_(database.prepare("DELETE FROM execution WHERE id = ?1 AND state = 0")) {}

  /// How many of them are gone: the first ones.
  std::size_t forget(const std::vector<std::int64_t>& executions) {
    std::size_t gone = 0;
    for (const std::int64_t execution : executions) {
      if (!forget(execution)) break;
      ++gone;
    }
    return gone;
  }

 private:
  [[nodiscard]] bool time_is_up() const { return std::chrono::steady_clock::now() >= end_; }

  bool forget(std::int64_t execution) {
    do {
      if (time_is_up()) return false;
      rows_.bind(1, execution).bind(2, rows_at_a_time).run();
    } while (database_.changed_rows() == rows_at_a_time);
    std::vector<std::int64_t> bodies;
    bodies_.bind(1, execution);
    while (bodies_.step()) bodies.push_back(bodies_.number(0));
    bodies_.reset();
    uses_.bind(1, execution).run();
    for (const std::int64_t body : bodies) orphan_.bind(1, body).run();
    execution_.bind(1, execution).run();
    return true;
  }

  Database& database_;
  std::chrono::steady_clock::time_point end_;
  Statement rows_;
  Statement bodies_;
  Statement uses_;
  Statement orphan_;
  Statement execution_;
};

}  // namespace

struct Retention::Parts {
  Parts(const Storage& storage, Journal& given_journal, const Clock& given_clock, const RetentionSettings& given)
      : journal(given_journal), clock(given_clock), settings(given), database(storage.connect()) {}

  /// The oldest that may go. Read beside the journal's writer, which does not wait for it.
  [[nodiscard]] std::vector<std::int64_t> candidates() {
    const bool too_large = is_too_large();
    const std::int64_t cutoff = settings.age_max.count() == 0
                                    ? 0
                                    : std::chrono::duration_cast<std::chrono::milliseconds>(
                                          (clock.wall() - settings.age_max).time_since_epoch())
                                          .count();
    std::vector<std::int64_t> ids;
    Statement statement = database.prepare("SELECT id, state, created, ended FROM execution ORDER BY id");
    // Few at a time while the size counts, which each of them changes by an unknown amount.
    const std::size_t at_once = too_large ? candidates_max / 32 : candidates_max;
    while (ids.size() < at_once && statement.step()) {
      if (!too_large && statement.number(2) >= cutoff) break;  // younger ones follow
      if (statement.number(1) == 0 && (too_large || statement.number(3) < cutoff)) ids.push_back(statement.number(0));
    }
    return ids;
  }

  [[nodiscard]] bool is_too_large() {
    if (settings.bytes_max == 0) return false;
    const auto used = static_cast<std::uint64_t>((pragma(database, "page_count") - pragma(database, "freelist_count")) *
                                                 pragma(database, "page_size"));
    shrinking = used > (shrinking ? settings.bytes_max / 10 * 9 : settings.bytes_max);
    return shrinking;
  }

  /// Runs the work in the journal's thread and waits for it; not for ever, since a disk that fails keeps that thread:
  /// false if `stop` came first. So the work must own what it uses.
  bool between(std::function<void(Database&)> work, const std::stop_token& stop) {
    auto ended = std::make_shared<std::promise<std::string>>();
    auto result = ended->get_future();
    journal.run_between(std::move(work), [ended](const std::string& failure) { ended->set_value(failure); });
    while (result.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
      if (stop.stop_requested()) return false;
    }
    const std::string failure = result.get();
    if (!failure.empty()) throw Error(ErrorCode::store_failed, failure);
    return true;
  }

  RetentionResult pass(const std::stop_token& stop) {
    RetentionResult result;
    for (auto ids = candidates(); !ids.empty() && !stop.stop_requested(); ids = candidates()) {
      while (!ids.empty() && !stop.stop_requested()) {
        const auto gone = std::make_shared<std::size_t>(0);
        const auto work = [gone, ids, time = settings.piece_time](Database& writing) {
          *gone = Piece(writing, time).forget(ids);
        };
        if (!between(work, stop)) return result;
        ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(*gone));
        result.executions += static_cast<std::int64_t>(*gone);
      }
    }
    while (!stop.stop_requested()) {
      const std::int64_t free = pragma(database, "freelist_count");
      if (free == 0) break;
      const auto work = [](Database& writing) {
        writing.run("PRAGMA incremental_vacuum(" + std::to_string(pages_at_a_time) + ")");
      };
      if (!between(work, stop)) return result;
      result.pages_given_back += free - pragma(database, "freelist_count");
    }
    if (result.pages_given_back > 0) database.run("PRAGMA wal_checkpoint(PASSIVE)");
    return result;
  }

  void run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    while (!stop.stop_requested()) {
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, settings.interval, [] { return false; });
      try {
        const std::lock_guard one(passes);
        if (!stop.stop_requested()) pass(stop);
      } catch (const Error&) {
        // The journal tells of a disk that fails; the next pass is another try.
      }
    }
  }

  Journal& journal;
  const Clock& clock;
  const RetentionSettings settings;
  std::mutex passes;
  Database database;
  bool shrinking = false;
  std::jthread thread;  ///< Last, so that it ends first.
};

Retention::Retention(const Storage& storage, Journal& journal, const Clock& clock, const RetentionSettings& settings)
    : parts_(std::make_unique<Parts>(storage, journal, clock, settings)) {
  parts_->thread = std::jthread([parts = parts_.get()](const std::stop_token& stop) { parts->run(stop); });
}
Retention::~Retention() = default;

RetentionResult Retention::run_once() {
  const std::lock_guard one(parts_->passes);
  return parts_->pass({});
}

}  // namespace formulary

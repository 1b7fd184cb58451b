#include "host/store/retention.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/host/store/journal_fixture.hpp"

namespace formulary::testing {
namespace {

using namespace std::chrono_literals;

class FixedClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return WallTime(std::chrono::milliseconds(now_ms)); }
  [[nodiscard]] MonotonicTime monotonic() const override { return {}; }
  std::int64_t now_ms = test_time_ms;
};

class RetentionTest : public JournalTest {
 protected:
  /// One that ended, with that much in its journal, which does not compress.
  void add(Journal& journal, std::int64_t id, std::size_t bytes, std::int64_t ended_ms) {
    ASSERT_EQ(append_and_wait(journal, start_of(id, std::string(bytes, 'x'), ended_ms)), JournalResult::durable);
    ASSERT_EQ(append_and_wait(journal, end_of(id, "end", ended_ms)), JournalResult::durable);
  }
  [[nodiscard]] std::int64_t number(const std::string& sql) {
    Database connection = storage()->connect();
    Statement statement = connection.prepare(sql);
    return statement.step() ? statement.number(0) : -1;
  }
  /// Never by itself.
  static RetentionSettings settings() { return {.interval = 1h}; }

  FixedClock clock;
};

TEST_F(RetentionTest, ForgetsWhatEndedLongAgoWithAllThatBelongsToIt) {
  const auto host = new_host();
  Journal journal(*storage(), host->id());
  const std::int64_t day = 24 * 3'600 * 1'000;
  const StoredBody shared = make_stored_body(std::string(500'000, 's'));
  const StoredBody own = make_stored_body(std::string(500'000, 'o'));
  add(journal, 1, 100, test_time_ms - 31 * day);
  JournalEntry more{.execution = 1, .data = "more"};
  more.bodies = {shared, own};
  ASSERT_EQ(append_and_wait(journal, std::move(more)), JournalResult::durable);
  ASSERT_EQ(append_and_wait(journal, start_of(2, "open", test_time_ms - 90 * day)), JournalResult::durable);
  add(journal, 3, 100, test_time_ms - 29 * day);
  more = {.execution = 3, .data = "more"};
  more.bodies = {shared};
  ASSERT_EQ(append_and_wait(journal, std::move(more)), JournalResult::durable);

  Retention retention(*storage(), journal, clock, settings());
  EXPECT_EQ(retention.run_once().executions, 1);
  const ExecutionStore store(*storage());
  EXPECT_FALSE(store.find(1));
  EXPECT_TRUE(store.find(2)) << "an execution that has not ended is never forgotten";
  EXPECT_TRUE(store.find(3));
  EXPECT_EQ(number("SELECT count(*) FROM journal WHERE execution = 1"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM body"), 1);
  EXPECT_EQ(store.body(shared.hash).size(), 500'000U);
  EXPECT_EQ(retention.run_once().executions, 0);
}

TEST_F(RetentionTest, BeyondTheBoundOnBytesTheOldestGoAndTheFileShrinks) {
  constexpr std::uint64_t bound = 4U << 20U;
  const auto host = new_host();
  Journal journal(*storage(), host->id());
  for (std::int64_t id = 1; id <= 100; ++id) add(journal, id, 100'000, test_time_ms);
  storage()->connect().run("PRAGMA wal_checkpoint(TRUNCATE)");
  ASSERT_GT(std::filesystem::file_size(database()), 9'000'000U);

  RetentionSettings bounded = settings();
  bounded.bytes_max = bound;
  Retention retention(*storage(), journal, clock, bounded);
  const RetentionResult result = retention.run_once();
  EXPECT_GT(result.executions, 50);
  EXPECT_GT(result.pages_given_back, 1'000);
  EXPECT_EQ(number("PRAGMA freelist_count"), 0);
  EXPECT_LT(number("PRAGMA page_count") * number("PRAGMA page_size"), static_cast<std::int64_t>(bound));
  storage()->connect().run("PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_LE(std::filesystem::file_size(database()), bound);
  EXPECT_TRUE(ExecutionStore(*storage()).find(100)) << "the youngest stay";
}

TEST_F(RetentionTest, WritersWaitForOnePieceAtMost) {
  const auto host = new_host();
  Journal journal(*storage(), host->id());
  const std::int64_t long_ago = test_time_ms - 31LL * 24 * 3'600 * 1'000;
  for (int row = 0; row < 400; ++row) {  // one execution with much to delete
    JournalEntry entry = row == 0 ? start_of(1, std::string(20'000, 'x'), long_ago)
                                  : JournalEntry{.execution = 1, .data = std::string(20'000, 'x')};
    journal.append(std::move(entry));
  }
  ASSERT_EQ(append_and_wait(journal, end_of(1, "end", long_ago)), JournalResult::durable);
  Retention retention(*storage(), journal, clock, settings());
  std::atomic<bool> done{false};
  std::jthread pass([&] {
    EXPECT_EQ(retention.run_once().executions, 1);
    done = true;
  });
  auto slowest = 0ms;
  std::int64_t id = 2;
  while (!done) {
    const auto began = std::chrono::steady_clock::now();
    ASSERT_EQ(append_and_wait(journal, start_of(id++)), JournalResult::durable);
    slowest = std::max(slowest,
                       std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began));
  }
  RecordProperty("slowest_commit_ms", static_cast<int>(slowest.count()));
  EXPECT_LT(slowest, 2s) << "generous: other programs share the machine";
}

TEST_F(RetentionTest, ADatabaseFromBeforeLearnsToGiveSpaceBack) {
  {
    (void)storage();
    Database old = storage()->connect();
    old.run("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM");
    ASSERT_EQ(number("PRAGMA auto_vacuum"), 0);
  }
  (void)Storage::open({.folder = folder});
  EXPECT_EQ(number("PRAGMA auto_vacuum"), 2);
}

}  // namespace
}  // namespace formulary::testing

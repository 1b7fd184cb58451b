#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "tests/host/store/journal_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST_F(JournalTest, AnEntryIsThereWhenItIsSaidToBe) {
  const auto host = new_host();
  Journal journal(*storage(), host->id());
  const ExecutionStore store(*storage());
  const std::int64_t id = journal.next_id();
  EXPECT_EQ(append_and_wait(journal, start_of(id)), JournalResult::durable);
  EXPECT_EQ(store.find(id)->state, ExecutionState::leased);
  EXPECT_EQ(append_and_wait(journal, end_of(id)), JournalResult::durable);

  const auto record = store.find(id);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->state, ExecutionState::finished);
  EXPECT_EQ(record->status, "success");
  EXPECT_EQ(record->ended_ms, test_time_ms + 5);
  EXPECT_EQ(record->steps, 2);
  EXPECT_THAT(rows(store, id), ElementsAre("start", "end"));
  EXPECT_EQ(store.count_violations(test_time_ms), 0);
}

TEST_F(JournalTest, WhatManyHandInAtOnceIsCommittedInGroups) {
  constexpr int threads = 8;
  constexpr int each = 100;
  const auto host = new_host();
  Journal journal(*storage(), host->id());
  std::atomic<int> durable{0};
  {
    std::vector<std::jthread> writers;
    for (int thread = 0; thread < threads; ++thread) {
      writers.emplace_back([&] {
        for (int n = 0; n < each; ++n) {
          JournalEntry entry = start_of(journal.next_id());
          entry.done = [&durable](JournalResult result) { durable += result == JournalResult::durable ? 1 : 0; };
          journal.append(std::move(entry));
        }
      });
    }
  }
  const std::int64_t last = journal.next_id();
  EXPECT_EQ(append_and_wait(journal, start_of(last)), JournalResult::durable);
  EXPECT_EQ(durable, threads * each);
  EXPECT_LT(journal.counters().commits, threads * each / 2U);
  EXPECT_EQ(ExecutionStore(*storage()).count_open(), threads * each + 1);
}

TEST_F(JournalTest, WhatWasHandedInIsWrittenBeforeTheJournalEnds) {
  const auto host = new_host();
  {
    Journal journal(*storage(), host->id());
    for (int n = 0; n < 50; ++n) journal.append(start_of(journal.next_id()));
  }
  EXPECT_EQ(ExecutionStore(*storage()).count_open(), 50);
}

TEST_F(JournalTest, IdsGrowAndAreNeverGivenTwice) {
  const auto host = new_host();
  std::int64_t last = 0;
  for (int start = 0; start < 3; ++start) {
    Journal journal(*storage(), host->id());
    for (int n = 0; n < 1'100; ++n) {
      const std::int64_t id = journal.next_id();
      ASSERT_GT(id, last);
      last = id;
    }
  }
  EXPECT_LT(last, 10'000) << "few are lost";
}

TEST_F(JournalTest, ALargeBodyIsKeptOnceForAllWhoUseIt) {
  const auto host = new_host();
  Journal journal(*storage(), host->id());
  const std::string text(1'000'000, 'x');
  const StoredBody body = make_stored_body(text);
  EXPECT_LT(body.compressed.size(), text.size() / 100);
  for (std::int64_t id = 1; id <= 3; ++id) {
    JournalEntry entry = start_of(id);
    entry.bodies = {body, body};
    ASSERT_EQ(append_and_wait(journal, std::move(entry)), JournalResult::durable);
  }
  const ExecutionStore store(*storage());
  EXPECT_EQ(store.body(body.hash), text);
  Database database = storage()->connect();
  Statement count = database.prepare("SELECT (SELECT count(*) FROM body), (SELECT count(*) FROM body_use)");
  ASSERT_TRUE(count.step());
  EXPECT_EQ(count.number(0), 1);
  EXPECT_EQ(count.number(1), 3);
}

TEST_F(JournalTest, ABodyThatWasChangedOnTheDiskIsRefused) {
  const auto host = new_host();
  Journal journal(*storage(), host->id());
  const StoredBody body = make_stored_body(std::string(5'000, 'x') + "end");
  JournalEntry entry = start_of(1);
  entry.bodies = {body};
  ASSERT_EQ(append_and_wait(journal, std::move(entry)), JournalResult::durable);
  Database database = storage()->connect();
  std::string changed = body.compressed;
  changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
  database.prepare("UPDATE body SET data = ?1").bind_bytes(1, changed).run();
  const ExecutionStore store(*storage());
  EXPECT_THAT([&] { (void)store.body(body.hash); }, throws_error(ErrorCode::store_failed, "it was changed"));
  EXPECT_THAT([&] { (void)store.body("no such hash"); }, throws_error(ErrorCode::not_found, "not kept"));
}

TEST_F(JournalTest, HousekeepingRunsBetweenBatchesAndItsFailureHarmsNobody) {
  const auto host = new_host();
  Journal journal(*storage(), host->id());
  std::promise<std::string> good;
  journal.run_between([](Database& database) { database.run("UPDATE host SET started = 1"); },
                      [&good](const std::string& failure) { good.set_value(failure); });
  EXPECT_EQ(good.get_future().get(), "");
  std::promise<std::string> bad;
  journal.run_between([](Database& database) { database.run("UPDATE host SET started = 2; UPDATE nothing SET a = 1"); },
                      [&bad](const std::string& failure) { bad.set_value(failure); });
  EXPECT_NE(bad.get_future().get(), "");
  EXPECT_EQ(append_and_wait(journal, start_of(1)), JournalResult::durable);
  Database database = storage()->connect();
  Statement started = database.prepare("SELECT started FROM host");
  ASSERT_TRUE(started.step());
  EXPECT_EQ(started.number(0), 1) << "all of a piece or nothing";
}

TEST_F(JournalTest, AHostThatWasTakenOverWritesNothingMore) {
  const auto first = new_host();
  Journal old_journal(*storage(), first->id());
  ASSERT_EQ(append_and_wait(old_journal, start_of(1)), JournalResult::durable);
  first->abandon();  // as if its lock had been lost while it still runs

  const auto second = new_host();
  const Inheritance inheritance = second->take_over();
  EXPECT_EQ(inheritance.executions, 1);
  EXPECT_EQ(inheritance.hosts_that_crashed, 1);

  EXPECT_EQ(append_and_wait(old_journal, end_of(1)), JournalResult::fenced);
  EXPECT_EQ(append_and_wait(old_journal, start_of(2)), JournalResult::fenced);
  EXPECT_FALSE(old_journal.healthy());
  const ExecutionStore store(*storage());
  EXPECT_EQ(store.find(1)->state, ExecutionState::ready);
  EXPECT_FALSE(store.find(2));

  Journal new_journal(*storage(), second->id());
  EXPECT_EQ(append_and_wait(new_journal, end_of(1)), JournalResult::durable);
}

TEST_F(JournalTest, AHostThatLivesKeepsItsExecutions) {
  const auto first = new_host();
  Journal journal(*storage(), first->id());
  ASSERT_EQ(append_and_wait(journal, start_of(1)), JournalResult::durable);
  const auto second = new_host();
  EXPECT_EQ(second->take_over().executions, 0);
  EXPECT_EQ(append_and_wait(journal, end_of(1)), JournalResult::durable);
}

TEST_F(JournalTest, CrashesCountUntilThereIsARow) {
  std::int64_t crashes = 0;
  const ExecutionStore store(*storage());
  const auto crash = [&](bool with_row) {
    const auto host = new_host();
    host->take_over();
    {
      Journal journal(*storage(), host->id());
      JournalEntry entry = store.find(1) ? JournalEntry{.execution = 1} : start_of(1);
      if (!entry.start) entry.change = ExecutionChange{.state = ExecutionState::leased};
      if (with_row) entry.data = "progress";
      ASSERT_EQ(append_and_wait(journal, std::move(entry)), JournalResult::durable);
    }
    host->abandon();
    const auto next = new_host();
    next->take_over();
    crashes = store.find(1)->crashes;
  };
  crash(true);
  EXPECT_EQ(crashes, 1);
  crash(false);
  EXPECT_EQ(crashes, 2);
  crash(true);
  EXPECT_EQ(crashes, 1);
  crash(false);
  crash(false);
  EXPECT_EQ(crashes, 3);
}

TEST_F(JournalTest, AHostThatEndsInOrderLeavesNoCrashBehind) {
  {
    const auto host = new_host();
    Journal journal(*storage(), host->id());
    ASSERT_EQ(append_and_wait(journal, start_of(1)), JournalResult::durable);
    JournalEntry parked{.execution = 1};
    parked.change = ExecutionChange{.state = ExecutionState::ready};
    ASSERT_EQ(append_and_wait(journal, std::move(parked)), JournalResult::durable);
  }
  const auto next = new_host();
  const Inheritance inheritance = next->take_over();
  EXPECT_EQ(inheritance.executions, 1);
  EXPECT_EQ(inheritance.hosts_that_crashed, 0);
  EXPECT_EQ(ExecutionStore(*storage()).find(1)->crashes, 0);
  EXPECT_THAT(ExecutionStore(*storage()).open_of(next->id()), SizeIs(1));
}

struct Unlawful {
  const char* why;
  const char* sql;
};
class UnlawfulState : public JournalTest, public ::testing::WithParamInterface<Unlawful> {};

TEST_P(UnlawfulState, IsCounted) {
  const auto host = new_host();
  Journal journal(*storage(), host->id());
  ASSERT_EQ(append_and_wait(journal, start_of(1)), JournalResult::durable);
  ASSERT_EQ(append_and_wait(journal, start_of(2)), JournalResult::durable);
  const ExecutionStore store(*storage());
  ASSERT_EQ(store.count_violations(test_time_ms), 0);
  storage()->connect().run("UPDATE execution SET " + std::string(GetParam().sql) + " WHERE id = 2");
  EXPECT_EQ(store.count_violations(test_time_ms), 1) << GetParam().why;
}

INSTANTIATE_TEST_SUITE_P(States, UnlawfulState,
                         ::testing::Values(Unlawful{"leased by no host", "owner = 99"},
                                           Unlawful{"a timer for never", "state = 3"},
                                           Unlawful{"a timer long overdue", "state = 3, due = 1700000000000 - 60001"},
                                           Unlawful{"waits for nothing", "state = 4"},
                                           Unlawful{"ended and pending", "state = 0, ended = 1"},
                                           Unlawful{"ended at no time", "state = 0, status = 'failed'"},
                                           Unlawful{"open with a result", "status = 'success'"}));

TEST_F(JournalTest, ListsThoseThatAreAskedForFromTheNewestInPages) {
  const auto host = new_host();
  Journal journal(*storage(), host->id());
  for (std::int64_t id = 1; id <= 6; ++id) {
    JournalEntry entry = start_of(id, "start", test_time_ms + id);
    entry.start->formula_instance = id % 2;
    entry.start->event_id = id == 4 ? "e-4" : "";
    entry.start->object_id = id >= 5 ? "o" : "";
    ASSERT_EQ(append_and_wait(journal, std::move(entry)), JournalResult::durable);
  }
  ASSERT_EQ(append_and_wait(journal, end_of(6)), JournalResult::durable);
  const ExecutionStore store(*storage());
  const auto ids = [&store](const ExecutionQuery& query) {
    std::vector<std::int64_t> found;
    for (const auto& record : store.list(query)) found.push_back(record.id);
    return found;
  };
  EXPECT_THAT(ids({.limit = 4}), ElementsAre(6, 5, 4, 3));
  EXPECT_THAT(ids({.below_id = 3, .limit = 4}), ElementsAre(2, 1));
  EXPECT_THAT(ids({.formula_instance = 1}), ElementsAre(5, 3, 1));
  EXPECT_THAT(ids({.status = "success"}), ElementsAre(6));
  EXPECT_THAT(ids({.event_id = "e-4"}), ElementsAre(4));
  EXPECT_THAT(ids({.object_id = "o"}), ElementsAre(6, 5));
  EXPECT_THAT(ids({.created_from_ms = test_time_ms + 2, .created_to_ms = test_time_ms + 4}), ElementsAre(3, 2));
}

}  // namespace
}  // namespace formulary::testing

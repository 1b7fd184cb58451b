// What the store does when the disk fails.
#include <array>
#include <atomic>

#include "tests/host/store/journal_fixture.hpp"
#include "tests/support/fault_vfs.hpp"

namespace formulary::testing {
namespace {

using ::testing::SizeIs;

class DiskFaults : public JournalTest {
 protected:
  std::atomic<int> write_result{SQLITE_OK};
  std::atomic<int> sync_result{SQLITE_OK};

 private:
  FaultVfs vfs_{[this](DiskOperation operation) {
    return operation == DiskOperation::sync ? sync_result.load() : write_result.load();
  }};
};

struct Fault {
  int code;
  const char* sentence;
};
constexpr std::array<Fault, 2> faults = {{{SQLITE_FULL, "the disk is full, nothing was changed; make room"},
                                          {SQLITE_IOERR_WRITE, "the disk failed; check the disk"}}};

TEST_F(DiskFaults, AWriteThatFailsLeavesWhatWasThereAndTheStoreGoesOn) {
  const auto store = open();
  store->add_instance(acme("first", "t1"));
  for (const Fault& fault : faults) {
    write_result = fault.code;
    EXPECT_THAT([&] { store->add_instance(acme("second", "t2")); },
                throws_error(ErrorCode::store_failed, fault.sentence));
    write_result = SQLITE_OK;
    EXPECT_THAT(store->instances(), SizeIs(1));
  }
  store->add_instance(acme("second", "t2"));
  EXPECT_THAT(store->instances(), SizeIs(2));
}

TEST_F(DiskFaults, AFlushThatFailsIsNotTakenForDurable) {
  const auto store = open();
  store->add_instance(acme("first", "t1"));
  sync_result = SQLITE_IOERR_FSYNC;
  EXPECT_THAT([&] { store->add_instance(acme("second", "t2")); },
              throws_error(ErrorCode::store_failed, "the disk failed"));
  sync_result = SQLITE_OK;
  EXPECT_THAT(store->instances(), SizeIs(1));
}

TEST_F(DiskFaults, AFullDiskAtTheFirstStartLeavesAFolderThatStartsLater) {
  write_result = SQLITE_FULL;
  EXPECT_THAT([&] { (void)open(); }, throws_error(ErrorCode::store_failed, "the disk is full"));
  write_result = SQLITE_OK;
  EXPECT_EQ(open()->add_instance(acme()), 1);
}

/// Of an entry of its own that is kept until the disk takes it.
std::future<JournalResult> append(Journal& journal, JournalEntry entry) {
  auto result = std::make_shared<std::promise<JournalResult>>();
  entry.done = [result](JournalResult what) { result->set_value(what); };
  journal.append(std::move(entry));
  return result->get_future();
}

TEST_F(DiskFaults, WhileTheDiskTakesNothingTheJournalKeepsWhatItHasAndRefusesWhatIsNew) {
  const auto host = new_host();
  Journal journal(*storage(), host->id(), {.retry_first = std::chrono::milliseconds(1)});
  const std::int64_t first = journal.next_id();
  const std::int64_t second = journal.next_id();
  ASSERT_EQ(append_and_wait(journal, start_of(first)), JournalResult::durable);
  for (const Fault& fault : faults) {
    write_result = fault.code;
    auto kept = append(journal, {.execution = first, .data = "more"});
    EXPECT_EQ(append_and_wait(journal, start_of(second)), JournalResult::refused);
    EXPECT_FALSE(journal.healthy());
    EXPECT_THAT(journal.counters().last_failure, ::testing::HasSubstr(fault.sentence));
    EXPECT_NE(kept.wait_for(std::chrono::milliseconds(20)), std::future_status::ready);
    write_result = SQLITE_OK;
    EXPECT_EQ(kept.get(), JournalResult::durable);
    EXPECT_TRUE(journal.healthy());
  }
  sync_result = SQLITE_IOERR_FSYNC;
  auto kept = append(journal, {.execution = first, .data = "flushed"});
  EXPECT_NE(kept.wait_for(std::chrono::milliseconds(20)), std::future_status::ready);
  sync_result = SQLITE_OK;
  EXPECT_EQ(kept.get(), JournalResult::durable);
  const ExecutionStore store(*storage());
  EXPECT_THAT(rows(store, first), ::testing::ElementsAre("start", "more", "more", "flushed"));
  EXPECT_FALSE(store.find(second));
}

TEST_F(DiskFaults, AJournalThatKeepsNothingFindsOutByItselfThatTheDiskIsBack) {
  const auto host = new_host();
  Journal journal(*storage(), host->id(), {.retry_first = std::chrono::milliseconds(1)});
  write_result = SQLITE_FULL;
  EXPECT_EQ(append_and_wait(journal, start_of(1)), JournalResult::refused);
  EXPECT_FALSE(journal.healthy());
  write_result = SQLITE_OK;
  while (!journal.healthy()) std::this_thread::yield();
  EXPECT_EQ(append_and_wait(journal, start_of(2)), JournalResult::durable);
}

TEST_F(DiskFaults, AJournalEndsAlthoughTheDiskFails) {
  const auto host = new_host();
  {
    Journal journal(*storage(), host->id());
    write_result = SQLITE_FULL;
    journal.append(start_of(1));
    journal.append({.execution = 7, .data = "x"});
  }
  write_result = SQLITE_OK;
}

}  // namespace
}  // namespace formulary::testing

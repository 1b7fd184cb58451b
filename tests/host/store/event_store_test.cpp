#include "host/store/event_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/store/poll_store.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"
#include "tests/host/store/store_fixture.hpp"

namespace formulary {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

NewEvent event(std::int64_t at_ms, std::int64_t instance = 5, std::int64_t account = 3) {
  return {.account = account,
          .instance = instance,
          .element_key = "crm",
          .at_ms = at_ms,
          .vendor_id = {},
          .count = 2,
          .events = R"([{"objectId":"a"},{}])",
          .payload = R"({"name":"the-payload"})"};
}

NewEvent called(const std::string& vendor_id, std::int64_t instance = 5) {
  NewEvent made = event(1'000, instance);
  made.vendor_id = vendor_id;
  return made;
}

const auto id_is = [](std::int64_t id) { return Field(&EventRecord::id, id); };

class EventStoreTest : public formulary::testing::StoreTest {
 protected:
  std::int64_t number(const std::string& sql) {
    Database connection = storage->connect();
    Statement statement = connection.prepare(sql);
    return statement.step() ? statement.number(0) : -1;
  }
  std::shared_ptr<Storage> storage = Storage::open({.folder = folder});
  EventStore events{*storage};
};

TEST_F(EventStoreTest, GivesBackWhatWasAddedTheNewestFirst) {
  const EventStore::Added added = events.add({event(1'000), event(2'000)});
  EXPECT_EQ(added.fresh, 2);
  const EventPage page = events.list({.account = 3});
  EXPECT_THAT(page.records, ElementsAre(id_is(added.ids[1]), id_is(added.ids[0])));
  EXPECT_FALSE(page.more);
  const auto found = events.find(3, added.ids[0]);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->status, EventStatus::fresh);
  EXPECT_EQ(found->payload, R"({"name":"the-payload"})");
  EXPECT_EQ(found->events, R"([{"objectId":"a"},{}])");
  EXPECT_EQ(found->count, 2);
  EXPECT_FALSE(events.find(4, added.ids[0])) << "another account's";
  EXPECT_THAT(events.list({.account = 4}).records, IsEmpty());
}

TEST_F(EventStoreTest, NarrowsAndPages) {
  events.add({event(1'000, 5), event(2'000, 6), event(3'000, 5)});
  EXPECT_THAT(events.list({.account = 3, .instance = 5}).records, SizeIs(2));
  EXPECT_THAT(events.list({.account = 3, .from_ms = 2'000, .to_ms = 3'000}).records, SizeIs(1));
  const EventPage first = events.list({.account = 3, .limit = 2});
  EXPECT_TRUE(first.more);
  const EventPage rest = events.list({.account = 3, .below_id = first.records.back().id, .limit = 2});
  EXPECT_THAT(rest.records, SizeIs(1));
  EXPECT_FALSE(rest.more);
  EXPECT_THAT(events.list({.account = 3, .bytes_max = 1}).records, SizeIs(1)) << "a page of large ones ends earlier";
}

TEST_F(EventStoreTest, TheSameEventOfAVendorComesInOnce) {
  const auto first = events.add({called("x#1"), called("x#2")});
  const auto again = events.add({called("x#1"), called("x#2")});
  EXPECT_EQ(again.fresh, 0);
  EXPECT_EQ(again.ids, first.ids);
  EXPECT_EQ(events.add({called("x#1", 6)}).fresh, 1) << "another instance's";
  EXPECT_EQ(events.add({called(""), called("")}).fresh, 2) << "one without a name is always new";
}

TEST_F(EventStoreTest, WhatIsTakenIsNobodyElsesForAWhile) {
  const std::int64_t id = events.add({event(1'000)}).ids.front();
  EXPECT_EQ(events.next_due(), 1'000);
  EXPECT_FALSE(events.take_due(999, 5'000));
  const auto taken = events.take_due(1'000, 5'000);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->attempts, 1);
  EXPECT_EQ(events.find(3, id)->status, EventStatus::received);
  EXPECT_FALSE(events.take_due(4'999, 9'000));
  EXPECT_EQ(events.take_due(5'000, 9'000)->attempts, 2);
  EXPECT_EQ(events.count_open(3), 1);
  events.settle(id, {.status = EventStatus::notified, .due_ms = 0, .dispositions = R"([{"message":"m"}])"});
  EXPECT_EQ(events.count_open(3), 0);
  EXPECT_EQ(events.next_due(), 0);
  EXPECT_EQ(events.find(3, id)->dispositions, R"([{"message":"m"}])");
}

TEST_F(EventStoreTest, CountsEventObjectsByTimeAndInstance) {
  events.add({event(1'000, 5), event(1'500, 5), event(2'000, 6), event(9'000, 5), event(1'000, 7, 4)});
  const auto counts = events.count_by_time({.account = 3, .from_ms = 1'000, .to_ms = 3'000, .interval_ms = 1'000});
  ASSERT_THAT(counts, SizeIs(2));
  EXPECT_EQ(counts[0].events, 4);
  EXPECT_EQ(counts[1].bucket, 1);
  EXPECT_EQ(counts[1].instance, 6);
}

TEST_F(EventStoreTest, ForgetsWhatIsOldOrTooMuchButNothingThatIsOpen) {
  std::vector<std::int64_t> ids = events.add({event(1'000), event(2'000), event(3'000), event(4'000)}).ids;
  EXPECT_EQ(events.forget({.before_ms = 9'000}), 0) << "all are open";
  for (const std::int64_t id : ids) events.settle(id, {.status = EventStatus::notified, .dispositions = "[]"});
  EXPECT_EQ(events.forget({.before_ms = 1'001}), 1);
  events.add({event(5'000, 5, 4)});
  EXPECT_EQ(events.forget({.count_max = 2}), 1);
  EXPECT_THAT(events.list({.account = 3}).records, ElementsAre(id_is(ids[3]), id_is(ids[2])));
  EXPECT_EQ(events.forget({.bytes_max = 1}), 2);
}

TEST_F(EventStoreTest, PayloadsAreEncryptedAtRest) {
  events.add({event(1'000)});
  for (const char* file : {"formulary.db", "formulary.db-wal"}) {
    EXPECT_THAT(formulary::testing::read_file(folder / file), Not(HasSubstr("the-payload")));
  }
}

TEST_F(EventStoreTest, GoesWithItsInstance) {
  const auto store = open_store(*storage);
  const std::int64_t instance = store->add_instance(formulary::testing::acme());
  events.add({event(1'000, instance)});
  PollStore polls(*storage);
  polls.begin({.instance = instance, .resource = "r"});
  polls.save(
      {.state = {.instance = instance, .resource = "r"}, .told = {{.object_id = "a", .at_ms = 1}}, .events = {}});
  store->remove_instance(instance);
  EXPECT_EQ(number("SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM event_poll) + "
                   "(SELECT count(*) FROM event_told)"),
            0);
}

TEST_F(EventStoreTest, APageOfAPollIsSavedAsAWhole) {
  PollStore polls(*storage);
  PollState state{.instance = 5, .resource = "r", .floor_ms = 1, .last_ms = 2, .due_ms = 3};
  polls.begin(state);
  polls.begin({.instance = 5, .resource = "r", .floor_ms = 9});
  EXPECT_EQ(polls.of(5).front().floor_ms, 1) << "one that goes on is not begun again";
  state.cursor = "p2";
  state.error = "e";
  polls.save({.state = state, .told = {{"a", 10}, {"b", 20}}, .events = {event(1'000)}, .keep_after_ms = 10});
  EXPECT_EQ(polls.of(5).front().cursor, "p2");
  EXPECT_THAT(polls.were_told(state, {{"a", 10}, {"b", 20}, {"b", 21}}), ElementsAre(false, true, false));
  EXPECT_THAT(events.list({.account = 3}).records, SizeIs(1));
  polls.remove(5, "r");
  polls.save({.state = state, .told = {}, .events = {event(2'000)}});
  EXPECT_THAT(events.list({.account = 3}).records, SizeIs(1)) << "turned off meanwhile";
}

}  // namespace
}  // namespace formulary

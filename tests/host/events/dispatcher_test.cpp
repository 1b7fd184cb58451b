#include "host/events/dispatcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "host/base/error.hpp"
#include "host/store/storage.hpp"
#include "tests/host/store/store_fixture.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/set_clock.hpp"

namespace formulary::events {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DispatcherTest : public formulary::testing::StoreTest {
 protected:
  DispatcherTest() {
    InstanceRecord record = formulary::testing::acme();
    record.account = 3;
    record.document =
        R"({"name":"Acme","tags":["Docs"],"platformConfiguration":{"event.notification.callback.url":"https://a.example/x"}})";
    instance = instances.add_instance(record);
  }

  DispatcherPorts ports() {
    return {.events = &events,
            .instances = &instances,
            .clock = &clock,
            .company = [this](std::int64_t) { return company; },
            .start =
                [this](const InstanceRecord&, const json::value& notification, bool first_time) {
                  started.push_back(to_text(notification.at("message").at("eventId")) + (first_time ? "" : " again"));
                  return start();
                },
            .deliver =
                [this](const InstanceRecord&, const json::object& notification) {
                  delivered.push_back(to_text(notification.at("message").at("instanceTags")));
                  deliver();
                },
            .warn = [this](const std::string& sentence) { warned.push_back(sentence); }};
  }
  std::int64_t add() {
    return events
        .add({{.account = 3,
               .instance = instance,
               .element_key = "crm",
               .at_ms = std::chrono::floor<std::chrono::milliseconds>(clock.wall().time_since_epoch()).count(),
               .vendor_id = {},
               .count = 1,
               .events = R"([{"objectId":"a"}])",
               .payload = "{}"}})
        .ids.front();
  }
  EventRecord record(std::int64_t id) { return events.find(3, id).value(); }

  std::shared_ptr<Storage> storage = Storage::open({.folder = folder});
  EventStore events{*storage};
  formulary::testing::MemoryStore instances;
  formulary::testing::SetClock clock;
  std::int64_t instance = 0;
  std::int64_t company = 2;
  std::function<StartedFormulas()> start = [] { return StartedFormulas{.executions = {11, 12}, .failures = {}}; };
  std::function<void()> deliver = [] {};
  std::vector<std::string> started;
  std::vector<std::string> delivered;
  std::vector<std::string> warned;
};

TEST_F(DispatcherTest, StartsFormulasAndHandsOverUntilEverybodyWasTold) {
  Dispatcher dispatcher(ports());
  const std::int64_t id = add();
  EXPECT_EQ(dispatcher.run_due(), 1);
  EXPECT_THAT(started, ElementsAre(std::to_string(id)));
  EXPECT_THAT(delivered, ElementsAre(R"(["Docs"])"));
  EXPECT_EQ(record(id).status, EventStatus::notified);
  EXPECT_EQ(record(id).due_ms, 0);
  EXPECT_THAT(record(id).dispositions, HasSubstr("Triggered executions 11, 12"));
  EXPECT_EQ(dispatcher.run_due(), 0);
}

TEST_F(DispatcherTest, TriesAgainWhatMayPassAndSaysThatItMayHaveBegun) {
  Dispatcher dispatcher(ports());
  start = []() -> StartedFormulas { return {.executions = {}, .failures = {"full"}, .again = true}; };
  const std::int64_t id = add();
  dispatcher.run_due();
  EXPECT_EQ(record(id).status, EventStatus::received);
  EXPECT_THAT(delivered, IsEmpty());
  EXPECT_EQ(dispatcher.run_due(), 0) << "not at once";
  start = [] { return StartedFormulas{}; };
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(dispatcher.run_due(), 1);
  EXPECT_THAT(started, ElementsAre(std::to_string(id), std::to_string(id) + " again"));
  EXPECT_EQ(record(id).status, EventStatus::notified);
}

TEST_F(DispatcherTest, ADeliveryThatFailsStartsNoFormulaAgain) {
  Dispatcher dispatcher(ports());
  deliver = [] { throw Error(ErrorCode::store_failed, "the disk is full; make room"); };
  const std::int64_t id = add();
  dispatcher.run_due();
  EXPECT_EQ(record(id).status, EventStatus::dispatched);
  EXPECT_THAT(record(id).dispositions, HasSubstr("Error delivering event: the disk is full"));
  deliver = [] {};
  clock.advance(std::chrono::seconds(1));
  dispatcher.run_due();
  EXPECT_EQ(started.size(), 1);
  EXPECT_EQ(delivered.size(), 2);
  EXPECT_EQ(record(id).status, EventStatus::notified);
}

TEST_F(DispatcherTest, WhatCannotBeDeliveredIsNotTriedForEver) {
  Dispatcher dispatcher(ports());
  deliver = [] { throw Error(ErrorCode::limit_reached, "over 1 MiB"); };
  const std::int64_t id = add();
  dispatcher.run_due();
  EXPECT_EQ(record(id).due_ms, 0);
  EXPECT_THAT(warned, ElementsAre(HasSubstr("over 1 MiB")));
}

TEST_F(DispatcherTest, AnInstanceOrAccountThatIsGoneIsToldNothing) {
  Dispatcher dispatcher(ports());
  company = 0;
  const std::int64_t first = add();
  dispatcher.run_due();
  EXPECT_THAT(record(first).dispositions, HasSubstr("not active"));
  company = 2;
  const std::int64_t second = add();
  instances.remove_instance(instance);
  dispatcher.run_due();
  EXPECT_THAT(record(second).dispositions, HasSubstr("deleted"));
  EXPECT_THAT(started, IsEmpty());
}

TEST_F(DispatcherTest, ForgetsWhatIsOldOnceEverybodyWasTold) {
  Dispatcher dispatcher(ports());
  const std::int64_t id = add();
  clock.advance(std::chrono::hours(24 * 8));
  dispatcher.forget_old();
  EXPECT_TRUE(events.find(3, id));
  dispatcher.run_due();
  dispatcher.forget_old();
  EXPECT_FALSE(events.find(3, id));
}

TEST_F(DispatcherTest, ItsThreadIsWokenByWhatComesIn) {
  std::promise<void> told;
  deliver = [&told] { told.set_value(); };
  Dispatcher dispatcher(ports());
  dispatcher.start();
  const std::int64_t id = add();
  dispatcher.wake();
  told.get_future().wait();
  dispatcher.stop();
  EXPECT_EQ(record(id).status, EventStatus::notified);
}

TEST_F(DispatcherTest, WhatAHostThatDiedTookIsTakenAgainLater) {
  const std::int64_t id = add();
  const std::int64_t now = std::chrono::floor<std::chrono::milliseconds>(clock.wall().time_since_epoch()).count();
  ASSERT_TRUE(events.take_due(now, now + 120'000));
  Dispatcher dispatcher(ports());
  EXPECT_EQ(dispatcher.run_due(), 0);
  clock.advance(std::chrono::seconds(120));
  EXPECT_EQ(dispatcher.run_due(), 1);
  EXPECT_THAT(started, ElementsAre(std::to_string(id) + " again"));
}

}  // namespace
}  // namespace formulary::events

#include "host/events/poller.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/events/poll_turn.hpp"
#include "host/store/event_store.hpp"
#include "host/store/storage.hpp"
#include "tests/host/element/fake_plugin.hpp"
#include "tests/host/store/store_fixture.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/set_clock.hpp"

namespace formulary::events {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* poller_configuration =
    R"({"contacts":{"url":"/hubs/sales/contacts?where=since='${gmtDate:HH:mm:ss}'","datesConfiguration":)"
    R"({"updatedDateField":"u","createdDateField":"c"},"pollDelay":5}})";

/// The clock begins at 2023-11-14T22:13:20Z.
std::string row(const std::string& id, const std::string& updated, const std::string& created = "10:00:00") {
  return R"({"id":")" + id + R"(","u":"2023-11-14T)" + updated + R"(Z","c":"2023-11-14T)" + created + "Z\"}";
}

class PollerTest : public formulary::testing::StoreTest {
 protected:
  PollerTest() { instance = instances.add_instance(record(R"("true")")); }

  static InstanceRecord record(const std::string& enabled) {
    InstanceRecord made = formulary::testing::acme();
    made.account = 3;
    json::object platform{{"event.vendor.type", "polling"},
                          {"event.poller.refresh_interval", "1"},
                          {"event.poller.configuration", poller_configuration}};
    platform["event.notification.enabled"] = parse_json(enabled, "enabled");
    made.document = to_text(json::object{{"name", "Acme"}, {"platformConfiguration", std::move(platform)}});
    return made;
  }
  void change(const std::string& enabled, bool disabled = false) {
    InstanceRecord made = record(enabled);
    made.id = instance;
    made.disabled = disabled;
    instances.replace_instance(made);
  }
  PollerPorts ports() {
    return {.instances = &instances,
            .polls = &polls,
            .clock = &clock,
            .manifest = [this](const std::string&) { return &manifest; },
            .call =
                [this](const InstanceRecord&, const ResourceRequest& request, const std::stop_token&) {
                  asked.push_back(request.path + ' ' + to_text(request.query));
                  return answer();
                },
            .is_active = [](std::int64_t) { return true; },
            .saved = [this] { ++saved; },
            .warn = [this](const std::string& sentence) { warned.push_back(sentence); }};
  }
  /// A poll with one page.
  void poll(Poller& poller, const std::string& rows) {
    answer = [rows] { return ResourceAnswer{.status = 200, .body = "[" + rows + "]"}; };
    poller.run_due();
  }
  std::vector<std::string> told() {
    std::vector<std::string> all;
    for (const EventRecord& one : events.list({.account = 3}).records) {
      const json::value list = parse_json(one.events, "events");
      for (const json::value& event : list.as_array()) {
        all.push_back(std::string(event.at("eventType").as_string()) + ' ' +
                      std::string(event.at("objectId").as_string()));
      }
    }
    return all;
  }

  std::shared_ptr<Storage> storage = Storage::open({.folder = folder});
  EventStore events{*storage};
  PollStore polls{*storage};
  formulary::testing::MemoryStore instances;
  formulary::testing::SetClock clock;
  Manifest manifest = parse_manifest(formulary::testing::crm_manifest, "manifest");
  std::int64_t instance = 0;
  std::function<ResourceAnswer()> answer = [] { return ResourceAnswer{.status = 200, .body = "[]"}; };
  std::vector<std::string> asked;
  std::vector<std::string> warned;
  int saved = 0;
};

TEST_F(PollerTest, AsksForWhatCameSinceAndTellsItOnce) {
  Poller poller(ports(), {});
  poll(poller, row("old", "22:13:20"));
  EXPECT_THAT(asked, ElementsAre(R"(/hubs/sales/contacts {"where":"since='22:13:20'","pageSize":"100"})"));
  EXPECT_THAT(told(), IsEmpty()) << "nothing from before events were turned on";

  clock.advance(seconds(59));
  poll(poller, row("a", "22:14:00"));
  EXPECT_EQ(asked.size(), 1) << "not due yet";
  clock.advance(seconds(1));
  poll(poller, row("a", "22:14:00") + ',' + row("b", "22:14:10", "22:14:10"));
  EXPECT_THAT(told(), ElementsAre("UPDATED a", "CREATED b"));
  EXPECT_EQ(saved, 1);

  clock.advance(seconds(60));
  poll(poller, row("b", "22:14:16", "22:14:10") + ',' + row("a", "22:14:19"));
  EXPECT_THAT(asked.back(), HasSubstr("22:14:15")) << "looks back by pollDelay";
  EXPECT_THAT(told(), ElementsAre("UPDATED b", "UPDATED a", "UPDATED a", "CREATED b"));
  clock.advance(seconds(60));
  poll(poller, row("b", "22:14:16", "22:14:10") + ',' + row("a", "22:15:17"));
  clock.advance(seconds(60));
  poll(poller, row("a", "22:15:17"));
  EXPECT_THAT(told(), SizeIs(5)) << "what was told is not told again";
}

TEST_F(PollerTest, MakesNotificationsOfTenWithTheirRows) {
  Poller poller(ports(), {});
  poller.run_due();
  clock.advance(seconds(60));
  std::string rows;
  for (int count = 0; count < 12; ++count) rows += (rows.empty() ? "" : ",") + row(std::to_string(count), "22:14:00");
  poll(poller, rows);
  const auto records = events.list({.account = 3}).records;
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[1].count, 10);
  const json::value payload = parse_json(records[0].payload, "payload");
  EXPECT_EQ(payload.at("objectType"), "contacts");
  EXPECT_EQ(payload.at("contacts").as_array().size(), 2);
  EXPECT_EQ(payload.at("contacts").at(0).at("id"), "10");
}

TEST_F(PollerTest, ReadsPagesInBoundedTurnsAndAfterACrashGoesOnWhereItWas) {
  const PollerSettings two_pages{.pages_max = 2};
  std::deque<std::pair<std::string, std::string>> pages = {
      {row("a", "22:14:00"), "p2"}, {row("b", "22:14:00"), "p3"}, {row("c", "22:14:00"), ""}};
  {
    Poller poller(ports(), two_pages);
    poller.run_due();
    clock.advance(seconds(60));
    answer = [&] {
      const auto [rows, next] = pages.front();
      pages.pop_front();
      return ResourceAnswer{.status = 200, .next_page = next, .body = "[" + rows + "]"};
    };
    poller.run_due();
    EXPECT_THAT(told(), ElementsAre("UPDATED b", "UPDATED a"));
  }
  Poller next(ports(), two_pages);
  next.run_due();
  EXPECT_THAT(asked.back(), HasSubstr(R"("nextPage":"p3")"));
  EXPECT_THAT(told(), ElementsAre("UPDATED c", "UPDATED b", "UPDATED a"));
  EXPECT_EQ(polls.of(instance).front().cursor, "");
}

TEST_F(PollerTest, AVendorThatNamesItsPageAgainIsLeft) {
  Poller poller(ports(), {});
  answer = [] { return ResourceAnswer{.status = 200, .next_page = "p", .body = "[" + row("a", "22:00:00") + "]"}; };
  poller.run_due();
  EXPECT_THAT(asked, SizeIs(2));
}

TEST_F(PollerTest, AFailureIsKeptAndBackedOffAndLosesNothing) {
  Poller poller(ports(), {});
  poller.run_due();
  clock.advance(seconds(60));
  answer = []() -> ResourceAnswer { throw Error(ErrorCode::unavailable, "the vendor is away; try later"); };
  poller.run_due();
  const PollState failed = polls.of(instance).front();
  EXPECT_EQ(failed.failures, 1);
  EXPECT_THAT(failed.error, HasSubstr("away"));
  EXPECT_THAT(warned, ElementsAre(HasSubstr("polling contacts fails (1 in a row)")));
  clock.advance(seconds(60));
  poller.run_due();
  EXPECT_THAT(warned, SizeIs(1)) << "said once";
  clock.advance(seconds(60));
  poller.run_due();
  EXPECT_EQ(asked.size(), 3) << "it waits twice as long now";
  clock.advance(seconds(60));
  poll(poller, row("a", "22:13:30"));
  EXPECT_THAT(told(), ElementsAre("UPDATED a")) << "from the time of the last poll that went well";
  EXPECT_EQ(polls.of(instance).front().error, "");
  EXPECT_THAT(warned.back(), HasSubstr("goes well again"));
}

TEST_F(PollerTest, SaysWhenARowCannotBeJudged) {
  Poller poller(ports(), {});
  poll(poller, R"({"id":"a"})");
  EXPECT_THAT(polls.of(instance).front().error, HasSubstr("the u of a row is missing"));
  EXPECT_EQ(polls.of(instance).front().failures, 0);
}

TEST_F(PollerTest, AnswersThatAreNoListsAreFailures) {
  Poller poller(ports(), {});
  answer = [] { return ResourceAnswer{.status = 200, .body = "{}"}; };
  poller.run_due();
  EXPECT_THAT(polls.of(instance).front().error, HasSubstr("no list"));
}

TEST_F(PollerTest, ATurnOfTheSwitchIsSeenWithoutARestart) {
  change("false");
  Poller poller(ports(), {});
  poller.run_due();
  EXPECT_THAT(asked, IsEmpty());
  change("true");
  clock.advance(seconds(5));
  poller.run_due();
  EXPECT_THAT(asked, SizeIs(1));
  change(R"("true")", true);
  clock.advance(seconds(60));
  poller.run_due();
  EXPECT_THAT(asked, SizeIs(1)) << "a disabled instance is not asked";
  EXPECT_THAT(polls.of(instance), SizeIs(1)) << "and goes on where it was";
  change("false");
  clock.advance(seconds(60));
  poller.run_due();
  EXPECT_THAT(asked, SizeIs(1));
  EXPECT_THAT(polls.all(), IsEmpty()) << "a later turn begins with its own time";
}

TEST_F(PollerTest, AConfigurationThatCannotBeReadIsSaid) {
  InstanceRecord broken = record("true");
  broken.id = instance;
  broken.document = R"({"platformConfiguration":{"event.notification.enabled":true,"event.vendor.type":"polling"}})";
  instances.replace_instance(broken);
  Poller poller(ports(), {});
  poller.run_due();
  clock.advance(seconds(60));
  poller.run_due();
  EXPECT_THAT(warned, SizeIs(1));
  ASSERT_THAT(polls.of(instance), SizeIs(1));
  EXPECT_THAT(polls.of(instance).front().error, HasSubstr("event.poller.configuration"));
  change("true");
  clock.advance(seconds(60));
  poller.run_due();
  EXPECT_EQ(polls.of(instance).front().resource, "contacts");
}

TEST_F(PollerTest, TwoHostsDoNotPollTheSame) {
  Poller one(ports(), {});
  one.run_due();
  clock.advance(seconds(60));
  const PollState state = polls.of(instance).front();
  EXPECT_TRUE(polls.claim(state, state.due_ms + 1'000));
  EXPECT_FALSE(polls.claim(state, state.due_ms + 1'000));
}

TEST(PollWait, DoublesUpToAnHour) {
  using std::chrono::minutes;
  EXPECT_EQ(poll_wait(minutes(15), 1), minutes(15));
  EXPECT_EQ(poll_wait(minutes(15), 2), minutes(30));
  EXPECT_EQ(poll_wait(minutes(15), 9), minutes(60));
  EXPECT_EQ(poll_wait(minutes(600), 50), minutes(600));
}

}  // namespace
}  // namespace formulary::events

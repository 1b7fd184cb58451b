#include "host/events/incoming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/error_matchers.hpp"

namespace formulary::events {
namespace {

using formulary::testing::throws_error;

constexpr Moment now = 1'533'065'986'000;  // 2018-07-31T19:39:46Z

Incoming read(std::string_view body) {
  return read_incoming(body, {.element_key = "crm", .hub_key = "sales"}, now);
}

/// "type id object-type date" of each.
std::string said(const Incoming& incoming) {
  std::string all;
  for (const json::value& event : incoming.events) {
    const json::object& one = event.as_object();
    EXPECT_EQ(one.at("elementKey"), "crm");
    EXPECT_EQ(one.at("hubKey"), "sales");
    for (const char* member : {"eventType", "objectId", "objectType", "date"}) {
      all += std::string(one.at(member).as_string()) + (std::string_view(member) == "date" ? ";" : " ");
    }
  }
  return all;
}

struct Row {
  const char* body;
  const char* events;
};

class Bodies : public ::testing::TestWithParam<Row> {};

TEST_P(Bodies, BecomeEvents) {
  EXPECT_EQ(said(read(GetParam().body)), GetParam().events) << GetParam().body;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Bodies,
    ::testing::Values(
        Row{R"({"instance_id":7,"objectType":"accounts","events":[{"objectId":"a","eventType":"CREATED",
                "date":"2018-01-01T00:00:00Z"},{"objectId":2,"eventType":"odd"}],"accounts":[{}]})",
            "CREATED a accounts 2018-01-01T00:00:00Z;UNKNOWN 2 accounts 2018-07-31T19:39:46Z;"},
        Row{R"({"events":[{"event_object_id":"a","event_type":"deleted","event_object_type":"jobs","event_date":"x"}]})",
            "DELETED a jobs 2018-07-31T19:39:46Z;"},
        Row{R"({"severity":"medium","message":{"eventId":5,"events":[{"objectId":"b","eventType":"UPDATED",
                "objectType":"t","elementKey":"other"}],"raw":{"x":1}}})",
            "UPDATED b t 2018-07-31T19:39:46Z;"},
        Row{R"({"id":"e1","objectType":"order","timestamp":"2018-01-01T00:00:00.000Z"})",
            "UNKNOWN e1 order 2018-01-01T00:00:00.000Z;"},
        Row{R"([{"id":1},{"id":2}])", "UNKNOWN 1  2018-07-31T19:39:46Z;UNKNOWN 2  2018-07-31T19:39:46Z;"},
        Row{"a=1&b=2", "UNKNOWN   2018-07-31T19:39:46Z;"}, Row{"", "UNKNOWN   2018-07-31T19:39:46Z;"},
        Row{R"({"events":[]})", "UNKNOWN   2018-07-31T19:39:46Z;"}));

TEST(Incoming, KeepsWhatTheVendorSent) {
  EXPECT_EQ(read("a=1").payload, R"("a=1")");
  EXPECT_EQ(read(R"({"x":1})").payload, R"({"x":1})");
  EXPECT_EQ(read(R"({"message":{"events":[{}],"raw":{"x":1}}})").payload, R"({"x":1})");
  const json::object event = read(R"({"events":[{"objectId":"a","newPath":"/b"}]})").events.at(0).as_object();
  EXPECT_EQ(event.at("newPath"), "/b");
}

TEST(Incoming, TellsASimulatedPollFromAWebhook) {
  EXPECT_TRUE(read(R"({"objectType":"a","events":[{}],"a":[{}]})").is_poll);
  EXPECT_FALSE(read(R"({"objectType":"a","events":[{}]})").is_poll);
}

TEST(Incoming, KnowsHowTheVendorCallsIt) {
  EXPECT_EQ(read(R"({"eventId":35149})").vendor_id, "35149");
  EXPECT_EQ(read(R"({"event_id":"x"})").vendor_id, "x");
  EXPECT_EQ(read(R"({"message":{"eventId":5,"events":[{}]}})").vendor_id, "5");
  EXPECT_EQ(read(R"({"id":5})").vendor_id, "") << "that is the object's";
}

TEST(Incoming, IsBounded) {
  std::string many = R"({"events":[{})";
  for (std::size_t count = 0; count < posted_events_max; ++count) many += ",{}";
  EXPECT_THAT([&] { (void)read(many + "]}"); }, throws_error(ErrorCode::limit_reached, "1000"));
  std::string large = R"({"events":[{})";
  for (int count = 0; count < 900; ++count) large += ",{}";
  EXPECT_THAT([&] { (void)read(large + R"(],"x":")" + std::string(2U << 20U, 'x') + "\"}"); },
              throws_error(ErrorCode::limit_reached, "64 MiB"));
  EXPECT_THAT([] { (void)read(R"({"events":[1]})"); }, throws_error(ErrorCode::bad_input, "no JSON object"));
  EXPECT_THAT([] { (void)read("\xff"); }, throws_error(ErrorCode::bad_input, "UTF-8"));
}

TEST(Notification, HasWhatTheDocumentationShows) {
  const json::object notification = notification_of({.event_id = 35'149,
                                                     .account = 1,
                                                     .company = 2,
                                                     .instance = 764,
                                                     .element_key = "crm",
                                                     .instance_name = "Acme",
                                                     .tags = {"Docs"}},
                                                    R"([{"objectId":"a"}])", R"({"objectType":"accounts"})");
  EXPECT_EQ(to_text(notification),
            R"({"severity":"medium","topic":"events","message":{"elementKey":"crm","accountId":1,"companyId":2,)"
            R"("eventId":35149,"instanceId":764,"instance_id":764,"instanceName":"Acme","instanceTags":["Docs"],)"
            R"("raw":{"objectType":"accounts"},"events":[{"objectId":"a"}]}})");
}

TEST(PartsOf, AreAsLargeAsAllowed) {
  json::array events;
  for (int count = 0; count < 45; ++count) events.emplace_back(count);
  const auto parts = parts_of(events, webhook_events_max);
  ASSERT_EQ(parts.size(), 3);
  EXPECT_EQ(parts[0].size(), 20);
  EXPECT_EQ(parts[2].size(), 5);
  EXPECT_TRUE(parts_of({}, 10).empty());
}

}  // namespace
}  // namespace formulary::events

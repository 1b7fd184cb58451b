#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "host/api/api.hpp"
#include "host/api/event_parts.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/events/webhook_proof.hpp"
#include "host/store/storage.hpp"
#include "tests/host/element/fake_plugin.hpp"
#include "tests/host/store/store_fixture.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/set_clock.hpp"

namespace formulary::api {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::int64_t now_ms = 1'700'000'000'000;

/// Believes what the header says: "User <account>", "Element <instance>".
class BelievingAuthorizer final : public Authorizer {
 public:
  Principal authorize(const ApiRequest& request) override {
    const auto given = request.header("authorization");
    if (!given) throw Error(ErrorCode::unauthenticated, "Authorization: missing");
    const Credentials credentials = parse_authorization(*given);
    Principal principal{.organization = 1, .account = std::stoll(credentials.user), .user = 7};
    if (!credentials.element.empty()) principal.instance = std::stoll(credentials.element);
    return principal;
  }
};

class EventsRoutesTest : public formulary::testing::StoreTest {
 protected:
  EventsRoutesTest() {
    ApiParts parts;
    parts.authorizer = &authorizer_;
    parts.clock = &clock;
    const EventParts events_parts{.instances = &instances,
                                  .events = &events,
                                  .polls = &polls,
                                  .history = &history,
                                  .clock = &clock,
                                  .authorizer = &authorizer_,
                                  .guard = &guard_,
                                  .manifest = [this](const std::string&) { return &manifest; },
                                  .is_active = [this](std::int64_t account) { return !inactive.contains(account); },
                                  .saved = [this] { ++saved; },
                                  .open_max = 5};
    add_event_inlet_routes(parts.router, events_parts);
    add_events_routes(parts.router, events_parts);
    api_ = std::make_unique<Api>(std::move(parts));
  }

  std::int64_t instance(std::int64_t account, const json::object& platform, const std::string& secrets = "{}") {
    InstanceRecord record = formulary::testing::acme("Acme", "token" + std::to_string(++made_));
    record.account = account;
    record.document = to_text(json::object{{"name", "Acme"}, {"platformConfiguration", platform}});
    record.secrets = secrets;
    return instances.add_instance(record);
  }
  std::int64_t webhook_instance(std::int64_t account = 3) {
    return instance(account, {{"event.notification.enabled", "true"}, {"event.vendor.type", "webhook"}});
  }
  ApiAnswer send(const std::string& method, const std::string& target, NamedValues headers = {},
                 const std::string& body = {}) {
    ApiRequest request;
    request.method = method;
    request.request_id = "0123456789abcdef01234567";
    request.peer = "192.0.2.1";
    request.headers = std::move(headers);
    request.read_body = [rest = std::string_view(body)](std::span<char> part) mutable {
      const std::size_t count = std::min(part.size(), rest.size());
      std::copy_n(rest.begin(), count, part.begin());
      rest.remove_prefix(count);
      return count;
    };
    const std::size_t mark = std::min(target.find('?'), target.size());
    return api_->handle(request, std::string(api_base_path) + target.substr(0, mark),
                        mark == target.size() ? "" : std::string_view(target).substr(mark + 1));
  }
  ApiAnswer get(const std::string& target, const std::string& user = "User 3") {
    return send("GET", target, {{"authorization", user}});
  }
  ApiAnswer post(std::int64_t id, const std::string& body, NamedValues headers = {}) {
    headers.emplace_back("element-instances", std::to_string(id));
    return send("POST", "/events/crm", std::move(headers), body);
  }
  static json::value body_of(const ApiAnswer& answer) { return parse_json(answer.body, "answer"); }

  std::shared_ptr<Storage> storage = Storage::open({.folder = folder});
  EventStore events{*storage};
  PollStore polls{*storage};
  History history{storage};
  formulary::testing::MemoryStore instances;
  formulary::testing::SetClock clock;
  Manifest manifest = parse_manifest(formulary::testing::crm_manifest, "manifest");
  std::set<std::int64_t> inactive;
  int saved = 0;

 private:
  BelievingAuthorizer authorizer_;
  GuessGuard guard_{clock};
  std::unique_ptr<Api> api_;
  int made_ = 0;
};

TEST_F(EventsRoutesTest, AVendorsPostIsKeptBeforeItIsAnswered) {
  const std::int64_t id = webhook_instance();
  const ApiAnswer answer = post(id, R"({"events":[{"objectId":"a","eventType":"CREATED","objectType":"jobs"}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(saved, 1);
  const auto kept = events.list({.account = 3}).records;
  ASSERT_THAT(kept, SizeIs(1));
  EXPECT_EQ(answer.body,
            R"([{"eventId":)" + std::to_string(kept[0].id) + R"(,"instanceId":)" + std::to_string(id) + "}]");
  EXPECT_THAT(kept[0].events, HasSubstr(R"("hubKey":"sales")"));

  const json::value shown = body_of(get("/instances/" + std::to_string(id) + "/events/" + std::to_string(kept[0].id)));
  EXPECT_EQ(shown.at("id"), json::value(std::to_string(kept[0].id)));
  EXPECT_EQ(shown.at("status"), "NEW");
  EXPECT_EQ(shown.at("eventDate"), "2023-11-14T22:13:20Z");
  EXPECT_THAT(std::string(shown.at("providerData").as_string()), HasSubstr(R"("objectId":"a")"));
  EXPECT_EQ(shown.at("notifiedData").at(0).at("objectId"), "a");
  EXPECT_EQ(shown.at("eventElementInstances").at(0).at("elementInstanceId"), id);
}

TEST_F(EventsRoutesTest, TakesASimulatedPollInNotificationsOfTen) {
  const std::int64_t id = instance(3, {{"event.notification.enabled", true}, {"event.vendor.type", "polling"}});
  std::string list = "{}";
  for (int count = 0; count < 11; ++count) list += ",{}";
  const std::string body = R"({"instance_id":)" + std::to_string(id) + R"(,"objectType":"accounts","events":[)" + list +
                           R"(],"accounts":[{}]})";
  const std::string path = "/events/crmPolling/" + percent_encode(to_base64(std::to_string(id)));
  const NamedValues headers{{"authorization", "User 3"}, {"id", std::to_string(id)}};
  EXPECT_THAT(body_of(send("POST", path, headers, body)).as_array(), SizeIs(2));
  EXPECT_THAT(body_of(send("POST", "/events/crm", {{"authorization", "User 3"}}, body)).as_array(), SizeIs(2))
      << "the body names the instance too";
  EXPECT_EQ(send("POST", path, {{"authorization", "User 3"}, {"id", "999"}}, body).status, 400);
}

TEST_F(EventsRoutesTest, TheSameEventOfAVendorIsKeptOnce) {
  const std::int64_t id = webhook_instance();
  const ApiAnswer first = post(id, R"({"a":1})", {{"event-id", "e-1"}});
  const ApiAnswer again = post(id, R"({"a":1})", {{"event-id", "e-1"}});
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(post(id, R"({"eventId":5})").body, post(id, R"({"eventId":5})").body);
  EXPECT_THAT(events.list({.account = 3}).records, SizeIs(2));
  EXPECT_EQ(saved, 2);
}

TEST_F(EventsRoutesTest, WhoMayPostIsProved) {
  const json::object on{{"event.notification.enabled", "true"}, {"event.notification.basic.username", "ada"}};
  const std::int64_t signing =
      instance(3, on, R"({"platformConfiguration":{"event.notification.signature.key":"k3y"}})");
  const std::int64_t knowing =
      instance(3, on, R"({"platformConfiguration":{"event.notification.basic.password":"w0rd"}})");
  const std::int64_t polled = instance(3, {{"event.notification.enabled", "true"}, {"event.vendor.type", "polling"}});
  const std::string signature = events::webhook_signature("k3y", "{}");
  const std::string basic = "Basic " + to_base64("ada:w0rd");

  EXPECT_EQ(post(signing, "{}", {{"elements-webhook-signature", signature}}).status, 200);
  EXPECT_EQ(post(signing, "{} ", {{"elements-webhook-signature", signature}}).status, 401);
  EXPECT_EQ(post(signing, "{}").status, 401);
  EXPECT_EQ(post(knowing, "{}", {{"authorization", basic}}).status, 200);
  EXPECT_EQ(post(knowing, "{}", {{"authorization", "Basic " + to_base64("ada:other")}}).status, 401);
  EXPECT_EQ(post(polled, "{}").status, 401) << "nobody expects a post for what is polled";
  EXPECT_EQ(post(signing, "{}", {{"authorization", "User 3"}}).status, 200);
  EXPECT_EQ(post(signing, "{}", {{"authorization", "User 4"}}).status, 404);
  EXPECT_EQ(post(signing, "{}", {{"authorization", "User 3, Element " + std::to_string(knowing)}}).status, 403);
}

TEST_F(EventsRoutesTest, SaysOneSentenceOfAllThatAStrangerMayNotKnow) {
  const std::int64_t id = webhook_instance();
  const std::int64_t off = instance(3, {{"event.vendor.type", "webhook"}});
  const auto refusal = [this](std::int64_t of) {
    const ApiAnswer answer = post(of, "{}");
    EXPECT_EQ(answer.status, 401);
    return std::string(body_of(answer).at("message").as_string()).substr(std::to_string(of).size() + 17);
  };
  EXPECT_EQ(refusal(off), refusal(999));
  EXPECT_EQ(send("POST", "/events/other", {{"element-instances", std::to_string(id)}}, "{}").status, 401);
  EXPECT_THAT(events.list({.account = 3}).records, IsEmpty());
}

TEST_F(EventsRoutesTest, AClosedInstanceTakesNothingAndSaysWhy) {
  const std::int64_t off = instance(3, {{"event.vendor.type", "webhook"}});
  const NamedValues user{{"authorization", "User 3"}};
  EXPECT_EQ(post(off, "{}", user).status, 409);
  EXPECT_THAT(post(off, "{}", user).body, HasSubstr("event.notification.enabled"));
  const std::int64_t id = webhook_instance();
  InstanceRecord disabled = *instances.instance(id);
  disabled.disabled = true;
  instances.replace_instance(disabled);
  EXPECT_EQ(post(id, "{}").status, 403);
  EXPECT_THAT(post(id, "{}").body, HasSubstr("disabled"));
  inactive.insert(4);
  EXPECT_EQ(post(webhook_instance(4), "{}").status, 403);
  EXPECT_THAT(events.list({.account = 3}).records, IsEmpty());
}

TEST_F(EventsRoutesTest, IsBoundedAndSaysWhatItNeeds) {
  const std::int64_t id = webhook_instance();
  EXPECT_EQ(send("POST", "/events/crm", {}, "{}").status, 400);
  EXPECT_EQ(send("POST", "/events/crm", {{"element-instances", "x"}}, "{}").status, 400);
  EXPECT_EQ(send("POST", "/events/crm/%2A", {}, "{}").status, 400);
  EXPECT_EQ(post(id, "\xff").status, 400);
  EXPECT_EQ(post(id, "{\"x\":\"" + std::string(9U << 20U, 'x') + "\"}").status, 413);
  for (int count = 0; count < 5; ++count) EXPECT_EQ(post(id, "{}").status, 200);
  EXPECT_EQ(post(id, "{}").status, 429) << "so many wait";
}

TEST_F(EventsRoutesTest, ProvesItsAddressAndTakesEventsByGet) {
  const ApiAnswer proof = send("GET", "/events/crm?hub.challenge=a-1.b");
  EXPECT_EQ(proof.body, "a-1.b");
  EXPECT_THAT(proof.content_type, HasSubstr("text/plain"));
  EXPECT_EQ(send("GET", "/events/crm?challenge=%3Cscript%3E").status, 400);
  const std::int64_t id = webhook_instance();
  EXPECT_EQ(send("GET", "/events/crm?id=o-1", {{"element-instances", std::to_string(id)}}).status, 200);
  EXPECT_THAT(events.list({.account = 3}).records.front().payload, HasSubstr("o-1"));
}

TEST_F(EventsRoutesTest, ShowsAnAccountAndATokenTheirOwn) {
  const std::int64_t id = webhook_instance();
  const std::int64_t other = webhook_instance();
  const std::int64_t foreign = webhook_instance(4);
  for (const std::int64_t one : {id, other, foreign}) EXPECT_EQ(post(one, "{}").status, 200);
  const std::int64_t foreign_event = events.list({.account = 4}).records.front().id;
  EXPECT_THAT(body_of(get("/instances/events")).as_array(), SizeIs(2));
  EXPECT_THAT(body_of(get("/instances/events", "User 3, Element " + std::to_string(id))).as_array(), SizeIs(1));
  EXPECT_THAT(body_of(get("/instances/" + std::to_string(id) + "/events")).as_array(), SizeIs(1));
  EXPECT_EQ(get("/instances/" + std::to_string(foreign) + "/events").status, 404);
  EXPECT_EQ(get("/instances/events/" + std::to_string(foreign_event)).status, 404);
  const std::int64_t others_event = events.list({.account = 3, .instance = other}).records.front().id;
  EXPECT_EQ(get("/instances/events/" + std::to_string(others_event)).status, 200);
  EXPECT_EQ(get("/instances/" + std::to_string(id) + "/events/" + std::to_string(others_event)).status, 404);
}

TEST_F(EventsRoutesTest, Pages) {
  const std::int64_t id = webhook_instance();
  for (int count = 0; count < 3; ++count) EXPECT_EQ(post(id, "{}").status, 200);
  const ApiAnswer first = get("/instances/events?pageSize=2");
  std::string token;
  for (const auto& [name, value] : first.headers) {
    if (name == "Elements-Next-Page-Token") token = value;
  }
  EXPECT_THAT(body_of(first).as_array(), SizeIs(2));
  const ApiAnswer rest = get("/instances/events?nextPage=" + percent_encode(token));
  EXPECT_THAT(body_of(rest).as_array(), SizeIs(1));
  EXPECT_NE(body_of(rest).at(0).at("id"), body_of(first).at(1).at("id"));
}

TEST_F(EventsRoutesTest, TellsWhatBecameOfEvents) {
  const std::int64_t id = webhook_instance();
  EXPECT_EQ(post(id, "{}").status, 200);
  const std::int64_t event = events.list({.account = 3}).records.front().id;
  events.settle(event, {.status = EventStatus::notified,
                        .due_ms = 0,
                        .dispositions = R"([{"date":"d","message":"Triggered executions 77","executions":[77]}])"});
  const ApiAnswer answer = get("/instances/events/dispositions?from=2023-11-14T00:00:00Z&to=2023-11-15T00:00:00Z");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(body_of(answer).at(0).at("eventId"), json::value(std::to_string(event)));
  EXPECT_EQ(body_of(answer).at(0).at("elementInstanceId"), id);
  EXPECT_EQ(body_of(answer).at(0).at("notificationData").at(0).at("message"), "Triggered executions 77");
  EXPECT_THAT(body_of(get("/instances/events/dispositions?to=2023-11-14T00:00:00Z")).as_array(), IsEmpty());
  EXPECT_EQ(get("/instances/events/dispositions?from=then").status, 400);
}

TEST_F(EventsRoutesTest, CountsThemByTime) {
  const std::int64_t id = webhook_instance();
  EXPECT_EQ(post(id, R"({"events":[{},{}]})").status, 200);
  const std::string range = "?from=2023-11-14T22:00:00Z&to=2023-11-14T22:59:00Z&interval=hour";
  EXPECT_EQ(body_of(get("/instances/events/analytics" + range)).at(0).at("total"), 2);
  EXPECT_EQ(body_of(get("/instances/events/analytics/accounts" + range)).at(0).at("total"), 2);
  EXPECT_EQ(body_of(get("/instances/events/analytics/instances" + range)).at(0).at("instances").at(0),
            (json::object{{"elementInstanceId", id}, {"total", 2}}));
  EXPECT_EQ(body_of(get("/instances/events/analytics" + range, "User 4")).at(0).at("total"), 0);
  EXPECT_EQ(get("/instances/events/analytics?interval=second").status, 400);
}

TEST_F(EventsRoutesTest, ShowsHowFarPollsAre) {
  const std::int64_t id = webhook_instance();
  polls.begin(
      {.instance = id, .resource = "jobs", .last_ms = now_ms, .due_ms = now_ms, .failures = 2, .error = "away"});
  const json::value shown = body_of(get("/instances/" + std::to_string(id) + "/events/polls"));
  EXPECT_EQ(to_text(shown), R"([{"resource":"jobs","lastPoll":"2023-11-14T22:13:20Z","consecutiveFailures":2,)"
                            R"("nextPoll":"2023-11-14T22:13:20Z","message":"away"}])");
  EXPECT_EQ(get("/instances/" + std::to_string(id) + "/events/polls", "User 4").status, 404);
}

}  // namespace
}  // namespace formulary::api

#include <gmock/gmock.h>

#include <future>
#include <latch>
#include <thread>

#include "tests/host/element/instances_fixture.hpp"

namespace formulary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class InstanceCalls : public InstancesTest {
 protected:
  InstanceCalls() {
    create();
    script->opened = 0;
    script->closed = 0;
    script->documents.clear();
  }
};

TEST_F(InstanceCalls, AreFoundByIdAndByName) {
  EXPECT_EQ(get("1", "/contacts/7").body, "GET /contacts/7");
  EXPECT_EQ(get("Acme", "/contacts/7").body, "GET /contacts/7");
  EXPECT_EQ(script->opened, 1) << "one handle serves both";
}

TEST_F(InstanceCalls, SayWhoseTheyAre) {
  std::vector<std::pair<std::int64_t, std::string>> said;
  script->open_instance = [&](const CallContext& context, std::string_view) {
    said.emplace_back(context.instance_id, context.instance_name);
  };
  script->invoke = [&](const CallContext& context, const ResourceRequest&) {
    said.emplace_back(context.instance_id, context.instance_name);
    return ResourceAnswer{};
  };
  get("Acme", "/contacts/7");
  EXPECT_EQ(said, (std::vector<std::pair<std::int64_t, std::string>>{{1, "Acme"}, {1, "Acme"}}));
}

TEST_F(InstanceCalls, AnIdWinsOverANameThatLooksLikeOne) {
  InstanceDraft draft = acme_draft();
  draft.name = "1";
  create(draft);
  EXPECT_EQ(instances.show("1", false).at("name"), "Acme");
  EXPECT_EQ(instances.show("2", false).at("name"), "1");
}

TEST_F(InstanceCalls, ANameOfTwoElementsIsAConflictThatNamesTheIds) {
  InstanceRecord other;
  other.name = "Acme";
  other.element_key = "other";
  other.document = "{}";
  store.add_instance(other);
  EXPECT_THAT([&] { get("Acme", "/x"); }, throws_error(ErrorCode::conflict, "give one of the ids 1, 2"));
}

TEST_F(InstanceCalls, AnUnknownSelectorIsNotFound) {
  for (const char* selector : {"7", "acme", "", "-1", "01x", "99999999999999999999999"}) {
    EXPECT_THAT([&] { get(selector, "/x"); }, throws_error(ErrorCode::not_found, "there is none of that id or name"));
  }
}

struct PathCase {
  const char* path;
  const char* below;
};

TEST_F(InstanceCalls, LoseTheHubFromTheirPath) {
  for (const PathCase& path :
       {PathCase{"/contacts", "GET /contacts"}, PathCase{"/hubs/sales/contacts/1", "GET /contacts/1"},
        PathCase{"/hubs/sales", "GET /"}, PathCase{"/hubsales", "GET /hubsales"}}) {
    EXPECT_EQ(get("1", path.path).body, path.below);
  }
}

TEST_F(InstanceCalls, RefuseAPathThatIsNone) {
  for (const std::string& path : {std::string("contacts"), std::string(), std::string("/a?b=1"), std::string("/a\nb"),
                                  std::string("/") + std::string(9000, 'x')}) {
    EXPECT_THAT([&] { get("1", path); }, throws_error(ErrorCode::bad_input, "path"));
  }
  EXPECT_THAT([&] { get("1", "/hubs/crm/x"); }, throws_error(ErrorCode::bad_input, "belongs to the hub 'sales'"));
}

TEST_F(InstanceCalls, HandThePluginTheIdTheSecretAndARedactor) {
  script->invoke = [](const CallContext& context, const ResourceRequest&) -> ResourceAnswer {
    EXPECT_NE(context.redactor, nullptr);
    return {.status = 200, .body = context.redactor->redact("key k3y/with+odd\"letters")};
  };
  EXPECT_EQ(get("1", "/x").body, "key ********");
  const json::value document = parse_json(script->documents.at(0), "document");
  EXPECT_EQ(document.at("id"), 1);
  EXPECT_EQ(document.at("configuration").at("api.key"), json::string(api_key.data(), api_key.size()));
}

TEST_F(InstanceCalls, ThatComeAtOnceOpenTheHandleOnce) {
  constexpr int callers = 8;
  std::latch start(callers);
  std::vector<std::jthread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int j = 0; j < 50; ++j) good += get("1", "/contacts/1").status == 200 ? 1 : 0;
    });
  }
  threads.clear();
  EXPECT_EQ(good, callers * 50);
  EXPECT_EQ(script->opened, 1);
}

TEST_F(InstanceCalls, TryAgainAfterAHandleDidNotOpen) {
  script->open_instance = [](const CallContext&, std::string_view) {
    throw PluginError(ErrorCode::unavailable, "crm: not now", {});
  };
  EXPECT_THAT([&] { get("1", "/x"); }, throws_error(ErrorCode::unavailable, "crm: not now"));
  script->open_instance = nullptr;
  EXPECT_EQ(get("1", "/x").status, 200);
}

TEST_F(InstanceCalls, WaitingForAnotherCallsHandleSurviveItsCancellation) {
  std::promise<void> opening;
  std::promise<void> go_on;
  std::atomic<int> attempts{0};
  script->open_instance = [&](const CallContext&, std::string_view) {
    if (attempts++ > 0) return;
    opening.set_value();
    go_on.get_future().wait();
    throw PluginError(ErrorCode::cancelled, "crm: cancelled", {});
  };
  auto first = std::async(std::launch::async, [&] { return get("1", "/x"); });
  opening.get_future().wait();
  auto second = std::async(std::launch::async, [&] { return get("1", "/x"); });
  go_on.set_value();
  EXPECT_THAT([&] { first.get(); }, throws_error(ErrorCode::cancelled, "crm: cancelled"));
  EXPECT_EQ(second.get().status, 200);
}

TEST_F(InstanceCalls, InFlightOutliveTheDeletionOfTheirInstance) {
  std::promise<void> inside;
  std::promise<void> go_on;
  script->invoke = [&](const CallContext&, const ResourceRequest&) -> ResourceAnswer {
    inside.set_value();
    go_on.get_future().wait();
    return {.status = 204};
  };
  auto call = std::async(std::launch::async, [&] { return get("1", "/x"); });
  inside.get_future().wait();
  instances.remove("1");
  EXPECT_EQ(script->closed, 0) << "the call still uses it";
  EXPECT_THAT([&] { get("1", "/x"); }, throws_error(ErrorCode::not_found, "instance '1'"));
  go_on.set_value();
  EXPECT_EQ(call.get().status, 204);
  EXPECT_EQ(script->closed, 1);
}

TEST_F(InstanceCalls, AHandleThatOpensWhileItsInstanceIsDeletedIsNotKept) {
  script->open_instance = [&](const CallContext&, std::string_view) { store.remove_instance(1); };
  EXPECT_EQ(get("1", "/x").status, 200);
  EXPECT_EQ(script->closed, 1);
}

TEST_F(InstanceCalls, KnowHowSafeARepeatIs) {
  EXPECT_EQ(instances.idempotency("Acme", "GET", "/hubs/sales/contacts/7"), Idempotency::safe);
  EXPECT_EQ(instances.idempotency("1", "POST", "/contacts"), Idempotency::keyed);
  EXPECT_EQ(instances.idempotency("1", "DELETE", "/contacts/7"), Idempotency::unsafe);
}

TEST_F(InstanceCalls, AListShowsNoToken) {
  const auto all = instances.list();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].at("id"), 1);
  EXPECT_FALSE(all[0].contains("token"));
  EXPECT_FALSE(instances.show("Acme", false).contains("token"));
  EXPECT_EQ(std::string(instances.show("Acme", true).at("token").as_string()), store.instance(1)->token);
}

TEST_F(InstanceCalls, ARedactorOfSeveralKnowsTheirSecretsAndTokens) {
  const Redactor redactor = instances.redactor({"Acme"});
  const std::string token = store.instance(1)->token;
  EXPECT_EQ(redactor.redact("a k3y/with+odd\"letters b " + token + " c"), "a ******** b ******** c");
  EXPECT_THAT([&] { (void)instances.redactor({"nobody"}); }, throws_error(ErrorCode::not_found, "nobody"));
}

TEST_F(InstanceCalls, ADamagedDocumentIsTheStoresFault) {
  InstanceRecord damaged;
  damaged.name = "Bad";
  damaged.element_key = "crm";
  damaged.document = "{";
  damaged.secrets = "{}";
  store.add_instance(damaged);
  EXPECT_THAT([&] { (void)instances.list(); },
              throws_error(ErrorCode::store_failed, "its stored document cannot be read"));
  EXPECT_THAT([&] { get("Bad", "/x"); }, throws_error(ErrorCode::store_failed, "its stored document cannot be read"));
}

}  // namespace
}  // namespace formulary::testing

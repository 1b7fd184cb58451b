#include "host/store/notification_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "host/store/identity_store.hpp"
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

class NotificationStoreTest : public formulary::testing::StoreTest {
 protected:
  std::int64_t post(std::int64_t account, const std::string& topic, const std::vector<SubscriptionRecord>& to = {},
                    std::int64_t at_ms = 1'000) {
    NotificationRecord record;
    record.account = account;
    record.uid = std::to_string(++uids);
    record.severity = "low";
    record.topic = topic;
    record.message = R"({"a":1})";
    record.created_ms = at_ms;
    return store.post(record, to, due);
  }

  static SubscriptionRecord destination(std::int64_t account, const std::string& url,
                                        const std::string& secrets = "{}") {
    SubscriptionRecord record;
    record.account = account;
    record.owner = "instance:1";
    record.channel = "webhook";
    record.url = url;
    record.secrets = secrets;
    return record;
  }

  std::vector<DeliveryRecord> deliveries(std::int64_t account) {
    NotificationStore::DeliveryQuery query;
    query.account = account;
    return store.deliveries(query);
  }

  std::shared_ptr<Storage> storage = Storage::open({.folder = folder});
  NotificationStore store{storage};
  std::vector<DueDeliveries> due;
  int uids = 0;
};

const auto id_is = [](std::int64_t id) { return Field(&NotificationRecord::id, id); };

TEST_F(NotificationStoreTest, TopicsAreListedFromTheNewestInPages) {
  const std::int64_t first = post(3, "a");
  post(3, "b");
  const std::int64_t third = post(3, "c");
  EXPECT_THAT(store.notifications(3, {"a", "c"}, 0, 10), ElementsAre(id_is(third), id_is(first)));
  EXPECT_THAT(store.notifications(3, {"a", "c"}, third, 10), ElementsAre(id_is(first)));
  EXPECT_THAT(store.notifications(3, {"a", "c"}, 0, 1), ElementsAre(id_is(third)));
}

TEST_F(NotificationStoreTest, NothingOfAnotherAccountIsSeenOrChanged) {
  const std::int64_t id = post(3, "a", {destination(3, "https://a.example/")});
  const std::int64_t subscription = store.subscriptions(3)[0].id;
  EXPECT_FALSE(store.notification(4, id));
  EXPECT_THAT(store.notifications(4, {"a"}, 0, 10), IsEmpty());
  EXPECT_FALSE(store.acknowledge(4, id));
  EXPECT_FALSE(store.remove_notification(4, id));
  EXPECT_FALSE(store.subscription(4, subscription));
  EXPECT_FALSE(store.remove_subscription(4, subscription));
  SubscriptionRecord stolen = *store.subscription(3, subscription);
  stolen.account = 4;
  EXPECT_FALSE(store.replace_subscription(stolen));
  EXPECT_THAT(deliveries(4), IsEmpty());
  EXPECT_THAT(store.release(4, {deliveries(3)[0].id}, 1), IsEmpty());
}

TEST_F(NotificationStoreTest, SecretsOfADestinationAreSealed) {
  post(3, "a", {destination(3, "https://a.example/", R"({"signatureKey":"the-signature-key"})")});
  EXPECT_THAT(store.subscriptions(3)[0].secrets, HasSubstr("the-signature-key"));
  Database database = storage->connect();
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_THAT(formulary::testing::read_file(this->database()), Not(HasSubstr("the-signature-key")));
}

TEST_F(NotificationStoreTest, OfOneReceiverTheEarliestIsClaimedAndOnlyOnce) {
  post(3, "a", {destination(3, "https://a.example/")}, 1'000);
  post(3, "a", {destination(3, "https://a.example/")}, 2'000);
  ASSERT_THAT(due, SizeIs(2));
  const std::int64_t receiver = due[0].subscription;
  std::int64_t next = 0;
  EXPECT_FALSE(store.claim(receiver, 999, 9'000, next));
  EXPECT_EQ(next, 1'000);
  const auto claimed = store.claim(receiver, 1'500, 9'000, next);
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->delivery.attempts, 1);
  EXPECT_EQ(claimed->subscription.url, "https://a.example/");
  EXPECT_EQ(next, 2'000);
  EXPECT_FALSE(store.claim(receiver, 1'500, 9'000, next));
  EXPECT_TRUE(store.claim(receiver, 2'000, 9'000, next));
  EXPECT_FALSE(store.claim(receiver, 8'999, 20'000, next));
  EXPECT_EQ(next, 9'000) << "when who claimed it is taken for dead";
  EXPECT_TRUE(store.claim(receiver, 9'000, 20'000, next));
}

TEST_F(NotificationStoreTest, WhoLostAClaimSettlesNothing) {
  post(3, "a", {destination(3, "https://a.example/")});
  std::int64_t next = 0;
  auto lost = store.claim(due[0].subscription, 1'000, 2'000, next);
  ASSERT_TRUE(store.claim(due[0].subscription, 2'000, 3'000, next));
  lost->delivery.status = DeliveryStatus::failed;
  store.settle(lost->delivery);
  EXPECT_EQ(deliveries(3)[0].status, DeliveryStatus::created);
}

TEST_F(NotificationStoreTest, WhatFailedWhileItsReceiverWasHeldIsQueued) {
  post(3, "a", {destination(3, "https://a.example/")});
  std::int64_t next = 0;
  auto claimed = store.claim(due[0].subscription, 1'000, 2'000, next);
  ASSERT_TRUE(claimed);
  store.hold(due[0].subscription, 1'500);
  claimed->delivery.status = DeliveryStatus::retry;
  store.settle(claimed->delivery);
  EXPECT_EQ(deliveries(3)[0].status, DeliveryStatus::queued);
}

TEST_F(NotificationStoreTest, OldOnesAndThoseBeyondTheBoundAreForgottenWithTheirDeliveries) {
  post(3, "old", {destination(3, "https://a.example/")}, 1'000);
  for (int i = 0; i < 3; ++i) post(3, "new", {destination(3, "https://a.example/")}, 5'000);
  EXPECT_EQ(store.forget(2'000, 100), 1);
  EXPECT_THAT(deliveries(3), SizeIs(3));
  EXPECT_EQ(store.forget(2'000, 2), 1);
  EXPECT_THAT(store.notifications(3, {"new"}, 0, 10), SizeIs(2));
  EXPECT_THAT(deliveries(3), SizeIs(2));
}

TEST_F(NotificationStoreTest, AReceiverWithTooManyWaitingGetsNoMore) {
  Database database = storage->connect();
  post(3, "a", {destination(3, "https://a.example/")});
  database.run(
      "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO delivery (account, "
      "notification, subscription, status, due, created, updated) SELECT 3, notification, subscription, 0, 1, 1, 1 "
      "FROM "
      "n, (SELECT notification, subscription FROM delivery LIMIT 1)");
  due.clear();
  const std::int64_t id = post(3, "a", {destination(3, "https://a.example/")});
  EXPECT_THAT(due, IsEmpty());
  NotificationStore::DeliveryQuery query;
  query.account = 3;
  query.notification = id;
  ASSERT_THAT(store.deliveries(query), SizeIs(1));
  EXPECT_EQ(store.deliveries(query)[0].status, DeliveryStatus::failed);
  EXPECT_THAT(store.deliveries(query)[0].error, HasSubstr("10000 others wait"));
}

TEST_F(NotificationStoreTest, AnAccountHasABoundOfSubscriptions) {
  for (std::size_t i = 0; i < NotificationStore::account_subscriptions_max; ++i) {
    store.add_subscription(destination(3, "https://a.example/" + std::to_string(i)));
  }
  EXPECT_THAT([&] { store.add_subscription(destination(3, "https://b.example/")); },
              formulary::testing::throws_error(ErrorCode::limit_reached, "1000 subscriptions"));
  store.add_subscription(destination(4, "https://b.example/"));
}

TEST_F(NotificationStoreTest, AnAccountThatEndsTakesAllOfItAlong) {
  IdentityStore identity(storage);
  ASSERT_TRUE(identity.bootstrap({}, 1));
  const std::int64_t organization = 1;
  AccountRecord account;
  account.organization = organization;
  account.name = account.external_id = "second";
  const std::int64_t id = identity.add_account(account);
  post(id, "a", {destination(id, "https://a.example/")});
  ASSERT_TRUE(identity.remove_account(id));
  EXPECT_THAT(store.notifications(id, {"a"}, 0, 10), IsEmpty());
  EXPECT_THAT(store.subscriptions(id), IsEmpty());
  EXPECT_THAT(deliveries(id), IsEmpty());
}

}  // namespace
}  // namespace formulary

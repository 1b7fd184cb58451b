#include "host/delivery/deliveries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/base/error.hpp"
#include "host/store/storage.hpp"
#include "tests/support/temp_folder.hpp"

namespace formulary::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t account = 3;

/// Stands still until it is moved.
class StillClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return WallTime(seconds(1'700'000'000)) + since(); }
  [[nodiscard]] MonotonicTime monotonic() const override { return MonotonicTime() + since(); }
  void advance(milliseconds by) {
    const std::lock_guard lock(mutex_);
    since_ += by;
  }

 private:
  [[nodiscard]] milliseconds since() const {
    const std::lock_guard lock(mutex_);
    return since_;
  }
  mutable std::mutex mutex_;
  milliseconds since_{0};
};

/// Answers by URL; a URL without an answer hangs until the request is stopped.
class Receivers final : public Transport {
 public:
  [[nodiscard]] HttpResponse send(const HttpRequest& request) override {
    std::unique_lock lock(mutex_);
    requests_.push_back(request);
    changed_.notify_all();
    changed_.wait(lock, request.stop, [&] { return statuses_.contains(request.url); });
    if (request.stop.stop_requested()) throw Error(ErrorCode::cancelled, "test: stopped");
    HttpResponse answer;
    answer.status = statuses_[request.url];
    return answer;
  }
  void answer(const std::string& url, int status) {
    const std::lock_guard lock(mutex_);
    statuses_[url] = status;
    changed_.notify_all();
  }
  void wait_for_requests(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return requests_.size() >= count; });
  }
  [[nodiscard]] std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, int> statuses_;
  std::vector<HttpRequest> requests_;
};

class DeliveriesTest : public ::testing::Test {
 protected:
  std::unique_ptr<Deliveries> make(std::size_t workers = 4) {
    DeliveryLimits limits;
    limits.lanes.workers = workers;
    return std::make_unique<Deliveries>(DeliveryPorts{.store = &store,
                                                      .clock = &clock,
                                                      .transport = &receivers,
                                                      .policy = NetworkPolicy(),
                                                      .queues_failures = [this](std::int64_t) { return queues; },
                                                      .ended = [this](const DeliveryEnded& end) { on_ended(end); },
                                                      .warn = [](const std::string& text) { ADD_FAILURE() << text; }},
                                        limits);
  }

  void on_ended(const DeliveryEnded& end) {
    const std::lock_guard lock(mutex);
    ends.push_back(end);
    ended.notify_all();
  }

  /// Waits until so many attempts have ended, ever; returns how the last one did.
  DeliveryEnded wait_for_ends(std::size_t count) {
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return ends.size() >= count; });
    return ends[count - 1];
  }

  static Notification about(const std::string& topic) {
    Notification what;
    what.topic = topic;
    what.message = json::value("it happened");
    return what;
  }
  static std::vector<Destination> to(const std::string& url, const std::string& key = {}) {
    Destination one;
    one.owner = "instance:7";
    one.url = url;
    one.signature_key = key;
    return {one};
  }
  [[nodiscard]] std::vector<DeliveryRecord> kept() const {
    NotificationStore::DeliveryQuery query;
    query.account = account;
    return store.deliveries(query);
  }

  TempFolder folder;
  std::shared_ptr<Storage> storage = Storage::open({.folder = folder.path() / "data"});
  NotificationStore store{storage};
  StillClock clock;
  Receivers receivers;
  bool queues = false;
  std::mutex mutex;
  std::condition_variable ended;
  std::vector<DeliveryEnded> ends;
};

TEST_F(DeliveriesTest, ANotificationReachesItsDestinationOnce) {
  receivers.answer("https://a.example/x", 204);
  const auto deliveries = make();
  deliveries->start();
  const std::int64_t id = deliveries->notify(account, about("events"), to("https://a.example/x"));
  const DeliveryEnded end = wait_for_ends(1);
  EXPECT_EQ(end.account, account);
  EXPECT_EQ(end.notification, id);
  EXPECT_EQ(end.owner, "instance:7");
  EXPECT_EQ(end.status, DeliveryStatus::delivered);
  deliveries->stop();
  EXPECT_THAT(receivers.requests(), SizeIs(1));
  EXPECT_EQ(deliveries->counters().delivered, 1U);
  ASSERT_THAT(kept(), SizeIs(1));
  EXPECT_EQ(kept()[0].status, DeliveryStatus::delivered);
}

TEST_F(DeliveriesTest, WhoSubscribedToTheTopicIsToldAndNobodyElse) {
  SubscriptionRecord subscription;
  subscription.account = account;
  subscription.channel = "webhook";
  subscription.topics = {"orders", "events"};
  subscription.url = "https://mine.example/";
  store.add_subscription(subscription);
  subscription.account = account + 1;
  subscription.url = "https://theirs.example/";
  store.add_subscription(subscription);
  receivers.answer("https://mine.example/", 200);
  const auto deliveries = make();
  deliveries->start();
  deliveries->notify(account, about("nothing of theirs"), {});
  deliveries->notify(account, about("events"), {});
  EXPECT_EQ(wait_for_ends(1).status, DeliveryStatus::delivered);
  deliveries->stop();
  EXPECT_THAT(receivers.requests(), SizeIs(1));
}

TEST_F(DeliveriesTest, AFailureComesAgainFourTimesLaterEachTimeAndNineTimesAtMost) {
  const std::string url = "https://a.example/x";
  receivers.answer(url, 502);
  const auto deliveries = make(2);
  deliveries->start();
  deliveries->notify(account, about("events"), to(url));
  seconds delay(4);
  for (std::size_t sends = 1; sends <= 9; ++sends) {
    const DeliveryEnded end = wait_for_ends(sends);
    EXPECT_EQ(end.status, DeliveryStatus::retry);
    EXPECT_THAT(end.error, HasSubstr("answered 502"));
    const std::int64_t now_ms = std::chrono::floor<milliseconds>(clock.wall().time_since_epoch()).count();
    EXPECT_EQ(kept()[0].due_ms - now_ms, milliseconds(delay).count());
    EXPECT_THAT(receivers.requests(), SizeIs(sends));
    clock.advance(delay);
    deliveries->look();
    delay *= 4;
  }
  EXPECT_EQ(wait_for_ends(10).status, DeliveryStatus::queued);

  receivers.answer(url, 200);
  deliveries->notify(account, about("events"), to(url));
  EXPECT_FALSE(store.subscriptions(account)[0].active);
  ASSERT_THAT(kept(), SizeIs(2));
  EXPECT_EQ(kept()[1].status, DeliveryStatus::queued) << "its receiver is held";
  deliveries->release(account, {kept()[0].id, kept()[1].id});
  EXPECT_EQ(wait_for_ends(12).status, DeliveryStatus::delivered);
  EXPECT_TRUE(store.subscriptions(account)[0].active);
}

TEST_F(DeliveriesTest, AnAccountMayHaveFailuresQueuedUntilSomebodyReleasesThem) {
  queues = true;
  const std::string url = "https://a.example/x";
  receivers.answer(url, 500);
  const auto deliveries = make();
  deliveries->start();
  deliveries->notify(account, about("events"), to(url));
  EXPECT_EQ(wait_for_ends(1).status, DeliveryStatus::queued);
  EXPECT_TRUE(store.subscriptions(account)[0].active) << "the next notification is sent at once";
  receivers.answer(url, 200);
  deliveries->release(account + 1, {kept()[0].id});
  EXPECT_EQ(kept()[0].status, DeliveryStatus::queued) << "it is not that account's";
  deliveries->release(account, {kept()[0].id});
  EXPECT_EQ(wait_for_ends(2).status, DeliveryStatus::delivered);
}

TEST_F(DeliveriesTest, WhatWasNotDeliveredIsDeliveredAfterTheNextStart) {
  const std::string url = "https://a.example/x";
  make()->notify(account, about("events"), to(url, "key"));  // this host ends before it began to deliver
  receivers.answer(url, 200);
  const auto deliveries = make();
  deliveries->start();
  EXPECT_EQ(wait_for_ends(1).status, DeliveryStatus::delivered);
}

TEST_F(DeliveriesTest, WhatADeadHostWasSendingComesAgainWhenItsTimeIsOver) {
  const std::string url = "https://a.example/x";
  make()->notify(account, about("events"), to(url));
  const std::int64_t now = kept()[0].created_ms;
  std::int64_t next = 0;
  ASSERT_TRUE(store.claim(kept()[0].subscription, now, now + 15'000, next));
  receivers.answer(url, 200);
  const auto deliveries = make();
  deliveries->start();
  clock.advance(milliseconds(14'999));
  deliveries->look();
  EXPECT_THAT(receivers.requests(), IsEmpty());
  clock.advance(milliseconds(1));
  deliveries->look();
  EXPECT_EQ(wait_for_ends(1).status, DeliveryStatus::delivered);
  EXPECT_EQ(kept()[0].attempts, 2);
}

TEST_F(DeliveriesTest, ReceiversThatHangHoldUpNobodyWhoAnswers) {
  const std::string good = "https://good.example/";
  receivers.answer(good, 200);
  const auto deliveries = make(4);
  deliveries->start();
  deliveries->notify(account, about("events"), to(good));
  EXPECT_EQ(wait_for_ends(1).status, DeliveryStatus::delivered);
  for (int i = 0; i < 10; ++i) {
    deliveries->notify(account, about("events"), to("https://dead" + std::to_string(i) + ".example/"));
  }
  receivers.wait_for_requests(3);  // two of them hang now, and more would
  for (std::size_t i = 2; i <= 6; ++i) {
    deliveries->notify(account, about("events"), to(good));
    EXPECT_EQ(wait_for_ends(i).status, DeliveryStatus::delivered);
  }
}

TEST_F(DeliveriesTest, AUrlThatMayNotBeCalledFailsForGoodAndIsNotCalled) {
  const auto deliveries = make();
  deliveries->start();
  for (const char* url : {"http://169.254.169.254/", "http://localhost:1/", "ftp://a.example/", "no url"}) {
    deliveries->notify(account, about("events"), to(url));
  }
  for (std::size_t i = 1; i <= 4; ++i) EXPECT_EQ(wait_for_ends(i).status, DeliveryStatus::failed);
  EXPECT_THAT(receivers.requests(), IsEmpty());
  EXPECT_THAT(kept()[0].error, HasSubstr("delivery.allowed_networks"));
  EXPECT_EQ(deliveries->counters().failed, 4U);
}

TEST_F(DeliveriesTest, AStopBreaksOffWhatHangsAndTheNextStartSendsIt) {
  const std::string url = "https://a.example/x";
  {
    const auto deliveries = make();
    deliveries->start();
    deliveries->notify(account, about("events"), to(url));
    receivers.wait_for_requests(1);
    deliveries->stop();
  }
  EXPECT_EQ(wait_for_ends(1).status, DeliveryStatus::retry);
  receivers.answer(url, 200);
  const auto deliveries = make();
  deliveries->start();
  EXPECT_EQ(wait_for_ends(2).status, DeliveryStatus::delivered);
}

TEST_F(DeliveriesTest, AnotherKeyOfADestinationCountsFromThenOn) {
  const std::string url = "https://a.example/x";
  receivers.answer(url, 200);
  const auto deliveries = make();
  deliveries->notify(account, about("events"), to(url, "old"));
  deliveries->notify(account, about("events"), to(url, "new"));
  EXPECT_THAT(store.subscriptions(account), SizeIs(1));
  EXPECT_THAT(store.subscriptions(account)[0].secrets, HasSubstr("new"));
}

TEST_F(DeliveriesTest, WhatNobodyCouldReadIsRefused) {
  const auto deliveries = make();
  const auto code_of = [&](const Notification& what, const std::vector<Destination>& where) {
    try {
      deliveries->notify(account, what, where);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  };
  Notification what = about("");
  EXPECT_EQ(code_of(what, {}), ErrorCode::bad_input);
  what = about("t");
  what.severity = "fatal";
  EXPECT_EQ(code_of(what, {}), ErrorCode::bad_input);
  what = about("t");
  what.message = json::value(std::string(std::size_t{1} << 20U, 'x'));
  EXPECT_EQ(code_of(what, {}), ErrorCode::limit_reached);
  EXPECT_EQ(code_of(about("t"), std::vector<Destination>(101)), ErrorCode::bad_input);
}

TEST(UrlListTest, PartsAreSeparatedByCommas) {
  EXPECT_THAT(url_list(" https://a.example/ ,https://b.example/,, "),
              ElementsAre("https://a.example/", "https://b.example/"));
  EXPECT_THAT(url_list(""), IsEmpty());
}

}  // namespace
}  // namespace formulary::delivery

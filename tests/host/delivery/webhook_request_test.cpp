#include "host/delivery/webhook_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/text.hpp"

namespace formulary::delivery {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

// Signatures were made with Python's hmac, not with the code under test.
constexpr const char* body =
    R"({"id":7,"severity":"high","topic":"t","message":{"eventId":1},"from":"me","createdDate":"2023-11-14T22:13:20Z"})";

HttpRequest request_with(const Destination& destination) {
  const NotificationRecord notification{.id = 7,
                                        .account = 3,
                                        .uid = "0190-uid",
                                        .severity = "high",
                                        .topic = "t",
                                        .message = R"({"eventId":1})",
                                        .sender = "me",
                                        .created_ms = 1'700'000'000'000};
  SubscriptionRecord subscription;
  subscription.url = "https://hooks.example/x?y=z";
  subscription.secrets = secrets_text(destination);
  return webhook_request(notification, subscription, 1'700'000'001);
}

TEST(WebhookRequestTest, TheBodyIsTheNotificationAndBothIdsAreItsUid) {
  const HttpRequest request = request_with({});
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://hooks.example/x?y=z");
  EXPECT_EQ(request.body, body);
  EXPECT_THAT(
      request.headers,
      AllOf(Contains(Pair("Content-Type", "application/json")), Contains(Pair("elements-webhook-id", "0190-uid")),
            Contains(Pair("webhook-id", "0190-uid")), Contains(Pair("webhook-timestamp", "1700000001"))));
}

TEST(WebhookRequestTest, WithoutAKeyAndAUserNothingIsSignedAndNobodyNamed) {
  EXPECT_THAT(request_with({}).headers,
              AllOf(Not(Contains(Key("elements-webhook-signature"))), Not(Contains(Key("webhook-signature"))),
                    Not(Contains(Key("Authorization")))));
}

TEST(WebhookRequestTest, AKeySignsInBothWays) {
  Destination destination;
  destination.signature_key = "the key";
  EXPECT_THAT(request_with(destination).headers,
              AllOf(Contains(Pair("elements-webhook-signature", "sha256=zb8QDNsGaRrMdiBmGrI/CFeU9PZYBu70b5n543Fu3Ys=")),
                    Contains(Pair("webhook-signature", "v1,jJC5EDxN7523LhWRP8Ujywa/CNNgTgf4ZUQzR3RBCGA="))));
}

TEST(WebhookRequestTest, AKeyOfStandardWebhooksIsTheBytesThatItEncodes) {
  Destination destination;
  destination.signature_key = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
  EXPECT_THAT(request_with(destination).headers,
              AllOf(Contains(Pair("elements-webhook-signature", "sha256=oU12muz16GNk21hq8fb02QYvtRVQVvVGwNKo/Lrl898=")),
                    Contains(Pair("webhook-signature", "v1,eV53YJJ2EEr+48pFKSVvOzWRq5GskcrUrrIwqMaocu0="))));
}

TEST(WebhookRequestTest, AUserIsNamedByBasicAuthentication) {
  Destination destination;
  destination.user_name = "ann";
  destination.password = "s3cret";
  EXPECT_THAT(request_with(destination).headers, Contains(Pair("Authorization", "Basic YW5uOnMzY3JldA==")));
}

TEST(WebhookRequestTest, TheMacIsThatOfTheStandard) {
  EXPECT_EQ(to_hex(hmac_sha256("key", "The quick brown fox jumps over the lazy dog")),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
}

}  // namespace
}  // namespace formulary::delivery

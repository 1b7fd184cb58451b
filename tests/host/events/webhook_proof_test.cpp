#include "host/events/webhook_proof.hpp"

#include <gtest/gtest.h>

#include <string>

#include "host/base/text.hpp"

namespace formulary::events {
namespace {

EventSecrets secrets(const std::string& key, const std::string& password) {
  EventSecrets made;
  made.signature_key = key;
  made.username = "ada";
  made.password = password;
  return made;
}

TEST(WebhookProof, SignsAsEverybodyDoes) {
  // RFC 4231, test case 2.
  const auto digest = from_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(webhook_signature("Jefe", "what do ya want for nothing?"), "sha256=" + to_base64(*digest));
}

TEST(WebhookProof, TakesTheSignatureOrThePassword) {
  const std::string signature = webhook_signature("key", "body");
  const std::string basic = "bAsIc " + to_base64("ada:word");
  EXPECT_EQ(check_webhook({.body = "body"}, secrets("", "")), WebhookProof::none_needed);
  EXPECT_EQ(check_webhook({.signature = signature, .body = "body"}, secrets("key", "")), WebhookProof::good);
  EXPECT_EQ(check_webhook({.signature = signature, .body = "other"}, secrets("key", "")), WebhookProof::wrong);
  EXPECT_EQ(check_webhook({.signature = signature, .body = "body"}, secrets("another", "")), WebhookProof::wrong);
  EXPECT_EQ(check_webhook({.body = "body"}, secrets("key", "")), WebhookProof::wrong);
  EXPECT_EQ(check_webhook({.authorization = basic, .body = "body"}, secrets("key", "word")), WebhookProof::good);
  EXPECT_EQ(check_webhook({.authorization = basic, .body = "body"}, secrets("", "other")), WebhookProof::wrong);
  EXPECT_EQ(check_webhook({.authorization = "Basic ?", .body = "body"}, secrets("", "word")), WebhookProof::wrong);
  EXPECT_EQ(check_webhook({.authorization = basic, .body = "body"}, secrets("key", "")), WebhookProof::wrong)
      << "an empty password proves nothing";
}

TEST(WebhookProof, KnowsBasicAuthentication) {
  EXPECT_TRUE(is_basic("Basic eA=="));
  EXPECT_FALSE(is_basic("User x"));
  EXPECT_FALSE(is_basic("basic "));
}

}  // namespace
}  // namespace formulary::events

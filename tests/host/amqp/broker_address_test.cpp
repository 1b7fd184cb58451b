#include "host/amqp/broker_address.hpp"

#include <gtest/gtest.h>

#include <string>

#include "host/base/error.hpp"

namespace formulary {
namespace {

TEST(BrokerAddressTest, WhatIsNotSaidHasTheUsualValues) {
  const BrokerAddress plain = parse_broker_url("amqp://queue.example.com");
  EXPECT_EQ(plain.host, "queue.example.com");
  EXPECT_EQ(plain.port, 5672);
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.user + ':' + plain.password + plain.vhost, "guest:guest/");
  EXPECT_EQ(parse_broker_url("amqps://h").port, 5671);
  EXPECT_TRUE(parse_broker_url("amqps://h").tls);
  EXPECT_EQ(parse_broker_url("amqp://h/").vhost, "/");
}

TEST(BrokerAddressTest, AllPartsAreDecoded) {
  const BrokerAddress address = parse_broker_url("amqps://a%40b:p%2Fw@[::1]:5673/%2Fteam");
  EXPECT_EQ(address.user, "a@b");
  EXPECT_EQ(address.password, "p/w");
  EXPECT_EQ(address.host, "::1");
  EXPECT_EQ(address.port, 5673);
  EXPECT_EQ(address.vhost, "/team");
  EXPECT_EQ(address.title(), "amqp broker [::1]:5673");
}

class BadBrokerUrl : public ::testing::TestWithParam<std::string> {};

TEST_P(BadBrokerUrl, IsRefusedWithoutBeingShown) {
  try {
    (void)parse_broker_url(GetParam());
    FAIL() << "was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, BadBrokerUrl,
                         ::testing::Values("", "http://u:s3cret@h", "amqp://u:s3cret@", "amqp://", "amqp://:5672/v",
                                           "amqp://u:s3cret@h:0", "amqp://u:s3cret@h:70000", "amqp://u:s3cret@h:x",
                                           "amqp://u:s3cret%zz@h", "amqp://u:s3cret@h/v?heartbeat=5",
                                           "amqp://u:s3cret@h/v#x", "amqp://u:s3cret@h/a b", "amqp://u:s3cret@h\n",
                                           "amqp://u:s3c\xC3\xA9@h", "amqp://u:s3/cret@h",
                                           "amqp://" + std::string(3000, 'a')));

}  // namespace
}  // namespace formulary

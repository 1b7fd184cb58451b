#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "host/amqp/rabbit_publisher.hpp"
#include "host/base/error.hpp"
#include "tests/host/amqp/scripted_broker.hpp"
#include "tests/poco/certificates.hpp"
#include "tests/poco/hostile_server.hpp"

namespace formulary {
namespace {

using element::http::Authority;
using element::http::HostileServer;
using element::http::Peer;
using element::http::ServerContext;
using formulary::testing::BrokerSide;
using ::testing::HasSubstr;

class RabbitPublisherTlsTest : public ::testing::Test {
 protected:
  /// None: the broker confirmed.
  static std::optional<Error> publish(const ServerContext& context, const std::string& host,
                                      const std::string& ca_file) {
    HostileServer server([&](Peer& peer) {
      if (!peer.start_tls(context.get())) return;
      BrokerSide broker(peer);
      broker.let_in();
      broker.open_channel();
      broker.receive();
      broker.acknowledge();
      peer.wait_until_gone();
    });
    try {
      make_rabbit_publisher(ca_file)->publish(
          {.url = "amqps://" + host + ':' + std::to_string(server.port()), .routing_key = "q", .body = "x"});
    } catch (const Error& why) {
      return why;
    }
    return std::nullopt;
  }
  static void expect_untrusted(const std::optional<Error>& error) {
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::unavailable);
    EXPECT_THAT(error->what(), HasSubstr("check host name and certificate"));
  }

  Authority authority;
};

TEST_F(RabbitPublisherTlsTest, TrustsTheGivenAuthorityForNamesAndAddresses) {
  const ServerContext context = authority.serve({.names = "DNS:localhost,IP:127.0.0.1"});
  EXPECT_FALSE(publish(context, "localhost", authority.file()));
  EXPECT_FALSE(publish(context, "127.0.0.1", authority.file()));
}

TEST_F(RabbitPublisherTlsTest, RefusesAnotherName) {
  expect_untrusted(publish(authority.serve({.names = "DNS:example.com,IP:127.0.0.2"}), "localhost", authority.file()));
  expect_untrusted(publish(authority.serve({.names = "DNS:localhost,IP:127.0.0.2"}), "127.0.0.1", authority.file()));
}

TEST_F(RabbitPublisherTlsTest, RefusesAnUnknownAuthority) {
  expect_untrusted(publish(authority.serve({.names = "DNS:localhost"}), "localhost", ""));
  expect_untrusted(
      publish(element::http::serve_self_signed({.names = "DNS:localhost"}), "localhost", authority.file()));
}

TEST_F(RabbitPublisherTlsTest, RefusesACertificateThatIsOver) {
  expect_untrusted(
      publish(authority.serve({.names = "DNS:localhost", .valid_until_s = -60}), "localhost", authority.file()));
}

TEST_F(RabbitPublisherTlsTest, RefusesOldVersionsOfTls) {
  const ServerContext context = authority.serve({.names = "DNS:localhost"});
  element::http::allow_only_tls_1_1(context.get());
  expect_untrusted(publish(context, "localhost", authority.file()));
}

TEST_F(RabbitPublisherTlsTest, SaysThatTheTrustAnchorsCannotBeRead) {
  const auto error = publish(authority.serve({.names = "DNS:localhost"}), "localhost", "/nowhere.pem");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::bad_input);
  EXPECT_THAT(error->what(), HasSubstr("ca.file"));
}

}  // namespace
}  // namespace formulary

#include "host/amqp/rabbit_publisher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "host/base/error.hpp"
#include "tests/host/amqp/scripted_broker.hpp"
#include "tests/poco/hostile_server.hpp"

namespace formulary {
namespace {

using namespace std::chrono_literals;
using element::http::Event;
using element::http::HostileServer;
using element::http::Peer;
using formulary::testing::BrokerSide;
using formulary::testing::Published;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RabbitPublisherTest : public ::testing::Test {
 protected:
  static AmqpMessage message_for(int port) {
    return {.url = "amqp://ada:s3cret@127.0.0.1:" + std::to_string(port) + "/team",
            .exchange = "hires",
            .routing_key = "new",
            .body = R"({"id":7})",
            .content_type = "application/json",
            .message_id = "k-1"};
  }

  std::optional<Error> error_of(const AmqpMessage& message) {
    try {
      publisher->publish(message);
    } catch (const Error& why) {
      return why;
    }
    return std::nullopt;
  }
  /// What comes of one message when the broker has let it in and does that with it.
  std::optional<Error> error_when(const std::function<void(BrokerSide&, const Published&)>& broker_does) {
    HostileServer server([&](Peer& peer) {
      BrokerSide broker(peer);
      broker.let_in();
      broker.open_channel();
      broker_does(broker, broker.receive());
      broker.wait_until_gone();
    });
    return error_of(message_for(server.port()));
  }

  std::unique_ptr<Publisher> publisher = make_rabbit_publisher();
};

TEST_F(RabbitPublisherTest, HandsOverAPersistentMessageAndWaitsForTheConfirmation) {
  Published seen;
  std::string login;
  bool confirmed = false;
  HostileServer server([&](Peer& peer) {
    BrokerSide broker(peer);
    login = broker.let_in();
    broker.open_channel();
    seen = broker.receive();
    confirmed = true;
    broker.acknowledge();
    broker.listen();  // connection.close
    broker.say(0, 10, 51, "");
    broker.wait_until_gone();
  });

  publisher->publish(message_for(server.port()));

  EXPECT_TRUE(confirmed);
  EXPECT_THAT(login, HasSubstr(std::string("\0ada\0s3cret", 11)));
  EXPECT_EQ(seen.exchange, "hires");
  EXPECT_EQ(seen.routing_key, "new");
  EXPECT_TRUE(seen.mandatory);
  EXPECT_EQ(seen.body, R"({"id":7})");
  EXPECT_THAT(seen.properties, AllOf(HasSubstr("\x10"
                                               "application/json"),
                                     HasSubstr("\x02\x03k-1")))
      << "delivery mode 2, then the message's id";
}

TEST_F(RabbitPublisherTest, AMessageThatComesBackHasFailed) {
  const auto error = error_when([](BrokerSide& broker, const Published& message) {
    broker.give_back(message, "NO_ROUTE");
    broker.acknowledge();  // a broker acknowledges what it gave back
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::not_found);
  EXPECT_THAT(error->what(), HasSubstr("no queue takes the message (NO_ROUTE)"));
}

TEST_F(RabbitPublisherTest, AMessageThatIsNotTakenHasFailed) {
  const auto error = error_when([](BrokerSide& broker, const Published&) { broker.refuse(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::unavailable);
  EXPECT_THAT(error->what(), HasSubstr("did not take the message"));
}

struct Refusal {
  std::uint16_t reply;
  ErrorCode code;
};
class Refusals : public RabbitPublisherTest, public ::testing::WithParamInterface<Refusal> {};

TEST_P(Refusals, HaveTheCodeThatFits) {
  const auto error = error_when([](BrokerSide& broker, const Published&) {
    broker.close_channel(GetParam().reply, "no s3cret\r\n\xFF" + std::string(230, 'x'));
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), GetParam().code);
  EXPECT_THAT(error->what(), AllOf(HasSubstr("(no ********???xx"), Not(HasSubstr("s3cret"))));
  EXPECT_LT(std::string(error->what()).size(), 400U);
}
INSTANTIATE_TEST_SUITE_P(Table, Refusals,
                         ::testing::Values(Refusal{403, ErrorCode::permission_denied},
                                           Refusal{404, ErrorCode::not_found}, Refusal{406, ErrorCode::vendor_failed},
                                           Refusal{541, ErrorCode::unavailable}));

TEST_F(RabbitPublisherTest, AWrongPasswordIsNamedAndNotShown) {
  HostileServer server([](Peer& peer) {
    BrokerSide broker(peer);
    broker.greet();
    broker.listen();
    broker.close_connection(403, "ACCESS_REFUSED - login as ada with s3cret was refused");
    broker.wait_until_gone();
  });
  const auto error = error_of(message_for(server.port()));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::unauthenticated);
  EXPECT_THAT(error->what(), AllOf(HasSubstr("refuses user or password"), Not(HasSubstr("s3cret"))));
}

TEST_F(RabbitPublisherTest, AConnectionThatEndsBeforeTheConfirmationLeavesADoubt) {
  HostileServer server([](Peer& peer) {
    BrokerSide broker(peer);
    broker.let_in();
    broker.open_channel();
    broker.receive();
    peer.reset();
  });
  const auto error = error_of(message_for(server.port()));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::unavailable);
  EXPECT_THAT(error->what(), HasSubstr("it may have taken"));
}

TEST_F(RabbitPublisherTest, WhatIsNoBrokerSaysNothingOfADoubt) {
  HostileServer server([](Peer& peer) {
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.close();
  });
  for (const int port : {server.port(), element::http::closed_port()}) {
    const auto error = error_of(message_for(port));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::unavailable);
    EXPECT_THAT(error->what(), AllOf(HasSubstr("no connection"), Not(HasSubstr("may have"))));
  }
}

/// Where a broker stops answering.
using Silence = std::function<void(Peer&)>;
class SilentBrokers : public RabbitPublisherTest, public ::testing::WithParamInterface<int> {
 protected:
  static void serve(Peer& peer, int up_to) {
    BrokerSide broker(peer);
    if (up_to > 0) broker.greet();
    if (up_to > 1) {
      broker.listen();
      broker.say(0, 10, 30, std::string(8, '\0'));
    }
    peer.wait_until_gone();
  }
};

TEST_P(SilentBrokers, AreLeftWhenTheTimeIsOver) {
  HostileServer server([](Peer& peer) { serve(peer, GetParam()); });
  AmqpMessage message = message_for(server.port());
  message.time_limit = 50ms;
  const auto error = error_of(message);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::timed_out);
  EXPECT_THAT(error->what(), HasSubstr("its 50 ms were over before the message was sent"));
}
INSTANTIATE_TEST_SUITE_P(Stages, SilentBrokers, ::testing::Range(0, 3));

TEST_F(RabbitPublisherTest, ABrokerThatDoesNotConfirmIsLeftInDoubt) {
  HostileServer server([](Peer& peer) {
    BrokerSide broker(peer);
    broker.let_in();
    broker.open_channel();
    broker.receive();
    peer.wait_until_gone();
  });
  AmqpMessage message = message_for(server.port());
  message.time_limit = 200ms;
  const auto error = error_of(message);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::timed_out);
  EXPECT_THAT(error->what(), HasSubstr("which it may have taken"));
}

/// The library would wait for ever for room in the socket.
TEST_F(RabbitPublisherTest, ABrokerThatStopsReadingIsLeftWhenTheTimeIsOver) {
  Event given_up;
  HostileServer server([&](Peer& peer) {
    BrokerSide broker(peer);
    broker.let_in();
    broker.open_channel();
    (void)given_up.wait();
  });
  AmqpMessage message = message_for(server.port());
  message.body = std::string(32U << 20U, 'x');
  message.time_limit = 200ms;
  const auto error = error_of(message);
  publisher.reset();  // its thread has ended
  given_up.set();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::timed_out);
}

TEST_F(RabbitPublisherTest, WhoNoLongerWantsItDoesNotWait) {
  std::stop_source stop;
  HostileServer server([&](Peer& peer) {
    BrokerSide broker(peer);
    broker.let_in();
    stop.request_stop();
    peer.wait_until_gone();
  });
  AmqpMessage message = message_for(server.port());
  message.stop = stop.get_token();
  const auto error = error_of(message);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::cancelled);
  EXPECT_THAT(error->what(), HasSubstr("given up before the message was sent"));
}

TEST_F(RabbitPublisherTest, NamesThatAreTooLongAreRefusedBeforeAnybodyIsAsked) {
  AmqpMessage message = message_for(element::http::closed_port());
  message.routing_key = std::string(256, 'q');
  EXPECT_EQ(error_of(message)->code(), ErrorCode::bad_input);
  message = message_for(element::http::closed_port());
  message.time_limit = 0ms;
  EXPECT_EQ(error_of(message)->code(), ErrorCode::bad_input);
}

}  // namespace
}  // namespace formulary

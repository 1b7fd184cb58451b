#include "host/http/poco_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "host/base/error.hpp"
#include "tests/poco/certificates.hpp"
#include "tests/poco/hostile_server.hpp"

namespace formulary {
namespace {

using element::http::Event;
using element::http::HostileServer;
using element::http::Peer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// The machine's clock, moved by what a test adds.
class AheadClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return std::chrono::system_clock::now(); }
  [[nodiscard]] MonotonicTime monotonic() const override {
    return std::chrono::steady_clock::now() + std::chrono::seconds(ahead_s.load());
  }
  std::atomic<int> ahead_s{0};
};

class PocoTransportTest : public testing::Test {
 protected:
  [[nodiscard]] std::optional<Error> error_of(const HttpRequest& request) {
    try {
      static_cast<void>(transport->send(request));
    } catch (const Error& why) {
      return why;
    }
    return std::nullopt;
  }

  AheadClock clock;
  std::unique_ptr<Transport> transport = make_poco_transport(clock);
};

void echo(Peer& peer) {
  for (std::string request = peer.read_request(); !request.empty(); request = peer.read_request()) {
    if (!peer.send(element::http::ok(request))) return;
  }
}

TEST_F(PocoTransportTest, SendsToAnAbsoluteUrlAndReturnsTheAnswer) {
  HostileServer server([](Peer& peer) {
    const std::string request = peer.read_request();
    peer.send("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: " +
              std::to_string(request.size()) + "\r\n\r\n" + request);
  });

  const HttpResponse reply = transport->send({.method = "PATCH",
                                              .url = server.url() + "/a%20b?x=1",
                                              .headers = {{"content-type", "application/json"}, {"X-Key", "k"}},
                                              .body = "{}"});

  EXPECT_EQ(reply.status, 302);
  EXPECT_THAT(reply.headers, ElementsAre(Pair("Location", "/elsewhere"), Pair("X-A", "1"), Pair("X-A", "2"),
                                         Pair("Content-Length", testing::_)));
  EXPECT_EQ(
      reply.body,
      "PATCH /a%20b?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
          "\r\nUser-Agent: formulary\r\nX-Key: k\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
}

TEST_F(PocoTransportTest, AsksForTheRootWhenTheUrlHasNoPath) {
  HostileServer server(echo);
  EXPECT_THAT(transport->send({.url = server.url() + "?x=1"}).body, testing::StartsWith("GET /?x=1 HTTP/1.1\r\n"));
}

TEST_F(PocoTransportTest, KeepsConnectionsForEachOriginUpToItsBound) {
  transport = make_poco_transport(clock, {.origins_max = 2});
  HostileServer first(echo);
  HostileServer second(echo);
  HostileServer third(echo);
  for (const HostileServer* one : {&first, &second, &first})
    static_cast<void>(transport->send({.url = one->url() + "/"}));
  EXPECT_EQ(first.connections(), 1U);

  static_cast<void>(transport->send({.url = third.url() + "/"}));  // the second was used longest ago
  static_cast<void>(transport->send({.url = first.url() + "/"}));
  static_cast<void>(transport->send({.url = second.url() + "/"}));

  EXPECT_EQ(first.connections(), 1U);
  EXPECT_EQ(second.connections(), 2U);
}

TEST_F(PocoTransportTest, TrustsTheAuthorityItIsGivenAndNoOther) {
  const element::http::Authority authority;
  const auto context = authority.serve({.names = "IP:127.0.0.1"});
  HostileServer server([&context](Peer& peer) {
    if (peer.start_tls(context.get())) echo(peer);
  });
  const HttpRequest request{.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/"};
  const auto why = error_of(request);
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), ErrorCode::unavailable);
  EXPECT_THAT(why->what(), HasSubstr("its certificate is not trusted"));

  transport = make_poco_transport(clock, {.ca_file = authority.file()});
  EXPECT_EQ(transport->send(request).status, 200);
}

TEST_F(PocoTransportTest, EndsWhenItIsStopped) {
  Event reached;
  Event released;
  HostileServer server([&](Peer& peer) {
    peer.read_request();
    reached.set();
    static_cast<void>(released.wait());
  });
  std::stop_source stop;
  std::thread someone([&] {
    static_cast<void>(reached.wait());
    stop.request_stop();
  });
  const auto why = error_of({.url = server.url() + "/", .stop = stop.get_token()});
  someone.join();
  EXPECT_FALSE(released.is_set());
  released.set();
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), ErrorCode::cancelled);
}

TEST_F(PocoTransportTest, EndsWhenItsTimeLimitPasses) {
  Event reached;
  Event released;
  HostileServer server([&](Peer& peer) {
    peer.read_request();
    reached.set();
    static_cast<void>(released.wait());
  });
  std::thread someone([&] {
    static_cast<void>(reached.wait());
    clock.ahead_s = 31;
  });
  const auto why = error_of({.url = server.url() + "/", .time_limit = std::chrono::seconds(30)});
  someone.join();
  EXPECT_FALSE(released.is_set());
  released.set();
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), ErrorCode::timed_out);
}

TEST_F(PocoTransportTest, SendsOnceOnly) {
  HostileServer server([](Peer& peer) {
    peer.read_request();
    peer.send(element::http::ok("first"));
    peer.read_request();
    peer.reset();
  });
  static_cast<void>(transport->send({.url = server.url() + "/"}));
  const auto why = error_of({.url = server.url() + "/"});
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), ErrorCode::unavailable);
  EXPECT_EQ(server.connections(), 1U);
}

struct Refusal {
  const char* name;
  HttpRequest request;
  ErrorCode code;
};

TEST_F(PocoTransportTest, NamesEachFailureByItsCode) {
  const auto answering = [](const char* answer) {
    return std::make_unique<HostileServer>([answer](Peer& peer) {
      peer.read_request();
      peer.send(answer);
    });
  };
  const auto cut = answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort");
  const auto big = answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnine ....");
  const auto odd = answering("nonsense\r\n\r\n");
  const std::string nobody = "http://127.0.0.1:" + std::to_string(element::http::closed_port()) + "/";
  const Refusal refusals[] = {
      {"no URL", {.url = ""}, ErrorCode::bad_input},
      {"relative URL", {.url = "/people"}, ErrorCode::bad_input},
      {"other scheme", {.url = "file:///etc/passwd"}, ErrorCode::bad_input},
      {"credentials in URL", {.url = "https://user:secret@host/"}, ErrorCode::bad_input},
      {"method", {.method = "GET /", .url = nobody}, ErrorCode::bad_input},
      {"header", {.url = nobody, .headers = {{"X", "a\r\nY: b"}}}, ErrorCode::bad_input},
      {"framing header", {.url = nobody, .headers = {{"Transfer-Encoding", "chunked"}}}, ErrorCode::bad_input},
      {"two content types",
       {.url = nobody, .headers = {{"Content-Type", "a/b"}, {"content-type", "c/d"}}},
       ErrorCode::bad_input},
      {"no time", {.url = nobody, .time_limit = std::chrono::milliseconds(0)}, ErrorCode::bad_input},
      {"nobody there", {.url = nobody}, ErrorCode::unavailable},
      {"cut", {.url = cut->url() + "/"}, ErrorCode::unavailable},
      {"not HTTP", {.url = odd->url() + "/"}, ErrorCode::unavailable},
      {"too large", {.url = big->url() + "/", .body_max = 8}, ErrorCode::limit_reached},
  };
  for (const Refusal& one : refusals) {
    const auto why = error_of(one.request);
    ASSERT_TRUE(why) << one.name;
    EXPECT_EQ(why->code(), one.code) << one.name << ": " << why->what();
    EXPECT_THAT(why->what(), testing::Not(HasSubstr("secret"))) << one.name;
  }
}

TEST_F(PocoTransportTest, SaysThatTrustAnchorsCannotBeRead) {
  transport = make_poco_transport(clock, {.ca_file = "/nonexistent/ca.pem"});
  const auto why = error_of({.url = "https://127.0.0.1:1/"});
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), ErrorCode::bad_input);
  EXPECT_THAT(why->what(), testing::StartsWith("/nonexistent/ca.pem: "));
}

/// Refuses one address, and remembers what it was asked about.
struct Vetting {
  std::string refused;
  std::vector<std::string> asked;
  void operator()(const std::string& address) {
    asked.push_back(address);
    if (address == refused) throw Error(ErrorCode::permission_denied, "test: " + address + " is refused");
  }
};

class VettedTransportTest : public PocoTransportTest {
 protected:
  void resolve_to(std::vector<std::string> addresses) {
    transport = make_poco_transport(clock, {.resolve =
                                                [this, addresses](const std::string&) {
                                                  ++look_ups;
                                                  return addresses;
                                                },
                                            .vet = [this](const std::string& address) { vetting(address); }});
  }
  static std::string with_host(const std::string& host, const HostileServer& server) {
    return "http://" + host + ':' + std::to_string(server.port()) + "/";
  }

  Vetting vetting{.refused = "127.0.0.1", .asked = {}};
  int look_ups = 0;
};

TEST_F(VettedTransportTest, ANameThatLeadsToARefusedAddressIsNotConnectedTo) {
  HostileServer server(echo);
  resolve_to({"127.0.0.1"});
  const auto error = error_of({.url = with_host("innocent.example", server)});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::permission_denied);
  EXPECT_STREQ(error->what(), "test: 127.0.0.1 is refused");
  EXPECT_EQ(server.connections(), 0U);
  EXPECT_EQ(look_ups, 1) << "what was checked is what would have been called";
}

TEST_F(VettedTransportTest, AnAddressInTheUrlIsVettedInEverySpelling) {
  HostileServer server(echo);
  resolve_to({"8.8.8.8"});
  for (const char* host : {"127.0.0.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.1"}) {
    const auto error = error_of({.url = with_host(host, server)});
    ASSERT_TRUE(error) << host;
    EXPECT_EQ(error->code(), ErrorCode::permission_denied) << host;
  }
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(VettedTransportTest, OfSeveralAddressesOnlyThoseThatPassAreTried) {
  HostileServer server(echo);
  vetting.refused = "127.0.0.2";
  resolve_to({"127.0.0.2", "127.0.0.1"});
  EXPECT_EQ(transport->send({.url = with_host("two.example", server)}).status, 200);
  EXPECT_THAT(vetting.asked, ElementsAre("127.0.0.2", "127.0.0.1"));
  EXPECT_EQ(look_ups, 1);
}

TEST_F(VettedTransportTest, ANameWithoutAnAddressIsUnavailableAndNotRefused) {
  HostileServer server(echo);
  resolve_to({});
  const auto error = error_of({.url = with_host("none.example", server)});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::unavailable);
}

}  // namespace
}  // namespace formulary

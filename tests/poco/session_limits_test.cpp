#include <formulary/poco/session_pool.hpp>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/poco/certificates.hpp"
#include "tests/poco/hostile_server.hpp"
#include "tests/poco/test_control.hpp"
#include "tests/poco/thrown_error.hpp"

namespace element::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

/// Where the server leaves its client hanging. `reached` is set when it is there; `released` is never set before the
/// client has returned, so a return proves that the client did not wait for the server.
struct Stall {
  const char* name;
  const char* sentence;  ///< Of the time-out.
  retry may_retry;
  request what;
  bool secure = false;
  std::function<void(Peer&, Event& reached, Event& released)> serve;
};

const std::string big_upload(64U << 20U, 'x');

std::vector<Stall> stalls() {
  return {
      {"Handshake",
       "the TLS handshake",
       retry::safe,
       {},
       true,
       [](Peer& peer, Event& reached, Event& released) {
         peer.read_bytes(5);  // the beginning of the client's hello
         reached.set();
         static_cast<void>(released.wait());
       }},
      {"Upload",
       "sending the request",
       retry::if_idempotent,
       {.method = "PUT", .body = big_upload},
       false,
       [](Peer& peer, Event& reached, Event& released) {
         peer.read_bytes(1'000);
         reached.set();
         static_cast<void>(released.wait());
       }},
      {"NoAnswer",
       "waiting for the answer",
       retry::if_idempotent,
       {},
       false,
       [](Peer& peer, Event& reached, Event& released) {
         peer.read_request();
         reached.set();
         static_cast<void>(released.wait());
       }},
      {"HalfAHead",
       "reading the answer",
       retry::if_idempotent,
       {},
       false,
       [](Peer& peer, Event& reached, Event& released) {
         peer.read_request();
         peer.send("HTTP/1.1 200 OK\r\nContent-");
         reached.set();
         static_cast<void>(released.wait());
       }},
      {"HalfABody",
       "reading the answer",
       retry::if_idempotent,
       {},
       false,
       [](Peer& peer, Event& reached, Event& released) {
         peer.read_request();
         peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
         reached.set();
         static_cast<void>(released.wait());
       }},
      // The limit of a single read never passes here: only one over the whole helps.
      {"DrippedBody",
       "reading the answer",
       retry::if_idempotent,
       {},
       false,
       [](Peer& peer, Event& reached, Event& released) {
         peer.read_request();
         peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
         reached.set();
         while (!released.is_set() && peer.send("x")) std::this_thread::yield();
       }},
      {"DrippedHead",
       "reading the answer",
       retry::if_idempotent,
       {},
       false,
       [](Peer& peer, Event& reached, Event& released) {
         peer.read_request();
         peer.send("HTTP/1.1 200 OK\r\nX: ");
         reached.set();
         while (!released.is_set() && peer.send("x")) std::this_thread::yield();
       }},
      {"EndlessInterimAnswer",
       "reading the answer",
       retry::if_idempotent,
       {},
       false,
       [](Peer& peer, Event& reached, Event& released) {
         peer.read_request();
         peer.send("HTTP/1.1 103 Early Hints\r\n\r\n");
         reached.set();
         static_cast<void>(released.wait());
       }},
  };
}

class SessionStallTest : public testing::TestWithParam<Stall> {
 protected:
  SessionStallTest() : server_([this](Peer& peer) { GetParam().serve(peer, reached_, released_); }) {}
  ~SessionStallTest() override { released_.set(); }

  [[nodiscard]] options to_server() const {
    options how{.base_url =
                    (GetParam().secure ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(server_.port())};
    how.limits.head_max = how.limits.body_max = 2'000'000'000;
    how.limits.connect = seconds(1'000);  // so that only the limit on the whole can end it
    return how;
  }

  Event reached_;
  Event released_;
  HostileServer server_;
};

TEST_P(SessionStallTest, ReturnsSoonAfterItsCallIsCancelled) {
  session_pool pool(to_server());
  TestControl now;
  std::chrono::steady_clock::time_point cancelled_at;
  std::thread someone([&] {
    static_cast<void>(reached_.wait());
    cancelled_at = std::chrono::steady_clock::now();
    now.cancel();
  });

  const auto why = thrown_error([&] { static_cast<void>(pool.send(now, GetParam().what)); });
  const auto returned_at = std::chrono::steady_clock::now();
  someone.join();

  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), "call.cancelled");
  EXPECT_FALSE(released_.is_set());
  // 100 ms are promised; the rest is for a busy machine under a sanitizer.
  EXPECT_LT(returned_at - cancelled_at, seconds(1));
  EXPECT_EQ(pool.idle_sessions(), 0U);
}

TEST_P(SessionStallTest, EndsWhenTheLimitOnTheWholePasses) {
  session_pool pool(to_server());
  TestControl now;
  std::thread someone([&] {
    static_cast<void>(reached_.wait());
    // The server is where it stalls; the client may still be a step behind, and asks once in each step on its way.
    const std::uint64_t polls = now.polls();
    while (now.polls() < polls + 4) std::this_thread::yield();
    now.advance(seconds(129));
  });

  const auto why = thrown_error([&] { static_cast<void>(pool.send(now, GetParam().what)); });
  someone.join();

  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), "http.timeout");
  EXPECT_EQ(why->status(), ELEMENT_DEADLINE_EXCEEDED);
  EXPECT_EQ(why->retry_class(), GetParam().may_retry);
  EXPECT_THAT(why->what(), HasSubstr(std::string("the time limit passed while ") + GetParam().sentence));
  EXPECT_FALSE(released_.is_set());
}

TEST_P(SessionStallTest, EndsWhenTheCallsDeadlinePasses) {
  session_pool pool(to_server());
  TestControl now(seconds(60));
  std::thread someone([&] {
    static_cast<void>(reached_.wait());
    now.advance(seconds(61));
  });

  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(now, GetParam().what)); }), "call.deadline_exceeded");
  someone.join();
  EXPECT_FALSE(released_.is_set());
}

INSTANTIATE_TEST_SUITE_P(Phases, SessionStallTest, testing::ValuesIn(stalls()),
                         [](const auto& row) { return std::string(row.param.name); });

/// A listener that accepts nobody and whose queue is full: the kernel lets further connections hang.
class FullListener {
 public:
  FullListener() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    sockets_.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(::bind(sockets_[0], generic, length), 0);
    EXPECT_EQ(::getsockname(sockets_[0], generic, &length), 0);
    EXPECT_EQ(::listen(sockets_[0], 0), 0);
    port_ = ntohs(address.sin_port);
    for (int index = 0; index < 3; ++index) {
      sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      static_cast<void>(::connect(sockets_.back(), generic, length));
    }
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;
  ~FullListener() {
    for (const int one : sockets_) ::close(one);
  }
  [[nodiscard]] int port() const noexcept { return port_; }

 private:
  int port_ = 0;
  std::vector<int> sockets_;
};

TEST(SessionLimitsTest, AConnectionThatHangsEndsWithItsLimitOrItsCall) {
  const FullListener nobody;
  session_pool pool(
      {.base_url = "http://127.0.0.1:" + std::to_string(nobody.port()), .limits = {.connect = milliseconds(30)}});
  const auto why = thrown_error([&] { static_cast<void>(pool.send(TestControl{}, {})); });
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), "http.timeout");
  EXPECT_EQ(why->retry_class(), retry::safe);
  EXPECT_THAT(why->what(), HasSubstr("while connecting"));

  session_pool patient(
      {.base_url = "http://127.0.0.1:" + std::to_string(nobody.port()), .limits = {.connect = seconds(100)}});
  TestControl now;
  std::thread someone([&] { now.cancel(); });
  EXPECT_EQ(thrown_code([&] { static_cast<void>(patient.send(now, {})); }), "call.cancelled");
  someone.join();
}

TEST(SessionLimitsTest, ADeadlineThatHasPassedSendsNothing) {
  HostileServer server([](Peer&) {});
  session_pool pool({.base_url = server.url()});
  TestControl now(seconds(1));
  now.advance(seconds(2));
  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(now, {})); }), "call.deadline_exceeded");
  EXPECT_EQ(server.connections(), 0U);
}

TEST(SessionLimitsTest, ALookUpThatHangsIsLeftBehindByACancelledCall) {
  Event looking;
  Event answer;
  TestControl now;
  bool returned_first = false;
  {
    session_pool pool({.base_url = "https://api.acme.example", .resolve = [&](const std::string&) {
                         looking.set();
                         static_cast<void>(answer.wait());
                         return std::vector<std::string>{"127.0.0.1"};
                       }});
    std::thread someone([&] {
      static_cast<void>(looking.wait());
      now.cancel();
    });
    EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(now, {})); }), "call.cancelled");
    someone.join();
    returned_first = !answer.is_set();
    answer.set();  // else the pool's end would wait for it
  }
  EXPECT_TRUE(returned_first);
}

TEST(SessionLimitsTest, ALookUpHasATimeLimit) {
  Event looking;
  Event answer;
  TestControl now;
  session_pool pool(
      {.base_url = "https://api.acme.example", .limits = {.connect = seconds(10)}, .resolve = [&](const std::string&) {
         looking.set();
         static_cast<void>(answer.wait());
         return std::vector<std::string>{"127.0.0.1"};
       }});
  std::thread someone([&] {
    static_cast<void>(looking.wait());
    now.advance(seconds(11));
  });
  const auto why = thrown_error([&] { static_cast<void>(pool.send(now, {})); });
  someone.join();
  answer.set();
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), "http.timeout");
  EXPECT_EQ(why->retry_class(), retry::safe);
  EXPECT_THAT(why->what(), HasSubstr("looking up its name"));
}

TEST(SessionLimitsTest, CallsBeyondTheSessionsAllowedWaitForOne) {
  Event first_is_in;
  Event go_on;
  HostileServer server([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      first_is_in.set();
      static_cast<void>(go_on.wait());
      if (!peer.send(ok("in turn"))) return;
    }
  });
  session_pool pool({.base_url = server.url(), .limits = {.sessions_max = 1}});
  TestControl now;
  std::thread first([&] { EXPECT_EQ(pool.send(now, {}).body, "in turn"); });
  ASSERT_TRUE(first_is_in.wait());

  TestControl impatient(milliseconds(1));
  impatient.advance(milliseconds(2));
  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(impatient, {})); }), "call.deadline_exceeded");
  TestControl cancelled;
  std::thread second(
      [&] { EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(cancelled, {})); }), "call.cancelled"); });
  cancelled.cancel();
  second.join();
  const request hasty{.total = milliseconds(1)};
  const auto busy = thrown_error([&] { static_cast<void>(pool.send(now, hasty)); });
  ASSERT_TRUE(busy);
  EXPECT_EQ(busy->code(), "http.busy");
  EXPECT_EQ(busy->retry_class(), retry::safe);

  std::thread third([&] { EXPECT_TRUE(pool.send(now, {}).reused_session); });
  go_on.set();
  first.join();
  third.join();
  EXPECT_EQ(server.connections(), 1U);
}

TEST(SessionLimitsTest, StopsReadingAtTheLimitOnTheBody) {
  struct Row {
    const char* name;
    std::string answer;
  };
  const std::string chunk = "5\r\nhello\r\n";
  for (const Row& row :
       {Row{"stated length", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"},
        Row{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "1\r\n"},
        Row{"one huge chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n"},
        Row{"to the end", "HTTP/1.1 200 OK\r\n\r\nhello world"}}) {
    HostileServer server([&row](Peer& peer) {
      peer.read_request();
      peer.send(row.answer);
      peer.wait_until_gone();  // the client leaves by itself, or this would hang
    });
    session_pool pool({.base_url = server.url(), .limits = {.body_max = 10}});
    const auto why = thrown_error([&] { static_cast<void>(pool.send(TestControl{}, {})); });
    ASSERT_TRUE(why) << row.name;
    EXPECT_EQ(why->code(), "http.too_large") << row.name;
    EXPECT_EQ(why->retry_class(), retry::no) << row.name;
  }
}

TEST(SessionLimitsTest, ARequestMayBringItsOwnBodyLimit) {
  HostileServer server([](Peer& peer) {
    peer.read_request();
    peer.send(ok("hello world"));
  });
  session_pool pool({.base_url = server.url()});
  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(TestControl{}, {.body_max = 10})); }), "http.too_large");
  EXPECT_EQ(pool.send(TestControl{}, {.body_max = 11}).body, "hello world");
}

TEST(SessionLimitsTest, StopsReadingEndlessHeaders) {
  HostileServer server([](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-Again: and again\r\n")) {
    }
  });
  session_pool pool({.base_url = server.url(), .limits = {.head_max = 4'096}});
  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(TestControl{}, {})); }), "http.too_large");
}

}  // namespace
}  // namespace element::http

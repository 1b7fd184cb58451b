#include <formulary/poco/session_pool.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/poco/hostile_server.hpp"
#include "tests/poco/test_control.hpp"
#include "tests/poco/thrown_error.hpp"

namespace element::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Answers each request on a connection with the next of `answers`, then waits for the client to go.
HostileServer::Script answering(std::vector<std::string> answers) {
  return [answers = std::move(answers)](Peer& peer) {
    for (const std::string& answer : answers) {
      if (peer.read_request().empty() || !peer.send(answer)) return;
    }
    peer.wait_until_gone();
  };
}

TEST(SessionPoolTest, SendsOneRequestAndReturnsTheAnswer) {
  std::string seen;
  HostileServer server([&seen](Peer& peer) {
    seen = peer.read_request();
    peer.send("HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-One: 1\r\nx-one: 2\r\n\r\nhi");
    peer.wait_until_gone();
  });
  session_pool pool({.base_url = server.url() + "/v1/", .user_agent = "acme/1"});
  const TestControl now;

  const response reply = pool.send(now, {.method = "POST",
                                         .target = "/people?limit=1",
                                         .headers = {{"X-Key", "k"}},
                                         .body = "{}",
                                         .content_type = "application/json"});

  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "hi");
  EXPECT_EQ(reply.headers.find("X-ONE"), "1");
  EXPECT_EQ(reply.headers.size(), 3U);
  EXPECT_EQ(reply.sends, 1);
  EXPECT_EQ(seen,
            "POST /v1/people?limit=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                "\r\nUser-Agent: acme/1\r\nX-Key: k\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(SessionPoolTest, KeepsTheConnectionForTheNextRequest) {
  HostileServer server(answering({ok("a"), ok("b")}));
  session_pool pool({.base_url = server.url()});
  const TestControl now;

  const response first = pool.send(now, {});
  const response second = pool.send(now, {});

  EXPECT_FALSE(first.reused_session);
  EXPECT_TRUE(second.reused_session);
  EXPECT_EQ(second.body, "b");
  EXPECT_EQ(server.connections(), 1U);
  EXPECT_EQ(pool.idle_sessions(), 1U);
}

TEST(SessionPoolTest, DoesNotUseAConnectionThatWasIdleForTooLong) {
  HostileServer server(answering({ok("a"), ok("b")}));
  session_pool pool({.base_url = server.url(), .limits = {.idle = std::chrono::seconds(20)}});
  TestControl now;
  static_cast<void>(pool.send(now, {}));

  now.advance(std::chrono::seconds(21));

  EXPECT_FALSE(pool.send(now, {}).reused_session);
  EXPECT_EQ(server.connections(), 2U);
}

TEST(SessionPoolTest, ReplacesAConnectionThatTheServerClosedWhileItWasIdle) {
  Event closed;
  HostileServer server([&closed](Peer& peer) {
    peer.read_request();
    peer.send(ok("answer " + std::to_string(peer.number())));
    peer.close();
    closed.set();
  });
  session_pool pool({.base_url = server.url()});
  const TestControl now;
  EXPECT_EQ(pool.send(now, {}).body, "answer 0");
  ASSERT_TRUE(closed.wait());

  const response reply = pool.send(now, {.method = "POST", .body = "x"});

  EXPECT_EQ(reply.body, "answer 1");
  EXPECT_FALSE(reply.reused_session);
  EXPECT_EQ(reply.sends, 1);
}

/// The server's farewell crosses with the request: the client finds out only after it has sent.
HostileServer::Script closing_on_the_second_request() {
  return [](Peer& peer) {
    peer.read_request();
    peer.send(ok("answer " + std::to_string(peer.number())));
    peer.read_request();
    if (peer.number() == 0) {
      peer.reset();
    } else {
      peer.send(ok("again"));
      peer.wait_until_gone();
    }
  };
}

TEST(SessionPoolTest, RepeatsAnIdempotentRequestOnceWhenTheKeptConnectionWasDead) {
  HostileServer server(closing_on_the_second_request());
  session_pool pool({.base_url = server.url()});
  const TestControl now;
  static_cast<void>(pool.send(now, {}));

  const response reply = pool.send(now, {});

  EXPECT_EQ(reply.body, "answer 1");
  EXPECT_EQ(reply.sends, 2);
  EXPECT_EQ(server.connections(), 2U);
}

TEST(SessionPoolTest, NeverRepeatsARequestThatMayHaveBeenProcessed) {
  for (const request& once : {request{.method = "POST", .body = "x"}, request{.method = "PATCH", .body = "x"},
                              request{.method = "GET", .repeat = repeatable::no}}) {
    HostileServer server(closing_on_the_second_request());
    session_pool pool({.base_url = server.url()});
    const TestControl now;
    static_cast<void>(pool.send(now, {}));

    const auto why = thrown_error([&] { static_cast<void>(pool.send(now, once)); });

    ASSERT_TRUE(why) << once.method;
    EXPECT_EQ(why->code(), "http.closed");
    EXPECT_EQ(why->retry_class(), retry::if_idempotent);
    EXPECT_EQ(server.connections(), 1U);
  }
}

TEST(SessionPoolTest, RepeatsAPostThatItsAuthorCallsRepeatable) {
  HostileServer server(closing_on_the_second_request());
  session_pool pool({.base_url = server.url()});
  const TestControl now;
  static_cast<void>(pool.send(now, {}));

  EXPECT_EQ(pool.send(now, {.method = "POST", .body = "x", .repeat = repeatable::yes}).sends, 2);
}

TEST(SessionPoolTest, DoesNotRepeatOnAFreshConnection) {
  HostileServer server([](Peer& peer) {
    peer.read_request();
    peer.reset();
  });
  session_pool pool({.base_url = server.url()});

  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(TestControl{}, {})); }), "http.closed");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(SessionPoolTest, DoesNotRepeatOnceAByteOfTheAnswerCame) {
  HostileServer server([](Peer& peer) {
    peer.read_request();
    peer.send(ok("a"));
    peer.read_request();
    peer.send("HTTP/1.1 2");
  });
  session_pool pool({.base_url = server.url()});
  const TestControl now;
  static_cast<void>(pool.send(now, {}));

  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(now, {})); }), "http.truncated");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(SessionPoolTest, ReadsTheSecondAnswerOfOneWriteAsPoison) {
  HostileServer server([](Peer& peer) {
    peer.read_request();
    peer.send(ok("good") + ok("forged"));
    peer.wait_until_gone();
  });
  session_pool pool({.base_url = server.url()});
  const TestControl now;

  EXPECT_EQ(pool.send(now, {}).body, "good");
  EXPECT_EQ(pool.idle_sessions(), 0U);
  EXPECT_EQ(pool.send(now, {}).body, "good");
  EXPECT_EQ(server.connections(), 2U);
}

TEST(SessionPoolTest, DropsAConnectionOnWhichBytesCameWhileItWasIdle) {
  Event kept;
  Event poisoned;
  HostileServer server([&](Peer& peer) {
    peer.read_request();
    peer.send(ok("good"));
    if (peer.number() == 0) {
      static_cast<void>(kept.wait());
      peer.send(ok("forged"));
      poisoned.set();
    }
    peer.wait_until_gone();
  });
  session_pool pool({.base_url = server.url()});
  const TestControl now;
  static_cast<void>(pool.send(now, {}));
  ASSERT_EQ(pool.idle_sessions(), 1U);
  kept.set();
  ASSERT_TRUE(poisoned.wait());

  EXPECT_EQ(pool.send(now, {}).body, "good");
  EXPECT_EQ(server.connections(), 2U);
}

TEST(SessionPoolTest, ClosesWhatTheServerWantsClosed) {
  for (const char* head : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
                           "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"}) {
    HostileServer server(answering({head, head}));
    session_pool pool({.base_url = server.url()});
    EXPECT_EQ(pool.send(TestControl{}, {}).body, "x");
    EXPECT_EQ(pool.idle_sessions(), 0U) << head;
  }
}

TEST(SessionPoolTest, ReadsABodyToTheEndOfThePlainStream) {
  HostileServer server([](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n\r\nall of it");
  });
  session_pool pool({.base_url = server.url()});

  EXPECT_EQ(pool.send(TestControl{}, {}).body, "all of it");
  EXPECT_EQ(pool.idle_sessions(), 0U);
}

TEST(SessionPoolTest, KeepsAtMostTheIdleSessionsAllowed) {
  HostileServer server(answering({ok("a"), ok("b")}));
  session_pool pool({.base_url = server.url(), .limits = {.idle_sessions_max = 0}});
  const TestControl now;
  static_cast<void>(pool.send(now, {}));
  EXPECT_EQ(pool.idle_sessions(), 0U);
  EXPECT_FALSE(pool.send(now, {}).reused_session);
}

TEST(SessionPoolTest, ReturnsARefusalThatComesBeforeTheUploadIsOut) {
  HostileServer server([](Peer& peer) {
    peer.read_bytes(100);  // and never the rest
    peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 7\r\n\r\ntoo big");
    peer.wait_until_gone();
  });
  session_pool pool({.base_url = server.url()});
  const std::string upload(64U << 20U, 'x');  // more than the sockets' buffers hold

  const response reply = pool.send(TestControl{}, {.method = "POST", .body = upload});

  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.body, "too big");
  EXPECT_EQ(pool.idle_sessions(), 0U);
}

TEST(SessionPoolTest, SendsALargeUploadWhole) {
  std::size_t got = 0;
  HostileServer server([&got](Peer& peer) {
    got = peer.read_request().size();
    peer.send(ok("thanks"));
    peer.wait_until_gone();
  });
  session_pool pool({.base_url = server.url()});
  const std::string upload(8U << 20U, 'x');

  EXPECT_EQ(pool.send(TestControl{}, {.method = "PUT", .body = upload}).body, "thanks");
  EXPECT_GT(got, upload.size());
  EXPECT_EQ(pool.idle_sessions(), 1U);
}

TEST(SessionPoolTest, ReturnsARedirectUnfollowed) {
  HostileServer server(answering({"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"}));
  session_pool pool({.base_url = server.url()});
  const response reply = pool.send(TestControl{}, {});
  EXPECT_EQ(reply.status, 302);
  EXPECT_EQ(reply.headers.find("location"), "http://127.0.0.1:1/");
}

TEST(SessionPoolTest, IgnoresTheEnvironmentsProxies) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("HTTP_PROXY", "http://127.0.0.1:1", 1);
  HostileServer server(answering({ok("direct")}));
  session_pool pool({.base_url = server.url()});
  EXPECT_EQ(pool.send(TestControl{}, {}).body, "direct");
  ::unsetenv("http_proxy");
  ::unsetenv("HTTP_PROXY");
}

struct BadRequest {
  const char* why;
  request what;
  const char* sentence;
};

TEST(SessionPoolTest, RefusesRequestsThatAreNotLegalHttp) {
  const std::vector<BadRequest> cases = {
      {"blank in method", {.method = "GE T"}, "its method is not a word"},
      {"line break in method", {.method = "GET / HTTP/1.1\r\nX: y\r\n\r\nGET"}, "its method is not a word"},
      {"no slash", {.target = "people"}, "its target"},
      {"line break in target", {.target = "/a\r\nX: y"}, "its target"},
      {"blank in target", {.target = "/a b"}, "its target"},
      {"fragment", {.target = "/a#b"}, "its target"},
      {"line break in value",
       {.headers = {{"X-Key", "a\r\nX-Other: b"}}},
       "the header 'X-Key' holds a control character"},
      {"NUL in value", {.headers = {{"X-Key", std::string("a\0b", 3)}}}, "holds a control character"},
      {"colon in name", {.headers = {{"X-Key: a", "b"}}}, "name is not a word"},
      {"own length", {.headers = {{"content-length", "0"}}}, "'content-length' is the session pool's"},
      {"own framing", {.headers = {{"Transfer-Encoding", "chunked"}}}, "'Transfer-Encoding' is the session pool's"},
      {"own host", {.headers = {{"Host", "elsewhere"}}}, "'Host' is the session pool's"},
      {"line break in type", {.content_type = "a\r\nX: y"}, "its content type"},
  };
  session_pool pool({.base_url = "http://127.0.0.1:" + std::to_string(closed_port())});
  for (const BadRequest& one : cases) {
    const auto why = thrown_error([&] { static_cast<void>(pool.send(TestControl{}, one.what)); });
    ASSERT_TRUE(why) << one.why;
    EXPECT_EQ(why->code(), "http.bad_request") << one.why;
    EXPECT_EQ(why->retry_class(), retry::no) << one.why;
    EXPECT_THAT(why->what(), HasSubstr(one.sentence)) << one.why;
  }
}

TEST(SessionPoolTest, RefusesBaseUrlsThatWouldLeakOrMislead) {
  struct Row {
    const char* url;
    const char* sentence;
  };
  for (const Row& row : {Row{"http://api.acme.example", "in the clear"}, Row{"ftp://host/", "https://"},
                         Row{"https://user:secret@host/", "names a user"},
                         Row{"https://host/?key=secret", "it has a query"}, Row{"", "https://"}}) {
    const auto why = thrown_error([&] { session_pool({.base_url = row.url}); });
    ASSERT_TRUE(why) << row.url;
    EXPECT_EQ(why->code(), "http.bad_url") << row.url;
    EXPECT_THAT(why->what(), HasSubstr(row.sentence)) << row.url;
    EXPECT_THAT(why->what(), Not(HasSubstr("secret")));
  }
  EXPECT_NO_THROW(session_pool({.base_url = "http://api.acme.example", .allow_plain = true}));
}

TEST(SessionPoolTest, SaysWhyThereIsNoConnection) {
  const int nobody = closed_port();
  session_pool pool({.base_url = "http://127.0.0.1:" + std::to_string(nobody)});

  const auto why = thrown_error([&] { static_cast<void>(pool.send(TestControl{}, {.target = "/?key=secret"})); });

  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), "http.connect_failed");
  EXPECT_EQ(why->retry_class(), retry::safe);
  EXPECT_EQ(std::string(why->what()),
            "GET http://127.0.0.1:" + std::to_string(nobody) +
                ": no connection (Connection refused); check that the address can be reached from this machine");
}

TEST(SessionPoolTest, TriesEachAddressOfAName) {
  HostileServer server(answering({ok("second")}));
  // 127.0.0.2 is loopback too, but the server listens on 127.0.0.1 alone.
  session_pool pool(
      {.base_url = "http://localhost:" + std::to_string(server.port()), .resolve = [](const std::string& host) {
         EXPECT_EQ(host, "localhost");
         return std::vector<std::string>{"127.0.0.2", "127.0.0.1"};
       }});
  EXPECT_EQ(pool.send(TestControl{}, {}).body, "second");
}

TEST(SessionPoolTest, SaysThatANameIsUnknown) {
  session_pool pool(
      {.base_url = "https://api.acme.example",
       .resolve = [](const std::string&) -> std::vector<std::string> { throw std::runtime_error("no such name"); }});
  const auto why = thrown_error([&] { static_cast<void>(pool.send(TestControl{}, {})); });
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), "http.unknown_host");
  EXPECT_EQ(why->retry_class(), retry::safe);
  EXPECT_THAT(why->what(), StartsWith("GET https://api.acme.example:443: its name has no address (no such name)"));
}

TEST(SessionPoolTest, SaysThatAnAddressIsNone) {
  session_pool pool({.base_url = "https://api.acme.example",
                     .resolve = [](const std::string&) { return std::vector<std::string>{"not an address"}; }});
  EXPECT_EQ(thrown_code([&] { static_cast<void>(pool.send(TestControl{}, {})); }), "http.connect_failed");
}

TEST(SessionPoolTest, FindsLocalhostThroughTheSystem) {
  HostileServer server(answering({ok("found")}));
  session_pool pool({.base_url = "http://localhost:" + std::to_string(server.port())});
  EXPECT_EQ(pool.send(TestControl{}, {}).body, "found");
}

TEST(SessionPoolTest, NamesNeitherTargetNorHeadersInAnyFailure) {
  const std::vector<std::string> answers = {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
                                            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
                                            "HTTP/1.1 200 OK\r\nX secret-answer\r\n\r\n", ""};
  for (const std::string& answer : answers) {
    HostileServer server([&answer](Peer& peer) {
      peer.read_request();
      peer.send(answer);
    });
    session_pool pool({.base_url = server.url()});
    const auto why = thrown_error([&] {
      static_cast<void>(pool.send(
          TestControl{},
          {.target = "/secret-path?key=secret-query", .headers = {{"X-Key", "secret-key"}}, .body = "secret-body"}));
    });
    ASSERT_TRUE(why) << answer;
    EXPECT_THAT(why->what(), Not(HasSubstr("secret"))) << answer;
    EXPECT_THAT(why->what(), StartsWith("GET http://127.0.0.1:")) << answer;
  }
}

}  // namespace
}  // namespace element::http

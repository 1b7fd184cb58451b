#include "host/http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "host/base/error.hpp"
#include "tests/host/http/server_fixture.hpp"
#include "tests/poco/hostile_server.hpp"

namespace formulary {
namespace {

using element::http::Event;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Pair;

using ServerTest = ServerFixture;

TEST_F(ServerTest, KeepsAConnectionForTheNextRequest) {
  serve_echo();
  WireClient client(server->port());
  client.send("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "GET /a?b=c ");
  client.send("POST /d HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(client.read_answer().body, "POST /d hello");
  EXPECT_EQ(records(2).size(), 2);  // it is told once it is counted
  EXPECT_EQ(server->counters().connections_total, 1);
  EXPECT_EQ(server->counters().answers[2], 2);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInTheirOrder) {
  serve_echo();
  WireClient client(server->port());
  std::string all;
  for (int i = 0; i < 100; ++i) {
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nb";
  }
  client.send(all);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.read_answer().body, "POST /" + std::to_string(i) + " b");
}

TEST_F(ServerTest, TellsTheHandlerWhatWasSent) {
  Event seen;
  serve([&](IncomingRequest& request) {
    EXPECT_EQ(request.method, "PATCH");
    EXPECT_EQ(request.target, "/a%20b?c=%2F&d");
    EXPECT_EQ(request.path, "/a%20b");
    EXPECT_EQ(request.query, "c=%2F&d");
    EXPECT_THAT(request.headers,
                ElementsAre(Pair("Host", "x:1"), Pair("X-One", "a, b"), Pair("traceparent", testing::_)));
    EXPECT_EQ(request.header("x-ONE"), "a, b");
    EXPECT_EQ(request.header("X-Two"), std::nullopt);
    EXPECT_EQ(request.peer, "127.0.0.1");
    EXPECT_THAT(request.request_id, MatchesRegex("[0-9a-f]{24}"));
    EXPECT_EQ(request.trace_parent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    EXPECT_FALSE(request.secure);
    EXPECT_FALSE(request.stop.stop_requested());
    EXPECT_EQ(request.body.content_length(), 0);
    seen.set();
    return OutgoingResponse{};
  });
  WireClient client(server->port());
  client.send(
      "PATCH /a%20b?c=%2F&d HTTP/1.1\r\nHost: x:1\r\nX-One:  a, b \r\n"
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_TRUE(seen.is_set());
}

TEST_F(ServerTest, NamesClientsOfBothFamiliesPlainly) {
  options.address = "::";
  try {
    serve([](IncomingRequest& request) { return OutgoingResponse{.body = request.peer}; });
  } catch (const Error&) {
    GTEST_SKIP() << "this machine has no IPv6";
  }
  WireClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "127.0.0.1");
}

TEST_F(ServerTest, AddsWhatEveryAnswerHas) {
  std::string id;
  serve([&](IncomingRequest& request) {
    id = request.request_id;
    return OutgoingResponse{.status = 201, .headers = {{"X-A", "1"}}, .body = "made"};
  });
  WireClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  WireAnswer answer = client.read_answer();
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.headers["x-a"], "1");
  EXPECT_EQ(answer.headers["server"], "formulary");
  EXPECT_EQ(answer.headers["content-length"], "4");
  EXPECT_EQ(answer.headers["elements-request-id"], id);
  EXPECT_THAT(answer.headers["date"], MatchesRegex("[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2} .* GMT"));
}

TEST_F(ServerTest, TellsTheAccessLogWithoutTheQuery) {
  serve_echo();
  WireClient client(server->port());
  client.send("POST /a?token=secret HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  client.read_answer();
  const auto told = records(1);
  ASSERT_EQ(told.size(), 1);
  EXPECT_EQ(told[0].method, "POST");
  EXPECT_EQ(told[0].path, "/a");
  EXPECT_EQ(told[0].status, 200);
  EXPECT_EQ(told[0].bytes_in, 2);
  EXPECT_GT(told[0].bytes_out, 24);
  EXPECT_EQ(told[0].peer, "127.0.0.1");
  EXPECT_THAT(told[0].request_id, MatchesRegex("[0-9a-f]{24}"));
  EXPECT_THAT(told[0].trace_id, MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(told[0].note, "");
}

TEST_F(ServerTest, AnswersHeadWithoutTheBody) {
  serve([](IncomingRequest&) { return OutgoingResponse{.body = "12345"}; });
  WireClient client(server->port());
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_answer(true).headers["content-length"], "5");
  EXPECT_EQ(client.read_answer().body, "12345");
}

TEST_F(ServerTest, AsksForABodyThatWaitsToBeAskedFor) {
  serve_echo();
  WireClient client(server->port());
  client.send("PUT /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  client.send("abc");
  EXPECT_EQ(client.read_answer().body, "PUT /a abc");
}

TEST_F(ServerTest, ReadsAChunkedBody) {
  serve_echo();
  WireClient client(server->port());
  client.send(
      "PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n"
      "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "PUT /a abc0123456789");
  EXPECT_EQ(client.read_answer().body, "GET /b ");
}

TEST_F(ServerTest, AnswersWhatAHandlerThrowsWithoutItsText) {
  serve([](IncomingRequest&) -> OutgoingResponse { throw Error(ErrorCode::internal, "a secret"); });
  WireClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  WireAnswer answer = client.read_answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.headers["content-type"], "application/json");
  EXPECT_THAT(answer.body, MatchesRegex(R"(\{"requestId":"[0-9a-f]{24}","message":"[^"]*"\})"));
  EXPECT_THAT(answer.body, testing::Not(HasSubstr("secret")));
  EXPECT_EQ(records(1).at(0).note, "a secret");
}

TEST_F(ServerTest, NeverTakesABodyThatWasNotReadForARequest) {
  serve([](IncomingRequest& request) { return OutgoingResponse{.body = request.target}; });
  WireClient client(server->port());
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(hidden.size()) + "\r\n\r\n" + hidden +
              "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "/a");
  EXPECT_EQ(client.read_answer().body, "/b");
}

TEST_F(ServerTest, LetsARequestInFlightEndWhenItStops) {
  options.linger_limit = std::chrono::milliseconds(50);
  Event begun;
  Event go;
  serve([&](IncomingRequest&) {
    begun.set();
    EXPECT_TRUE(go.wait());
    return OutgoingResponse{.body = "done"};
  });
  WireClient idle(server->port());
  WireClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(begun.wait());
  std::thread stopper([&] { server->stop(std::chrono::seconds(30)); });
  EXPECT_TRUE(idle.is_ended());
  go.set();
  WireAnswer answer = client.read_answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.headers["connection"], "close");
  EXPECT_TRUE(client.is_ended());
  stopper.join();
}

}  // namespace
}  // namespace formulary

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "host/base/error.hpp"
#include "tests/host/http/server_fixture.hpp"
#include "tests/poco/hostile_server.hpp"

namespace formulary {
namespace {

using element::http::Event;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

class ServerLimitsTest : public ServerFixture {
 protected:
  ServerLimitsTest() { options.linger_limit = milliseconds(50); }

  /// What a connection that sends this gets; then it must be closed.
  int status_of(const std::string& bytes) {
    WireClient client(server->port());
    client.send(bytes);
    WireAnswer answer = client.read_answer();
    EXPECT_EQ(answer.headers["connection"], "close");
    EXPECT_TRUE(client.is_ended());
    return answer.status;
  }
};

TEST_F(ServerLimitsTest, AnswersARefusedRequestAndCloses) {
  serve_echo();
  WireClient client(server->port());
  client.send("POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
              std::string(get));
  WireAnswer answer = client.read_answer();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.headers["connection"], "close");
  EXPECT_EQ(answer.body, R"({"requestId":")" + answer.headers["elements-request-id"] +
                             R"(","message":"the request has both a Content-Length and a Transfer-Encoding"})");
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(records(1).at(0).path, "/a");
  EXPECT_EQ(server->counters().answers[4], 1);
}

TEST_F(ServerLimitsTest, HoldsTheLimitsOfTheHead) {
  options.line_max = 100;
  options.head_max = 300;
  options.headers_max = 5;
  serve_echo();
  EXPECT_EQ(status_of("GET /" + std::string(200, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"), 414);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(200, 'a') + "\r\n\r\n"), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n\r\n"), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(90, 'a') + "\r\nB: " + std::string(90, 'a') +
                      "\r\nC: " + std::string(90, 'a') + "\r\n\r\n"),
            431);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

TEST_F(ServerLimitsTest, RefusesABodyBeyondItsLimit) {
  options.body_max = 10;
  serve_echo();
  EXPECT_EQ(status_of("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello world"), 413);
  EXPECT_EQ(status_of("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"),
            413);
  EXPECT_EQ(status_of("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n"), 413);
}

TEST_F(ServerLimitsTest, RefusesABadlyChunkedBody) {
  serve_echo();
  EXPECT_EQ(status_of("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n"), 400);
}

TEST_F(ServerLimitsTest, AHandlerMayRaiseTheLimit) {
  options.body_max = 10;
  serve([](IncomingRequest& request) {
    request.body.set_limit(1'000);
    return OutgoingResponse{.body = request.body.read_all(1'000)};
  });
  WireClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  client.send("hello world");
  EXPECT_EQ(client.read_answer().body, "hello world");
}

TEST_F(ServerLimitsTest, ClosesRatherThanReadALongBodyThatNobodyWants) {
  serve([](IncomingRequest&) { return OutgoingResponse{.body = "no"}; });
  WireClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nhello");
  WireAnswer answer = client.read_answer();
  EXPECT_EQ(answer.body, "no");
  EXPECT_EQ(answer.headers["connection"], "close");
}

TEST_F(ServerLimitsTest, CutsASlowHead) {
  options.head_limit = milliseconds(40);
  serve_echo();
  WireClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHos");
  EXPECT_EQ(client.read_answer().status, 408);
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerLimitsTest, CutsASlowBodyBeforeAWorkerIsHeld) {
  options.reading = {.stall = milliseconds(40)};
  std::atomic<int> called = 0;
  serve([&](IncomingRequest&) {
    ++called;
    return OutgoingResponse{};
  });
  EXPECT_EQ(status_of("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello"), 408);
  EXPECT_EQ(called, 0);
}

TEST_F(ServerLimitsTest, CutsASlowUploadThatAHandlerReads) {
  options.reading = {.stall = milliseconds(40)};
  options.body_buffered_max = 1;
  serve_echo();
  EXPECT_EQ(status_of("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello"), 408);
  EXPECT_THAT(records(1).at(0).note, HasSubstr("too slowly"));
}

TEST_F(ServerLimitsTest, CutsABodyThatTricklesBelowTheLeastRate) {
  options.reading = {.stall = milliseconds(10'000), .grace = milliseconds(60), .bytes_per_second = 100'000};
  serve_echo();
  WireClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  std::thread trickle([&] {
    // The pace itself is what is tested, so it must be a real one.
    for (int i = 0; i < 100'000 && client.send("x"); ++i) std::this_thread::sleep_for(milliseconds(1));
  });
  EXPECT_EQ(records(1).at(0).status, 408);
  server.reset();
  trickle.join();
}

TEST_F(ServerLimitsTest, CutsASlowReader) {
  options.writing = {.stall = milliseconds(40)};
  serve([](IncomingRequest&) { return OutgoingResponse{.body = std::string(16U << 20U, 'x')}; });
  WireClient client(server->port(), 4'096);
  client.send(get);
  EXPECT_EQ(records(1).at(0).note, "the client reads too slowly");
}

TEST_F(ServerLimitsTest, ClosesAnIdleConnection) {
  options.idle_limit = milliseconds(40);
  serve_echo();
  WireClient silent(server->port());
  WireClient once(server->port());
  once.send(get);
  EXPECT_EQ(once.read_answer().status, 200);
  EXPECT_TRUE(once.is_ended());
  EXPECT_TRUE(silent.is_ended());
}

TEST_F(ServerLimitsTest, ClosesAfterSoManyRequests) {
  options.requests_per_connection_max = 2;
  serve_echo();
  WireClient client(server->port());
  client.send(std::string(get) + std::string(get) + std::string(get));
  EXPECT_FALSE(client.read_answer().headers.contains("connection"));
  EXPECT_EQ(client.read_answer().headers["connection"], "close");
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerLimitsTest, TurnsAwayWhoIsOneTooMany) {
  options.connections_max = 2;
  serve_echo();
  WireClient one(server->port());
  WireClient two(server->port());
  one.send(get);
  one.read_answer();
  two.send(get);
  two.read_answer();
  WireClient three(server->port());
  WireAnswer answer = three.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers["retry-after"], "1");
  EXPECT_TRUE(three.is_ended());
  EXPECT_EQ(server->counters().connections_refused, 1);
}

TEST_F(ServerLimitsTest, TurnsAwayAnAddressThatHasTooMany) {
  options.connections_per_address_max = 1;
  serve_echo();
  {
    WireClient one(server->port());
    one.send(get);
    one.read_answer();
    EXPECT_EQ(WireClient(server->port()).read_answer().status, 503);
  }
  while (server->counters().connections > 0) std::this_thread::yield();
  WireClient again(server->port());
  again.send(get);
  EXPECT_EQ(again.read_answer().status, 200);
}

TEST_F(ServerLimitsTest, AnswersBusyWhenTooMuchWaits) {
  options.workers = 1;
  options.queued_max = 1;
  Event begun;
  Event go;
  serve([&](IncomingRequest&) {
    begun.set();
    EXPECT_TRUE(go.wait());
    return OutgoingResponse{.body = "done"};
  });
  WireClient running(server->port());
  running.send(get);
  ASSERT_TRUE(begun.wait());
  WireClient waiting(server->port());
  waiting.send(get);
  while (server->counters().queued == 0) std::this_thread::yield();
  WireClient rejected(server->port());
  rejected.send(get);
  WireAnswer answer = rejected.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers["retry-after"], "1");
  EXPECT_EQ(server->counters().rejected, 1);
  while (server->counters().in_flight != 2) std::this_thread::yield();
  go.set();
  EXPECT_EQ(running.read_answer().body, "done");
  EXPECT_EQ(waiting.read_answer().body, "done");
  rejected.send(get);
  EXPECT_EQ(rejected.read_answer().body, "done");
}

TEST_F(ServerLimitsTest, SlowUploadsTakeAtMostHalfOfTheWorkers) {
  options.workers = 2;
  options.body_buffered_max = 1;
  serve_echo();
  std::vector<std::unique_ptr<WireClient>> slow;
  for (int i = 0; i < 4; ++i) {
    slow.push_back(std::make_unique<WireClient>(server->port()));
    slow.back()->send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello");
  }
  while (server->counters().queued != 3) std::this_thread::yield();
  WireClient good(server->port());
  good.send(get);
  EXPECT_EQ(good.read_answer().status, 200);
}

TEST_F(ServerLimitsTest, CallsHandlersAtOnceWhenBodiesHoldTooMuch) {
  options.held_max = 4;
  Event called;
  serve([&](IncomingRequest& request) {
    called.set();
    return OutgoingResponse{.body = request.body.read_all(100)};
  });
  WireClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello");
  EXPECT_TRUE(called.wait());
  client.send(" world");
  EXPECT_EQ(client.read_answer().body, "hello world");
}

TEST_F(ServerLimitsTest, ServesAGoodClientAmongIdleAndSlowOnes) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const auto most = std::min<std::size_t>(700, (files.rlim_cur - 100) / 2);
  serve_echo();
  std::vector<std::unique_ptr<WireClient>> others;
  for (std::size_t i = 0; i < most; ++i) {
    others.push_back(std::make_unique<WireClient>(server->port()));
    if (i % 4 == 1) others.back()->send("GET / HTTP/1.1\r\nHo");
    if (i % 4 == 2) others.back()->send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello");
  }
  WireClient good(server->port());
  for (int i = 0; i < 20; ++i) {
    good.send(get);
    EXPECT_EQ(good.read_answer().status, 200);
  }
  EXPECT_EQ(server->counters().connections, most + 1);
}

TEST_F(ServerLimitsTest, SurvivesThatDescriptorsRunOut) {
  serve_echo();
  WireClient early(server->port());
  early.send(get);
  early.read_answer();
  auto late = std::make_unique<WireClient>(server->port());
  late->send(get);
  late->read_answer();
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  std::vector<int> taken;
  rlimit few = before;
  few.rlim_cur = std::min<rlim_t>(before.rlim_cur, 256);
  setrlimit(RLIMIT_NOFILE, &few);
  for (int fd = dup(0); fd >= 0; fd = dup(0)) taken.push_back(fd);
  close(taken.back());
  taken.pop_back();
  WireClient waiting(server->port());  // takes the last descriptor: the server has none for it
  waiting.send(get);
  early.send(get);
  EXPECT_EQ(early.read_answer().status, 200);
  for (const int fd : taken) close(fd);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(waiting.read_answer().status, 200);
}

TEST_F(ServerLimitsTest, StopsTheTokenWhenARequestsTimeIsOver) {
  options.request_limit = milliseconds(20);
  options.head_limit = milliseconds(20);  // so that time is looked at often
  serve([](IncomingRequest& request) {
    Event stopped;
    const std::stop_callback heard(request.stop, [&] { stopped.set(); });
    EXPECT_TRUE(stopped.wait());
    return OutgoingResponse{.status = 504};
  });
  WireClient client(server->port());
  client.send(get);
  EXPECT_EQ(client.read_answer().status, 504);
}

TEST_F(ServerLimitsTest, RefusesAnAnswerThatMustNotBeSent) {
  std::atomic<int> turn = 0;
  serve([&](IncomingRequest&) -> OutgoingResponse {
    switch (turn++) {
      case 0:
        return {.headers = {{"X-A", "b\r\nX-C: d"}}};
      case 1:
        return {.headers = {{"X A", "b"}}};
      case 2:
        return {.headers = {{"content-length", "7"}}};
      case 3:
        return {.status = 99};
      default:
        return {.status = 100};
    }
  });
  WireClient client(server->port());
  for (int i = 0; i < 5; ++i) {
    client.send(get);
    EXPECT_EQ(client.read_answer().status, 500);
  }
  const auto told = records(5);
  EXPECT_EQ(told.at(0).note, "the handler's answer has the header X-A, which must not be sent");
  EXPECT_EQ(told.at(3).note, "the handler's answer has the status 99, which must not be sent");
}

TEST_F(ServerLimitsTest, RefusesAnAddressOrAPortThatIsNotToBeHad) {
  serve_echo();
  const auto error_of = [this](const ServerOptions& other) {
    try {
      HttpServer second(clock, other, [](IncomingRequest&) { return OutgoingResponse{}; });
      second.start();
    } catch (const Error& why) {
      return std::string(name(why.code())) + ": " + why.what();
    }
    return std::string();
  };
  EXPECT_THAT(error_of({.port = server->port()}), HasSubstr("conflict: server: cannot listen at 127.0.0.1 port"));
  EXPECT_THAT(error_of({.address = "localhost"}), HasSubstr("bad_input: server: 'localhost' is no numeric address"));
  EXPECT_THAT(error_of({.address = "192.0.2.1"}), HasSubstr("bad_input: server: cannot listen at 192.0.2.1"));
  EXPECT_THAT(error_of({.tls = ServerTls{"/nowhere/cert.pem", "/nowhere/key.pem"}}),
              HasSubstr("bad_input: TLS: the certificate file '/nowhere/cert.pem' cannot be used"));
}

}  // namespace
}  // namespace formulary

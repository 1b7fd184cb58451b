#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <thread>

#include "host/base/error.hpp"
#include "tests/host/http/server_fixture.hpp"
#include "tests/poco/hostile_server.hpp"

namespace formulary {
namespace {

using element::http::Event;
using std::chrono::milliseconds;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::size_t much = 64U << 20U;

class ServerStreamsTest : public ServerFixture {
 protected:
  ServerStreamsTest() { options.linger_limit = milliseconds(50); }
};

/// Most memory that the process has had, in bytes.
std::size_t memory_peak() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    std::size_t kib = 0;
    status >> kib;
    return kib << 10U;
  }
  return 0;
}

/// Gives `left` bytes.
auto source_of(std::size_t left) {
  return [left](std::span<char> room) mutable {
    const std::size_t count = std::min(room.size(), left);
    std::fill_n(room.data(), count, 'x');
    left -= count;
    return count;
  };
}

TEST_F(ServerStreamsTest, StreamsALongBodyBothWaysWithFlatMemory) {
  serve([](IncomingRequest& request) -> OutgoingResponse {
    request.body.set_limit(much);
    std::array<char, 64U << 10U> piece{};
    std::size_t size = 0;
    while (const std::size_t count = request.body.read(piece)) size += count;
    if (size == 0) return {.source = source_of(much), .source_length = much};
    return {.body = std::to_string(size)};
  });
  WireClient client(server->port());
  client.send(get);
  client.read_until("\r\n\r\n");
  const std::size_t before = memory_peak();
  for (std::size_t left = much; left > 0;) left -= client.read_some().size();
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(much) + "\r\n\r\n");
  const std::string megabyte(1U << 20U, 'y');
  for (std::size_t i = 0; i < much >> 20U; ++i) client.send(megabyte);
  EXPECT_EQ(client.read_answer().body, std::to_string(much));
#if !defined(__SANITIZE_ADDRESS__)  // which keeps what was freed, to find who uses it still
  EXPECT_LT(memory_peak() - before, 16U << 20U);
#else
  EXPECT_GT(memory_peak(), before);
#endif
}

TEST_F(ServerStreamsTest, ChunksASourceOfUnknownLength) {
  serve([](IncomingRequest&) { return OutgoingResponse{.source = source_of(100'000)}; });
  WireClient client(server->port());
  client.send(std::string(get) + std::string(get));
  for (int i = 0; i < 2; ++i) {
    WireAnswer answer = client.read_answer();
    EXPECT_EQ(answer.headers["transfer-encoding"], "chunked");
    EXPECT_EQ(answer.body, std::string(100'000, 'x'));
  }
}

TEST_F(ServerStreamsTest, EndsTheConnectionBehindASourceForAnOldClient) {
  serve([](IncomingRequest&) { return OutgoingResponse{.source = source_of(100'000)}; });
  WireClient client(server->port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  WireAnswer answer = client.read_answer();
  EXPECT_FALSE(answer.headers.contains("transfer-encoding"));
  EXPECT_EQ(answer.body, std::string(100'000, 'x'));
}

TEST_F(ServerStreamsTest, CutsAnAnswerWhoseSourceFails) {
  int turn = 0;
  serve([&](IncomingRequest&) -> OutgoingResponse {
    if (turn++ == 0)
      return {.source = [](std::span<char>) -> std::size_t { throw Error(ErrorCode::internal, "broke"); }};
    return {.source = source_of(10), .source_length = 11};
  });
  for (const std::string why : {"broke", "the handler's source gave another length than was declared"}) {
    WireClient client(server->port());
    client.send(get);
    EXPECT_THAT(client.read_all(), testing::Not(testing::HasSubstr("\r\n0\r\n")));
  }
  EXPECT_EQ(records(2).at(0).note, "broke");
  EXPECT_EQ(records(2).at(1).note, "the handler's source gave another length than was declared");
}

TEST_F(ServerStreamsTest, SlowReadersOfASourceHoldNoWorker) {
  options.workers = 1;
  serve([](IncomingRequest& request) -> OutgoingResponse {
    if (request.path == "/much") return {.source = source_of(much)};
    return {.body = "here"};
  });
  std::vector<std::unique_ptr<WireClient>> slow;
  for (int i = 0; i < 5; ++i) {
    slow.push_back(std::make_unique<WireClient>(server->port(), 4'096));
    slow.back()->send("GET /much HTTP/1.1\r\nHost: x\r\n\r\n");
    slow.back()->read_until("\r\n\r\n");
  }
  WireClient good(server->port());
  good.send(get);
  EXPECT_EQ(good.read_answer().body, "here");
}

TEST_F(ServerStreamsTest, PushesWhatAnyThreadWrites) {
  auto stream = std::make_shared<PushStream>();
  stream->write("before;");
  serve([&](IncomingRequest&) {
    return OutgoingResponse{.headers = {{"Content-Type", "text/event-stream"}}, .stream = stream};
  });
  WireClient client(server->port());
  client.send(get);
  EXPECT_EQ(client.read_until("before;").substr(0, 15), "HTTP/1.1 200 OK");
  std::vector<std::thread> writers;
  writers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      for (int n = 0; n < 100; ++n) EXPECT_TRUE(stream->write("event;"));
    });
  }
  for (std::thread& one : writers) one.join();
  stream->close();
  EXPECT_FALSE(stream->write("late"));
  std::string all = client.read_until("\r\n0\r\n\r\n");
  std::size_t events = 0;
  for (std::size_t at = all.find("event;"); at != std::string::npos; at = all.find("event;", at + 1)) ++events;
  EXPECT_EQ(events, 400);
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_answer(true).status, 0) << "one stream is one answer's";
}

TEST_F(ServerStreamsTest, TellsAStreamThatItsClientHasGone) {
  auto stream = std::make_shared<PushStream>();
  Event gone;
  const std::stop_callback heard(stream->gone(), [&] { gone.set(); });
  serve([&](IncomingRequest&) { return OutgoingResponse{.stream = stream}; });
  {
    WireClient client(server->port());
    client.send(get);
    client.read_until("\r\n\r\n");
  }
  EXPECT_TRUE(gone.wait());
  EXPECT_FALSE(stream->write("late"));
}

TEST_F(ServerStreamsTest, RefusesToQueueBeyondABound) {
  PushStream stream(10);
  EXPECT_TRUE(stream.write("123456"));
  EXPECT_FALSE(stream.write("78901"));
  EXPECT_TRUE(stream.write("7890"));
  EXPECT_FALSE(stream.gone().stop_requested());
}

TEST_F(ServerStreamsTest, EndsPushStreamsWhenItStops) {
  auto stream = std::make_shared<PushStream>();
  serve([&](IncomingRequest&) { return OutgoingResponse{.stream = stream}; });
  WireClient client(server->port());
  client.send(get);
  client.read_until("\r\n\r\n");
  std::thread stopper([&] { server->stop(std::chrono::seconds(30)); });
  EXPECT_EQ(client.read_all(), "0\r\n\r\n");
  stopper.join();
  EXPECT_TRUE(stream->gone().stop_requested());
}

TEST_F(ServerStreamsTest, TellsAHandlerThatItsClientHasGone) {
  Event begun;
  Event stopped;
  serve([&](IncomingRequest& request) {
    const std::stop_callback heard(request.stop, [&] { stopped.set(); });
    begun.set();
    EXPECT_TRUE(stopped.wait());
    return OutgoingResponse{};
  });
  WireClient client(server->port());
  client.send(get);
  ASSERT_TRUE(begun.wait());
  client.reset();
  EXPECT_TRUE(stopped.wait());
  EXPECT_EQ(records(1).at(0).note, "the client has gone");
}

TEST_F(ServerStreamsTest, TellsAHandlerThatReadsThatItsClientHasGone) {
  options.body_buffered_max = 1;
  Event begun;
  Event cancelled;
  serve([&](IncomingRequest& request) {
    begun.set();
    try {
      static_cast<void>(request.body.read_all(100));
    } catch (const Error& why) {
      EXPECT_EQ(why.code(), ErrorCode::cancelled);
      cancelled.set();
    }
    return OutgoingResponse{};
  });
  WireClient client(server->port());
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello");
  ASSERT_TRUE(begun.wait());
  client.end_sending();
  EXPECT_TRUE(cancelled.wait());
}

TEST_F(ServerStreamsTest, CutsWhatDoesNotEndWithinTheGrace) {
  Event begun;
  serve([&](IncomingRequest& request) {
    Event stopped;
    const std::stop_callback heard(request.stop, [&] { stopped.set(); });
    begun.set();
    EXPECT_TRUE(stopped.wait());
    return OutgoingResponse{};
  });
  WireClient client(server->port());
  client.send(get);
  ASSERT_TRUE(begun.wait());
  server->stop(milliseconds(1));
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(records(1).at(0).note, "the server stops");
}

}  // namespace
}  // namespace formulary

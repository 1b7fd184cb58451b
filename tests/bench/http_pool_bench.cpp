/// \file
/// A GET over a kept loopback connection: a bare Poco HTTPClientSession beside a session_pool, in turns against the
/// same server, so that both meet the same machine. Promised: at most 5 % more. The last line of each size is the ratio
/// of the medians over all rounds.
#include <formulary/poco/session_pool.hpp>

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/poco/hostile_server.hpp"

namespace {

using element::http::HostileServer;
using element::http::Peer;
using Nanoseconds = std::chrono::nanoseconds;

class NoControl final : public element::http::control {
 public:
  [[nodiscard]] element_status poll() const noexcept override { return ELEMENT_OK; }
  [[nodiscard]] std::optional<Nanoseconds> remaining() const noexcept override { return std::nullopt; }
  [[nodiscard]] Nanoseconds monotonic() const noexcept override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
  [[nodiscard]] Nanoseconds wall() const noexcept override { return monotonic(); }
  void sleep(Nanoseconds) const override {}
};

/// Answers every request with `size` bytes and the fields that a vendor sends.
HostileServer::Script vendor(std::size_t size) {
  std::string answer =
      "HTTP/1.1 200 OK\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Type: application/json;charset=utf-8\r\n"
      "X-RateLimit-Limit: 10\r\nX-RateLimit-Remaining: 9\r\nContent-Length: " +
      std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
  return [answer = std::move(answer)](Peer& peer) {
    while (!peer.read_request().empty() && peer.send(answer)) {
    }
  };
}

class Bare {
 public:
  explicit Bare(int port) : session_("127.0.0.1", static_cast<Poco::UInt16>(port)) {
    session_.setKeepAlive(true);
    session_.setKeepAliveTimeout(Poco::Timespan(3'600, 0));
  }
  std::size_t get() {
    Poco::Net::HTTPRequest request("GET", "/v1/candidates?limit=10", "HTTP/1.1");
    request.set("X-SmartToken", "0123456789abcdef0123456789abcdef");
    request.set("User-Agent", "formulary-element/1.0");
    session_.sendRequest(request);
    Poco::Net::HTTPResponse reply;
    std::string body;
    Poco::StreamCopier::copyToString(session_.receiveResponse(reply), body);
    return body.size();
  }

 private:
  Poco::Net::HTTPClientSession session_;
};

class Pooled {
 public:
  explicit Pooled(int port) : pool_({.base_url = "http://127.0.0.1:" + std::to_string(port) + "/v1"}) {}
  std::size_t get() {
    return pool_
        .send(control_,
              {.target = "/candidates?limit=10", .headers = {{"X-SmartToken", "0123456789abcdef0123456789abcdef"}}})
        .body.size();
  }

 private:
  NoControl control_;
  element::http::session_pool pool_;
};

template <class Client>
Nanoseconds time_of_one(Client& client, std::size_t size) {
  const auto begin = std::chrono::steady_clock::now();
  if (client.get() != size) throw std::runtime_error("an answer of another size");
  return std::chrono::steady_clock::now() - begin;
}

double median_us(std::vector<Nanoseconds>& times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return static_cast<double>(middle->count()) / 1'000.0;
}

void bare_and_pooled_in_turns(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  HostileServer server(vendor(size));
  Bare bare(server.port());
  Pooled pooled(server.port());
  std::vector<Nanoseconds> bare_times;
  std::vector<Nanoseconds> pooled_times;
  for (auto step : state) {
    static_cast<void>(step);
    bare_times.push_back(time_of_one(bare, size));
    pooled_times.push_back(time_of_one(pooled, size));
  }
  const double bare_us = median_us(bare_times);
  const double pooled_us = median_us(pooled_times);
  state.counters["bare_us"] = bare_us;
  state.counters["pool_us"] = pooled_us;
  state.counters["pool_to_bare"] = pooled_us / bare_us;
}

}  // namespace

BENCHMARK(bare_and_pooled_in_turns)
    ->ArgName("body_bytes")
    ->Arg(1'000)
    ->Arg(64'000)
    ->MinTime(2)
    ->Unit(benchmark::kMicrosecond);

/// \file
/// A server on a free port with the handler that a test gives it.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"
#include "host/http/server.hpp"
#include "tests/host/http/wire_client.hpp"

namespace formulary {

class ServerFixture : public testing::Test {
 protected:
  /// `options` may be changed before.
  void serve(RequestHandler handler) {
    server = std::make_unique<HttpServer>(clock, options, std::move(handler), [this](const AccessRecord& record) {
      const std::lock_guard guard(lock_);
      records_.push_back(record);
      changed_.notify_all();
    });
    server->start();
  }
  /// Answers with the method, the target and the body.
  void serve_echo() {
    serve([](IncomingRequest& request) {
      return OutgoingResponse{.body = request.method + ' ' + request.target + ' ' + request.body.read_all(1U << 20U)};
    });
  }
  /// The access log's records once there are so many; fewer after 30 s.
  std::vector<AccessRecord> records(std::size_t count) {
    std::unique_lock guard(lock_);
    changed_.wait_for(guard, std::chrono::seconds(30), [&] { return records_.size() >= count; });
    return records_;
  }
  [[nodiscard]] WireClient client() const { return WireClient(server->port()); }
  void TearDown() override { server.reset(); }

  SystemClock clock;
  ServerOptions options;
  std::unique_ptr<HttpServer> server;

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<AccessRecord> records_;
};

}  // namespace formulary

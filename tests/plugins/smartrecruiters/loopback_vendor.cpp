#include "tests/plugins/smartrecruiters/loopback_vendor.hpp"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>

#include <atomic>

namespace smartrecruiters::testing {
namespace {

constexpr int threads_max = 32;

class Handler final : public Poco::Net::HTTPRequestHandler {
 public:
  explicit Handler(std::atomic<std::uint64_t>& requests) : requests_(&requests) {}
  void handleRequest(Poco::Net::HTTPServerRequest& /*request*/, Poco::Net::HTTPServerResponse& response) override {
    ++*requests_;
    response.setContentType("application/json");
    response.sendBuffer(LoopbackVendor::candidate().data(), LoopbackVendor::candidate().size());
  }

 private:
  std::atomic<std::uint64_t>* requests_;
};

class Factory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(std::atomic<std::uint64_t>& requests) : requests_(&requests) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest& /*request*/) override {
    return new Handler(*requests_);  // the server deletes it
  }

 private:
  std::atomic<std::uint64_t>* requests_;
};

Poco::Net::HTTPServerParams::Ptr params() {
  Poco::Net::HTTPServerParams::Ptr made = new Poco::Net::HTTPServerParams;
  made->setKeepAlive(true);
  made->setMaxKeepAliveRequests(0);
  made->setMaxThreads(threads_max);
  made->setMaxQueued(threads_max);
  return made;
}

}  // namespace

struct LoopbackVendor::State {
  std::atomic<std::uint64_t> requests{0};
  Poco::ThreadPool threads{2, threads_max};
  Poco::Net::ServerSocket socket{Poco::Net::SocketAddress("127.0.0.1", 0)};
  Poco::Net::HTTPServer server{new Factory(requests), threads, socket, params()};
};

LoopbackVendor::LoopbackVendor() : state_(std::make_unique<State>()) {
  state_->server.start();
}

LoopbackVendor::~LoopbackVendor() {
  state_->server.stopAll(true);
  state_->threads.joinAll();
}

std::uint16_t LoopbackVendor::port() const {
  return state_->socket.address().port();
}

std::uint64_t LoopbackVendor::requests() const {
  return state_->requests;
}

const std::string& LoopbackVendor::candidate() {
  static const std::string body =
      R"({"id":"1","firstName":"Ann","lastName":"Lee","email":"ann.lee@example.com","tags":[")" +
      std::string(900, 't') + R"("],"location":{"city":"Berlin","countryCode":"de"}})";
  return body;
}

}  // namespace smartrecruiters::testing

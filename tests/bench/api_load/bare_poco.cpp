/// \file
/// The least that a program with Poco does for a request: answers a fixed kilobyte on a free port, which it writes to
/// stdout, until it is ended.
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace {

namespace Net = Poco::Net;

constexpr int threads = 80;  // beyond the connections that the load keeps

class Fixed final : public Net::HTTPRequestHandler {
 public:
  void handleRequest(Net::HTTPServerRequest&, Net::HTTPServerResponse& response) override {
    static const std::string body(1'024, 'x');
    response.setContentType("application/json");
    response.sendBuffer(body.data(), body.size());
  }
};

class FixedFactory final : public Net::HTTPRequestHandlerFactory {
 public:
  Net::HTTPRequestHandler* createRequestHandler(const Net::HTTPServerRequest&) override { return new Fixed; }
};

}  // namespace

int main() {
  const Net::ServerSocket listener(Net::SocketAddress("127.0.0.1", 0), 1'024);
  auto* params = new Net::HTTPServerParams;  // the server owns it
  params->setMaxThreads(threads);
  params->setMaxQueued(1'024);
  params->setKeepAlive(true);
  params->setMaxKeepAliveRequests(0);
  Poco::ThreadPool pool(threads, threads);
  Net::HTTPServer server(new FixedFactory, pool, listener, params);
  server.start();
  std::printf("%d\n", listener.address().port());
  std::fflush(stdout);
  for (;;) pause();
}

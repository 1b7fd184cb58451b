#include "tests/bench/flow/front.hpp"

#include <Poco/JSON/Parser.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/StreamCopier.h>
#include <Poco/ThreadPool.h>

#include <sstream>
#include <stdexcept>
#include <utility>

namespace flow {
namespace {

namespace net = Poco::Net;

class RequestHandler final : public net::HTTPRequestHandler {
 public:
  explicit RequestHandler(const Handler& handler) : handler_(handler) {}

  void handleRequest(net::HTTPServerRequest& request, net::HTTPServerResponse& response) override {
    std::string body;
    Poco::StreamCopier::copyToString(request.stream(), body);
    std::string answer;
    try {
      answer = handler_(body);
    } catch (const std::exception& error) {
      answer = error.what();
      response.setStatus(net::HTTPResponse::HTTP_INTERNAL_SERVER_ERROR);
    }
    response.setContentType("application/json");
    response.sendBuffer(answer.data(), answer.size());
  }

 private:
  const Handler& handler_;
};

class Factory final : public net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(Handler handler) : handler_(std::move(handler)) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest& /*request*/) override {
    return new RequestHandler(handler_);  // Poco's server deletes it
  }

 private:
  Handler handler_;
};

Poco::JSON::Object::Ptr object_of(const std::string& text) {
  return Poco::JSON::Parser().parse(text).extract<Poco::JSON::Object::Ptr>();
}

std::string exchange(net::HTTPClientSession& session, const char* method, const std::string& path,
                     const std::string& body) {
  net::HTTPRequest request(method, path, net::HTTPMessage::HTTP_1_1);
  if (!body.empty()) request.setContentType("application/json");
  request.setContentLength(static_cast<std::streamsize>(body.size()));
  session.sendRequest(request) << body;
  net::HTTPResponse response;
  std::string answer;
  Poco::StreamCopier::copyToString(session.receiveResponse(response), answer);
  if (response.getStatus() >= 300) throw std::runtime_error("the vendor said " + std::to_string(response.getStatus()));
  return answer;
}

}  // namespace

struct Front::Server {
  Server(std::size_t threads, Handler handler)
      : pool(2, static_cast<int>(threads)),
        socket(net::SocketAddress("127.0.0.1", 0), 1'024),
        server(new Factory(std::move(handler)), pool, socket, parameters(threads)) {}

  static net::HTTPServerParams::Ptr parameters(std::size_t threads) {
    net::HTTPServerParams::Ptr made = new net::HTTPServerParams;
    made->setMaxThreads(static_cast<int>(threads));
    made->setMaxQueued(4'096);
    made->setMaxKeepAliveRequests(0);
    return made;
  }

  Poco::ThreadPool pool;
  net::ServerSocket socket;
  net::HTTPServer server;
};

Front::Front(std::size_t threads, Handler handler) : server_(std::make_unique<Server>(threads, std::move(handler))) {
  server_->server.start();
}

Front::~Front() {
  server_->server.stopAll(true);
}

std::uint16_t Front::port() const {
  return server_->socket.address().port();
}

std::string hire_by_hand(std::uint16_t vendor_port, const std::string& body) {
  thread_local net::HTTPClientSession session("127.0.0.1", vendor_port);
  session.setKeepAlive(true);
  const auto event = object_of(body);
  const auto candidate = object_of(exchange(session, "GET", "/candidates/" + event->getValue<std::string>("id"), ""));
  if (candidate->getValue<std::string>("status") != "HIRED") return "{\"skipped\":true}";
  Poco::JSON::Object employee;
  employee.set("name",
               candidate->getValue<std::string>("firstName") + " " + candidate->getValue<std::string>("lastName"));
  employee.set("externalId", candidate->getValue<std::string>("id"));
  employee.set("salary", candidate->getValue<int>("salary"));
  std::ostringstream text;
  employee.stringify(text);
  return exchange(session, "POST", "/employees", text.str());
}

}  // namespace flow

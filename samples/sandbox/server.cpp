#include "server.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/String.h>
#include <Poco/ThreadPool.h>
#include <Poco/URI.h>

#include <array>
#include <optional>
#include <utility>

#include "sandbox.hpp"

namespace sandbox {
namespace {

constexpr std::size_t body_bytes_max = 16U << 20U;
constexpr int threads_max = 64;  // each connection takes one, idle ones too
constexpr int keep_alive_s = 15;
constexpr int read_s = 60;

using Incoming = Poco::Net::HTTPServerRequest;
using Outgoing = Poco::Net::HTTPServerResponse;

/// What Poco would accept and what lets two ends disagree about where a request ends.
const char* framing_fault(const Incoming& incoming) {
  std::size_t lengths = 0;
  bool chunked = false;
  for (const auto& [name, value] : incoming) {
    if (Poco::icompare(name, std::string("Content-Length")) == 0) ++lengths;
    if (Poco::icompare(name, std::string("Transfer-Encoding")) == 0) chunked = true;
  }
  if (lengths > 1) return "two Content-Length headers";
  if (lengths == 1 && chunked) return "both Content-Length and Transfer-Encoding";
  if (!incoming.has("Host")) return "no Host header";
  return nullptr;
}

/// Reads the whole body, so that nothing of it is taken for the next request. Nothing: it is larger than the bound or
/// was cut off, and the connection must not be used again.
std::optional<std::string> read_body(Incoming& incoming) {
  std::string body;
  std::array<char, 16384> block{};
  std::istream& stream = incoming.stream();
  while (stream.read(block.data(), block.size()), stream.gcount() > 0) {
    if (body.size() + static_cast<std::size_t>(stream.gcount()) > body_bytes_max) return std::nullopt;
    body.append(block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  const auto announced = incoming.getContentLength64();
  if (announced != Incoming::UNKNOWN_CONTENT_LENGTH && body.size() != static_cast<std::size_t>(announced)) {
    return std::nullopt;
  }
  return body;
}

Request make_request(const Incoming& incoming, std::string body) {
  const Poco::URI uri(incoming.getURI());
  Request request;
  request.method = incoming.getMethod();
  request.path = uri.getPath();
  request.raw_query = uri.getRawQuery();
  for (const auto& [name, value] : uri.getQueryParameters()) request.query.emplace_back(name, value);
  for (const auto& [name, value] : incoming) request.headers.emplace_back(name, value);
  request.content_type = incoming.get("Content-Type", "");
  request.body = std::move(body);
  return request;
}

void send(Outgoing& outgoing, const Answer& answer) {
  outgoing.setStatusAndReason(static_cast<Outgoing::HTTPStatus>(answer.status));
  for (const auto& [name, value] : answer.headers) outgoing.add(name, value);
  if (!answer.content_type.empty() && !outgoing.has("Content-Type")) outgoing.setContentType(answer.content_type);
  outgoing.setContentLength64(static_cast<Poco::Int64>(answer.body.size()));
  outgoing.sendBuffer(answer.body.data(), answer.body.size());
}

void refuse_and_close(Outgoing& outgoing, int status, const std::string& message) {
  outgoing.setKeepAlive(false);
  send(outgoing, refusal_answer(Refusal(status, "BAD_REQUEST", message)));
}

void send_half(Outgoing& outgoing, const Answer& answer) {
  outgoing.setKeepAlive(false);
  outgoing.setStatusAndReason(static_cast<Outgoing::HTTPStatus>(answer.status));
  outgoing.setContentType("application/json");
  outgoing.setContentLength64(static_cast<Poco::Int64>(answer.body.size()) + 10);
  outgoing.send().write(answer.body.data(), static_cast<std::streamsize>(answer.body.size() / 2)).flush();
}

class Handler : public Poco::Net::HTTPRequestHandler {
 public:
  explicit Handler(Sandbox& sandbox) : sandbox_(sandbox) {}

  void handleRequest(Incoming& incoming, Outgoing& outgoing) override {
    if (const char* fault = framing_fault(incoming)) return refuse_and_close(outgoing, 400, fault);
    if (incoming.getExpectContinue()) outgoing.sendContinue();
    auto body = read_body(incoming);
    if (!body) return refuse_and_close(outgoing, 413, "the body was cut off or is larger than 16 MiB");
    std::optional<Request> request;
    try {
      request = make_request(incoming, std::move(*body));
    } catch (const Poco::Exception& broken) {
      return refuse_and_close(outgoing, 400, "the request target cannot be read: " + broken.displayText());
    }
    const Sandbox::Served served = sandbox_.serve(*request);
    switch (served.wire) {
      case Wire::whole:
        return send(outgoing, served.answer);
      case Wire::truncated:
        return send_half(outgoing, served.answer);
      case Wire::closed:
        outgoing.setKeepAlive(false);
        dynamic_cast<Poco::Net::HTTPServerRequestImpl&>(incoming).socket().shutdown();
    }
  }

 private:
  Sandbox& sandbox_;
};

class HandlerFactory : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  explicit HandlerFactory(Sandbox& sandbox) : sandbox_(sandbox) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(const Incoming& /*request*/) override {
    return new Handler(sandbox_);  // Poco deletes it
  }

 private:
  Sandbox& sandbox_;
};

std::unique_ptr<Poco::Net::ServerSocket> make_socket(const Endpoint& endpoint, bool secure) {
  const Poco::Net::SocketAddress address("127.0.0.1", endpoint.port);
  std::unique_ptr<Poco::Net::ServerSocket> socket;
  if (secure) {
    Poco::Net::initializeSSL();
    Poco::Net::Context::Ptr context =
        new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, endpoint.key_file, endpoint.certificate_file, "",
                               Poco::Net::Context::VERIFY_NONE);
    context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
    socket = std::make_unique<Poco::Net::SecureServerSocket>(context);
  } else {
    socket = std::make_unique<Poco::Net::ServerSocket>();
  }
  socket->bind(address, true);
  socket->listen();
  return socket;
}

}  // namespace

Listener::Listener(const Endpoint& endpoint)
    : secure_(!endpoint.certificate_file.empty()), socket_(make_socket(endpoint, secure_)) {}

Listener::~Listener() = default;

std::uint16_t Listener::port() const {
  return socket_->address().port();
}

std::string Listener::base_url() const {
  return (secure_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port());
}

Server::Server(const Listener& listener, Sandbox& sandbox)
    : sandbox_(sandbox), threads_(std::make_unique<Poco::ThreadPool>(2, threads_max)) {
  Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
  params->setMaxThreads(threads_max);
  params->setMaxQueued(threads_max);
  params->setKeepAlive(true);
  params->setKeepAliveTimeout(Poco::Timespan(keep_alive_s, 0));
  params->setTimeout(Poco::Timespan(read_s, 0));
  server_ = std::make_unique<Poco::Net::HTTPServer>(new HandlerFactory(sandbox_), *threads_, listener.socket(), params);
  server_->start();
}

Server::~Server() {
  sandbox_.stop();
  server_->stopAll(true);
  threads_->joinAll();  // stopAll() leaves handlers running
}

}  // namespace sandbox

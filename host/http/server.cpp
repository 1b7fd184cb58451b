#include "host/http/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "host/base/descriptor.hpp"
#include "host/base/error.hpp"
#include "host/http/server_io.hpp"
#include "host/http/tls_identity.hpp"

namespace formulary {
namespace {

constexpr int backlog = 4'096;
/// After an accept that failed for want of something, such as descriptors.
constexpr int back_off_ms = 50;

/// An address as the system's calls want it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  [[nodiscard]] sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] sockaddr_in& v4() { return reinterpret_cast<sockaddr_in&>(storage); }
  [[nodiscard]] sockaddr_in6& v6() { return reinterpret_cast<sockaddr_in6&>(storage); }
};

SocketAddress parse_address(const ServerOptions& options) {
  SocketAddress address;
  if (inet_pton(AF_INET, options.address.c_str(), &address.v4().sin_addr) == 1) {
    address.v4().sin_family = AF_INET;
    address.v4().sin_port = htons(options.port);
    address.size = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, options.address.c_str(), &address.v6().sin6_addr) == 1) {
    address.v6().sin6_family = AF_INET6;
    address.v6().sin6_port = htons(options.port);
    address.size = sizeof(sockaddr_in6);
  } else {
    throw Error(ErrorCode::bad_input,
                "server: '" + options.address + "' is no numeric address; give one such as 127.0.0.1, 0.0.0.0 or ::");
  }
  return address;
}

std::string peer_of(SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.storage.ss_family == AF_INET) {
    inet_ntop(AF_INET, &address.v4().sin_addr, text.data(), text.size());
  } else if (IN6_IS_ADDR_V4MAPPED(&address.v6().sin6_addr)) {  // at :: both families arrive
    inet_ntop(AF_INET, &address.v6().sin6_addr.s6_addr[12], text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, &address.v6().sin6_addr, text.data(), text.size());
  }
  return text.data();
}

Error cannot_listen(const ServerOptions& options) {
  const int why = errno;
  const ErrorCode code = why == EADDRINUSE                ? ErrorCode::conflict
                         : why == EACCES                  ? ErrorCode::permission_denied
                         : why == EMFILE || why == ENFILE ? ErrorCode::limit_reached
                                                          : ErrorCode::bad_input;
  return {code, "server: cannot listen at " + options.address + " port " + std::to_string(options.port) + ": " +
                    std::strerror(why) + "; choose another address or port"};
}

Descriptor listen_at(const ServerOptions& options) {
  SocketAddress address = parse_address(options);
  Descriptor listener(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener.valid()) throw cannot_listen(options);
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener.get(), address.raw(), address.size) != 0 || listen(listener.get(), backlog) != 0) {
    throw cannot_listen(options);
  }
  return listener;
}

std::uint16_t port_of(const Descriptor& listener) {
  SocketAddress address;
  getsockname(listener.get(), address.raw(), &address.size);
  return ntohs(address.storage.ss_family == AF_INET ? address.v4().sin_port : address.v6().sin6_port);
}

/// Best effort: nobody waits for a client that is one too many.
void turn_away(const Descriptor& socket) {
  constexpr std::string_view answer =
      "HTTP/1.1 503 Service Unavailable\r\nServer: formulary\r\nRetry-After: 1\r\nContent-Type: application/json\r\n"
      "Content-Length: 46\r\nConnection: close\r\n\r\n"
      R"({"message":"the server has too many clients"})"
      "\n";
  static_cast<void>(send(socket.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  shutdown(socket.get(), SHUT_WR);
}

}  // namespace

/// What start() makes and the destructor ends.
class HttpServer::Running {
 public:
  Running(const Clock& clock, ServerOptions options, RequestHandler handler, AccessLog log)
      : core_(clock, std::move(options), std::move(handler), std::move(log)) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { stop(std::chrono::milliseconds(0)); }

  void start();
  void stop(std::chrono::milliseconds grace);
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] ServerCounters counters() const;

 private:
  void accept_all();
  /// Whether accepting went well, or merely had nothing to do.
  bool accept_one(std::size_t turn);

  ServerCore core_;
  Descriptor listener_;
  Descriptor wake_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<ServerIo>> ios_;
  std::atomic<bool> accepting_{false};
  std::thread acceptor_;
};

void HttpServer::Running::start() {
  if (core_.options.tls) core_.tls = load_tls_identity(*core_.options.tls);
  listener_ = listen_at(core_.options);
  port_ = port_of(listener_);
  wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.valid()) throw cannot_listen(core_.options);
  for (std::size_t i = 0; i < std::max<std::size_t>(core_.options.io_threads, 1); ++i) {
    ios_.push_back(std::make_unique<ServerIo>(core_));
  }
  accepting_ = true;
  acceptor_ = std::thread([this] { accept_all(); });
}

void HttpServer::Running::accept_all() {
  bool good = true;
  for (std::size_t turn = 0; accepting_; ++turn) {
    std::array<pollfd, 2> events = {pollfd{wake_.get(), POLLIN, 0}, pollfd{listener_.get(), POLLIN, 0}};
    // While something is wanting the listener stays readable: only the clock may wake us then.
    poll(events.data(), good ? 2 : 1, good ? -1 : back_off_ms);
    if (accepting_) good = accept_one(turn);
  }
}

bool HttpServer::Running::accept_one(std::size_t turn) {
  SocketAddress address;
  Descriptor socket(accept4(listener_.get(), address.raw(), &address.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.valid()) return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
  ++core_.connections_total;
  std::string peer = peer_of(address);
  if (core_.census.enter(peer)) {
    ios_[turn % ios_.size()]->adopt(std::move(socket), std::move(peer));
  } else {
    ++core_.connections_refused;
    if (!core_.tls) turn_away(socket);
  }
  return true;
}

void HttpServer::Running::stop(std::chrono::milliseconds grace) {
  if (!acceptor_.joinable()) return;
  accepting_ = false;
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_.get(), &one, sizeof one));
  acceptor_.join();
  listener_ = Descriptor();
  for (const auto& io : ios_) io->drain();
  core_.census.wait_for_none(grace);
  for (const auto& io : ios_) io->cut();
  core_.pool.stop();
  ios_.clear();
}

ServerCounters HttpServer::Running::counters() const {
  ServerCounters now;
  now.connections = core_.census.size();
  now.connections_total = core_.connections_total;
  now.connections_refused = core_.connections_refused;
  std::copy(core_.answers.begin(), core_.answers.end(), now.answers.begin());
  now.in_flight = core_.in_flight;
  now.queued = core_.pool.queued();
  now.rejected = core_.rejected;
  return now;
}

HttpServer::HttpServer(const Clock& clock, ServerOptions options, RequestHandler handler, AccessLog log)
    : running_(std::make_unique<Running>(clock, std::move(options), std::move(handler), std::move(log))) {}

HttpServer::~HttpServer() = default;

void HttpServer::start() {
  running_->start();
}

std::uint16_t HttpServer::port() const noexcept {
  return running_->port();
}

ServerCounters HttpServer::counters() const {
  return running_->counters();
}

void HttpServer::stop(std::chrono::milliseconds grace) {
  running_->stop(grace);
}

}  // namespace formulary

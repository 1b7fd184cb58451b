#include "tests/poco/hostile_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <system_error>

namespace element::http {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int listen_locally(int& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, generic, length) != 0 || ::getsockname(fd, generic, &length) != 0) fail("bind");
  port = ntohs(address.sin_port);
  return fd;
}

std::size_t stated_length(const std::string& head) {
  const std::size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

}  // namespace

void Event::set() {
  const std::lock_guard guard(lock_);
  set_ = true;
  changed_.notify_all();
}

bool Event::wait() {
  std::unique_lock guard(lock_);
  return changed_.wait_for(guard, std::chrono::seconds(60), [this] { return set_; });
}

bool Event::is_set() {
  const std::lock_guard guard(lock_);
  return set_;
}

Peer::~Peer() {
  close();
}

bool Peer::start_tls(ssl_ctx_st* context) {
  tls_ = SSL_new(context);
  SSL_set_fd(tls_, fd_);
  const bool done = SSL_accept(tls_) == 1;
  ERR_clear_error();
  return done;
}

long Peer::receive(char* to, std::size_t room) {
  ERR_clear_error();
  return tls_ != nullptr ? SSL_read(tls_, to, static_cast<int>(room)) : ::recv(fd_, to, room, 0);
}

std::string Peer::read_request() {
  std::size_t head_end = std::string::npos;
  while ((head_end = pending_.find("\r\n\r\n")) == std::string::npos) {
    std::array<char, 4'096> bytes{};
    const long got = receive(bytes.data(), bytes.size());
    if (got <= 0) return {};
    pending_.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return read_bytes(head_end + 4 + stated_length(pending_.substr(0, head_end)));
}

std::string Peer::read_bytes(std::size_t count) {
  while (pending_.size() < count) {
    std::array<char, 4'096> bytes{};
    const long got = receive(bytes.data(), std::min(bytes.size(), count - pending_.size()));
    if (got <= 0) break;
    pending_.append(bytes.data(), static_cast<std::size_t>(got));
  }
  std::string out = pending_.substr(0, count);
  pending_.erase(0, out.size());
  return out;
}

bool Peer::send(std::string_view bytes) {
  ERR_clear_error();
  while (!bytes.empty()) {
    const long sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                      : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Peer::wait_until_gone() {
  char byte = 0;
  while (::recv(fd_, &byte, 1, 0) > 0) {
  }
}

void Peer::close(bool clean) {
  if (tls_ != nullptr) {
    if (clean) SSL_shutdown(tls_);
    ERR_clear_error();
    SSL_free(tls_);
    tls_ = nullptr;
  }
  // The number itself is given back by the server, which may still want to interrupt this connection.
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
  fd_ = -1;
}

void Peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  // Connecting a TCP socket to "no address" aborts the connection with a reset and keeps the number.
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  ::connect(fd_, &nowhere, sizeof nowhere);
}

std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

HostileServer::HostileServer(Script script) : script_(std::move(script)) {
  listener_ = listen_locally(port_);
  if (::listen(listener_, 128) != 0) fail("listen");
  acceptor_ = std::thread([this] { accept_all(); });
}

HostileServer::~HostileServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard guard(lock_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& one : threads_) one.join();
  ::close(listener_);
}

void HostileServer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard guard(lock_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd, number = accepted_++] { serve(fd, number); });
  }
}

void HostileServer::serve(int fd, std::size_t number) {
  sigset_t pipe;  // a client that has gone is no reason to end the test's process
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  {
    Peer peer(fd, number);
    script_(peer);
  }
  const std::lock_guard guard(lock_);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  ::close(fd);
}

int closed_port() {
  int port = 0;
  ::close(listen_locally(port));
  return port;
}

}  // namespace element::http

/// \file
/// A server in the test's process that does to its client exactly what a script says, byte by byte.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace element::http {

/// Something that happened, once. Any thread.
class Event {
 public:
  void set();
  /// Fails the program's wait after 60 s rather than hanging for ever; true if it was set.
  [[nodiscard]] bool wait();
  [[nodiscard]] bool is_set();

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  bool set_ = false;
};

/// The server's end of one connection. Used by its script's thread alone.
class Peer {
 public:
  Peer(int fd, std::size_t number) : fd_(fd), number_(number) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  /// 0 for the server's first connection.
  [[nodiscard]] std::size_t number() const noexcept { return number_; }
  /// Server side of a TLS handshake; false if it failed. `context` outlives the peer.
  bool start_tls(ssl_ctx_st* context);

  /// The next request with its body (by Content-Length); empty once the client has gone.
  std::string read_request();
  /// Reads bytes until there are `count`, or the client has gone.
  std::string read_bytes(std::size_t count);
  /// False once the client has gone.
  bool send(std::string_view bytes);
  /// Returns when the client has closed or reset the connection.
  void wait_until_gone();
  /// Ends the connection: without TLS's farewell if `clean` is false.
  void close(bool clean = true);
  /// Ends it with a TCP reset.
  void reset();

 private:
  long receive(char* to, std::size_t room);

  int fd_;
  std::size_t number_;
  ssl_st* tls_ = nullptr;
  std::string pending_;
};

/// "HTTP/1.1 200 OK" with a length and the body.
[[nodiscard]] std::string ok(std::string_view body);

/// Listens on a free port of 127.0.0.1. Each connection runs the script on its own thread; when the script returns the
/// connection is closed. The destructor ends all connections.
class HostileServer {
 public:
  using Script = std::function<void(Peer&)>;

  explicit HostileServer(Script script);
  HostileServer(const HostileServer&) = delete;
  HostileServer& operator=(const HostileServer&) = delete;
  ~HostileServer();

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::size_t connections() const noexcept { return accepted_; }

 private:
  void accept_all();
  void serve(int fd, std::size_t number);

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<std::size_t> accepted_{0};
  std::mutex lock_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// A port of 127.0.0.1 on which nobody listens.
[[nodiscard]] int closed_port();

}  // namespace element::http

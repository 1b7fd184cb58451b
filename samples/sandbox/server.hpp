/// \file
/// HTTP on 127.0.0.1, with Poco's server made strict: it is the one place that knows Poco::Net.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace Poco {
class ThreadPool;
}  // namespace Poco
namespace Poco::Net {
class HTTPServer;
class ServerSocket;
}  // namespace Poco::Net

namespace sandbox {

class Sandbox;

struct Endpoint {
  std::uint16_t port = 0;  ///< 0: any free one.
  std::string certificate_file;
  std::string key_file;  ///< With the certificate: TLS; both are PEM.
};

/// A listening socket; nothing is answered yet.
class Listener {
 public:
  /// Throws Poco::Exception if the port or the certificate cannot be used.
  explicit Listener(const Endpoint& endpoint);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  [[nodiscard]] std::string base_url() const;  ///< "http://127.0.0.1:8765"
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] Poco::Net::ServerSocket& socket() const noexcept { return *socket_; }

 private:
  bool secure_;
  std::unique_ptr<Poco::Net::ServerSocket> socket_;
};

/// Answers on a listener from construction to destruction, which waits for the answers that are under way. Both others
/// must outlive it.
class Server {
 public:
  Server(const Listener& listener, Sandbox& sandbox);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

 private:
  Sandbox& sandbox_;
  std::unique_ptr<Poco::ThreadPool> threads_;
  std::unique_ptr<Poco::Net::HTTPServer> server_;
};

}  // namespace sandbox

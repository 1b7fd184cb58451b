/// \file
/// What moves the bytes of a server's connections. The one place that knows Asio is its .cpp.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "host/base/descriptor.hpp"
#include "host/http/handler_pool.hpp"
#include "host/http/server.hpp"

namespace formulary {

/// A server's TLS context.
struct TlsIdentity;
/// Throws Error(bad_input) that names the file that cannot be used.
[[nodiscard]] std::shared_ptr<TlsIdentity> load_tls_identity(const ServerTls& files);

/// How many connections there are, in all and from each address. Any thread.
class ConnectionCensus {
 public:
  ConnectionCensus(std::size_t all_max, std::size_t per_address_max)
      : all_max_(all_max), per_address_max_(per_address_max) {}

  /// False: one more would be beyond a bound.
  bool enter(const std::string& address);
  void leave(const std::string& address);
  [[nodiscard]] std::size_t size() const;
  /// Whether nobody was left before so long a time had passed.
  bool wait_for_none(std::chrono::milliseconds time);

 private:
  const std::size_t all_max_;
  const std::size_t per_address_max_;
  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::size_t all_ = 0;
  std::map<std::string, std::size_t> by_address_;  ///< Only with a bound per address.
};

/// What all connections of a server share.
struct ServerCore {
  ServerCore(const Clock& the_clock, ServerOptions the_options, RequestHandler the_handler, AccessLog the_log)
      : clock(the_clock),
        options(std::move(the_options)),
        handler(std::move(the_handler)),
        log(std::move(the_log)),
        census(options.connections_max, options.connections_per_address_max),
        pool(options.workers, options.queued_max) {}

  const Clock& clock;
  const ServerOptions options;
  const RequestHandler handler;
  const AccessLog log;
  std::shared_ptr<TlsIdentity> tls;  ///< None: plain.
  ConnectionCensus census;

  std::atomic<std::uint64_t> connections_total{0};
  std::atomic<std::uint64_t> connections_refused{0};
  std::array<std::atomic<std::uint64_t>, 6> answers{};
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> held{0};  ///< Bytes of bodies.

  HandlerPool pool;
};

/// One thread and its connections.
class ServerIo {
 public:
  /// `core` outlives it.
  explicit ServerIo(ServerCore& core);
  ServerIo(const ServerIo&) = delete;
  ServerIo& operator=(const ServerIo&) = delete;
  ~ServerIo();  ///< Cuts what is left.

  /// Serves a connection that has entered the census; it leaves when it ends. Any thread.
  void adopt(Descriptor socket, std::string peer);
  /// Ends idle connections and push streams now and each other one behind its answer. Any thread.
  void drain();
  /// Cuts all connections; handlers hear of it. Any thread.
  void cut();

  class Loop;

 private:
  std::unique_ptr<Loop> loop_;
};

}  // namespace formulary

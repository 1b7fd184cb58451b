/// \file
/// The inbound edge: an HTTP/1.1 server that gives each well-formed request to one handler on a thread that may block.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"

namespace formulary {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// The first value of that name, in any case of letters.
[[nodiscard]] std::optional<std::string_view> find_header(const HeaderList& headers, std::string_view name);

/// The bytes behind a request's head. Used by the handler's thread alone, until the handler returns.
class RequestBody {
 public:
  RequestBody() = default;
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;
  virtual ~RequestBody() = default;

  /// Waits for bytes and gives at least one; 0 at the end. Throws Error(limit_reached) once the body is longer than its
  /// limit, bad_input if its framing is broken, timed_out if the client sends too slowly, cancelled if it has gone or
  /// the server stops.
  [[nodiscard]] virtual std::size_t read(std::span<char> room) = 0;
  /// From now on the body may be so long: the server's body_max is for bodies that are held in memory.
  virtual void set_limit(std::uint64_t bytes_max) = 0;
  /// What the client declared; nothing for a chunked body.
  [[nodiscard]] virtual std::optional<std::uint64_t> content_length() const = 0;

  /// All that is left. Throws as read() does, and Error(limit_reached) if that is more than `bytes_max`.
  [[nodiscard]] std::string read_all(std::size_t bytes_max);
};

/// One request. Its strings are as sent: no part of the target is percent-decoded.
struct IncomingRequest {
  std::string method;
  std::string target;  ///< Path and query.
  std::string path;
  std::string query;  ///< Behind the question mark.
  HeaderList headers;
  std::string peer;          ///< The client's numeric address, without its port.
  std::string request_id;    ///< 24 hexadecimal digits.
  std::string trace_parent;  ///< W3C traceparent: the client's if it is valid, otherwise a new one.
  bool secure = false;       ///< By TLS.
  /// The client has gone or has ended its side, the server stops, or the request's time is over. A callback on it runs
  /// on the thread that moves all connections' bytes: it must be short and must not block.
  std::stop_token stop;
  RequestBody& body;

  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers, name);
  }
};

class PushSide;

/// A body that somebody writes piece by piece after the handler has returned: server-sent events. Any thread. No thread
/// waits for it: what is written is queued, up to a bound.
class PushStream {
 public:
  explicit PushStream(std::size_t queued_max = 256U << 10U);
  PushStream(const PushStream&) = delete;
  PushStream& operator=(const PushStream&) = delete;
  ~PushStream();

  /// Queues all of `text` or nothing. False: the stream is closed, the client has gone, or the queue is full because
  /// the client reads too slowly.
  bool write(std::string_view text);
  /// The body ends behind what is queued. Writing is over.
  void close();
  /// Stopped when nobody reads any more: the client has gone, the server stops, or the body has ended. A client that is
  /// lost without a word shows only when something is written. As with IncomingRequest::stop, callbacks must be short.
  [[nodiscard]] std::stop_token gone() const;

 private:
  friend class PushSide;
  std::shared_ptr<PushSide> side_;
};

struct OutgoingResponse {
  int status = 200;
  /// The server adds Date, Server, Elements-Request-Id where it is missing, and what frames the body; the handler must
  /// not set Content-Length, Transfer-Encoding, Connection and their like.
  HeaderList headers;
  std::string body;
  /// Instead of `body`: fills some of the room and says how much; 0 is the end. Called on the handlers' threads, one
  /// call at a time, only when the client has taken what came before; so a slow client holds no thread. May block and
  /// throw, which cuts the answer off.
  std::function<std::size_t(std::span<char> room)> source;
  std::optional<std::uint64_t> source_length;  ///< Of all that `source` will give, if that is known.
  std::shared_ptr<PushStream> stream;          ///< Instead of `body`. One stream is one response's.
  bool close = false;                          ///< End the connection afterwards.
};

/// Any number of threads call it at once. What it throws is answered with 500 (or by what befell the body: 400, 408,
/// 413) and told to the access log; its text is not sent.
using RequestHandler = std::function<OutgoingResponse(IncomingRequest&)>;

/// What is told of each answer, once it is sent or has failed.
struct AccessRecord {
  Clock::WallTime at;  ///< When the request's head was complete.
  std::string request_id;
  std::string trace_id;  ///< Of the traceparent: 32 hexadecimal digits.
  std::string method;
  std::string path;  ///< Without the query, which may hold secrets.
  std::string peer;
  int status = 0;               ///< 0: none was sent.
  std::uint64_t bytes_in = 0;   ///< Of the body.
  std::uint64_t bytes_out = 0;  ///< With the head.
  std::chrono::nanoseconds duration{};
  std::string note;  ///< What went wrong, if something did. Not for the client.
};

/// Called on the server's own threads: must not block.
using AccessLog = std::function<void(const AccessRecord&)>;

/// How slow a client may be while the server waits for its bytes or for it to take some.
struct PaceLimits {
  std::chrono::milliseconds stall{20'000};  ///< Without a single byte.
  std::chrono::milliseconds grace{10'000};  ///< After so long a wait in all,
  std::uint64_t bytes_per_second = 1'024;   ///< so many must have passed on the average.
};

struct ServerTls {
  std::string certificate_file;  ///< PEM: the certificate, then its chain.
  std::string key_file;          ///< PEM.
};

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< Numeric, IPv4 or IPv6.
  std::uint16_t port = 0;             ///< 0: a free one.
  std::optional<ServerTls> tls;

  std::size_t workers = 16;      ///< Threads that run handlers.
  std::size_t io_threads = 1;    ///< Threads that move bytes.
  std::size_t queued_max = 256;  ///< Requests that wait for a worker; beyond them the answer is 503.

  std::size_t connections_max = 12'000;
  std::size_t connections_per_address_max = 0;  ///< 0: no bound.
  std::size_t requests_per_connection_max = 10'000;

  std::size_t line_max = 8U << 10U;   ///< A line of the head. 414 or 431 beyond it.
  std::size_t head_max = 64U << 10U;  ///< 431.
  std::size_t headers_max = 100;      ///< 431.
  std::uint64_t body_max = 8U << 20U;
  /// A handler is called when so much of a body is there; so slow clients with small bodies hold no worker.
  std::size_t body_buffered_max = 256U << 10U;
  /// The same for all bodies together: beyond it handlers are called at once.
  std::uint64_t held_max = 64U << 20U;
  /// So much of a body that no handler read is thrown away for the sake of the connection.
  std::size_t drained_max = 256U << 10U;

  std::chrono::milliseconds head_limit{10'000};      ///< From a request's first byte, and for a TLS handshake.
  std::chrono::milliseconds idle_limit{60'000};      ///< Between requests.
  std::chrono::milliseconds request_limit{120'000};  ///< Then the handler's stop token is stopped. 0: never.
  std::chrono::milliseconds linger_limit{2'000};     ///< For the client to close after the last answer.
  PaceLimits reading;
  PaceLimits writing;
};

/// For metrics; a moment's view.
struct ServerCounters {
  std::uint64_t connections = 0;           ///< Now.
  std::uint64_t connections_total = 0;     ///< Accepted since the start.
  std::uint64_t connections_refused = 0;   ///< Beyond a bound.
  std::array<std::uint64_t, 6> answers{};  ///< By class of status: [2] counts 2xx; [0] those that failed before any.
  std::uint64_t in_flight = 0;             ///< Requests whose answer is not sent yet.
  std::uint64_t queued = 0;                ///< Of these, those that wait for a worker.
  std::uint64_t rejected = 0;              ///< Answered 503 because too many waited.
};

/// Start once and stop, from one thread that is no handler's; the rest from any. Connections cost no thread; requests
/// of one connection are answered in their order. Whatever is not plain HTTP/1.1 (or 1.0) is refused and the connection
/// closed, so that no proxy in front can see another request than the handler.
class HttpServer {
 public:
  /// `clock` outlives the server.
  HttpServer(const Clock& clock, ServerOptions options, RequestHandler handler, AccessLog log = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();  ///< As stop() without grace.

  /// Binds and serves. Throws Error(bad_input) for an address or TLS files that cannot be used, conflict if the port is
  /// taken, permission_denied if it is not ours to take.
  void start();
  [[nodiscard]] std::uint16_t port() const noexcept;  ///< 0 before start().
  [[nodiscard]] ServerCounters counters() const;
  /// Accepts no more, ends idle connections and push streams, lets requests in flight end within `grace`, then stops
  /// their tokens, cuts their connections and waits for their handlers. A second call does nothing.
  void stop(std::chrono::milliseconds grace);

 private:
  class Running;
  std::unique_ptr<Running> running_;
};

}  // namespace formulary

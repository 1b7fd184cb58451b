/// \file
/// One connection of a server. Its requests come in in server_connection.cpp and are answered in
/// server_connection_answer.cpp.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "host/http/http_exchange.hpp"
#include "host/http/in_buffer.hpp"
#include "host/http/pace.hpp"
#include "host/http/push_stream.hpp"
#include "host/http/request_parser.hpp"
#include "host/http/response_head.hpp"
#include "host/http/server_loop.hpp"

namespace formulary {

/// One request as its handler sees it. Lives as long as the handler or the connection needs it.
struct HandledRequest {
  HandledRequest(ServerCore& core, std::function<void()> more)
      : exchange(core.options.body_max, core.held, std::move(more)), request{.body = exchange} {}

  HttpExchange exchange;
  IncomingRequest request;
};

/// A handler's answer with what is not for the client.
struct HandlerOutcome {
  OutgoingResponse response;
  std::string note;
};

/// One connection: reads a request, has it handled, writes the answer, again and again. All of it happens on its loop's
/// thread; workers and push streams post to that.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(ServerLoop& loop, boost::asio::ip::tcp::socket socket, std::string peer)
      : loop_(loop), socket_(std::move(socket)), peer_(std::move(peer)) {}

  void start();
  /// Enforces the limits of time.
  void check(Clock::MonotonicTime now);
  void drain();
  void cut(const char* why);

  ServerLoop::Connections::iterator place;  ///< In the loop's list.

 private:
  enum class Phase { handshake, head, request, answer, drain, closing, closed };

  /// The request that is being read, handled or answered; an idle connection has none.
  struct Current {
    explicit Current(RequestLimits limits) : parser(limits) {}

    RequestHeadParser parser;
    AccessRecord record;
    Clock::MonotonicTime began;
    bool counted = false;

    std::shared_ptr<HandledRequest> task;
    ChunkedDecoder decoder;
    std::uint64_t left = 0;  ///< Of a body with a length.
    bool body_complete = true;
    bool body_dead = false;     ///< Its rest will not be understood.
    bool dispatched = false;    ///< To a worker.
    bool continue_due = false;  ///< The client may wait for a 100.
    Pace reading;
    Pace writing;

    std::shared_ptr<OutgoingResponse> response;
    ResponseFraming framing;
    std::uint64_t pulled = 0;
    std::shared_ptr<PushSide> stream;
    bool last_piece = true;  ///< Nothing comes behind what is being written.
  };

  void read();
  void on_read(const boost::system::error_code& fault, std::size_t count);
  void on_input_end(bool clean);
  void await_request();
  void begin_current();
  void parse_head();
  void begin_request();
  void take_body();
  std::size_t decode(std::size_t room, std::string& out);
  void break_body(RequestRefusal why);
  void dispatch();
  void want_body();
  void refuse(const RequestRefusal& why);
  void respond(HandlerOutcome outcome);
  void frame(const OutgoingResponse& response);
  [[nodiscard]] bool may_go_on(const OutgoingResponse& response) const;
  /// `from`: where in `bytes` what is to be sent begins.
  void send(std::string bytes, std::size_t from = 0);
  void write();
  void on_write(const boost::system::error_code& fault, std::size_t count);
  void send_more();
  void pull();
  void on_pulled(std::string piece, std::size_t count, std::string fault);
  void take_pushed();
  void finish();
  void note_end(std::string note);
  void linger();
  void close();
  void set_deadline(std::chrono::milliseconds after) { deadline_ = loop_.core.clock.monotonic() + after; }
  [[nodiscard]] const ServerOptions& options() const { return loop_.core.options; }

  ServerLoop& loop_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  std::string peer_;
  Phase phase_ = Phase::handshake;
  Clock::MonotonicTime deadline_ = Clock::MonotonicTime::max();
  bool reading_ = false;
  bool writing_ = false;
  bool input_ended_ = false;
  std::size_t requests_ = 0;
  InBuffer in_;
  std::string out_;  ///< Being written; not touched meanwhile.
  std::size_t out_done_ = 0;
  std::string next_out_;  ///< Behind it.
  std::string body_out_;  ///< Behind both.
  std::size_t body_done_ = 0;
  std::unique_ptr<Current> current_;
};

}  // namespace formulary

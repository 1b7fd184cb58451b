#include "host/http/server_io.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cstring>
#include <list>
#include <thread>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/ids.hpp"
#include "host/base/text.hpp"
#include "host/http/http_exchange.hpp"
#include "host/http/push_stream.hpp"
#include "host/http/response_head.hpp"
#include "host/http/trace_parent.hpp"

namespace formulary {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Fault = boost::system::error_code;
using Moment = Clock::MonotonicTime;
using std::chrono::nanoseconds;

constexpr std::size_t idle_room = 1U << 10U;       ///< Of the buffer that a connection waits with.
constexpr std::size_t body_room = 32U << 10U;      ///< Of the buffer that bodies arrive in.
constexpr std::size_t handler_room = 256U << 10U;  ///< What waits for a handler that reads its body.
constexpr std::size_t copied_max = 16U << 10U;     ///< A body up to this is sent in one piece with its head.
constexpr std::size_t piece_max = 60U << 10U;      ///< What a source is asked for.
constexpr std::size_t chunk_head = 6;              ///< "f000\r\n"

/// Bytes that came and are not used yet.
class InBuffer {
 public:
  [[nodiscard]] std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  void consume(std::size_t count) { begin_ += count; }
  void commit(std::size_t count) { end_ += count; }
  /// Room behind the bytes, in a buffer that has at least so much in all. Moves the bytes.
  asio::mutable_buffer prepare(std::size_t capacity) {
    const std::size_t used = size();
    if (used == 0 && capacity_ > 4 * capacity) capacity_ = 0;  // gives back what one large request took
    if (used == capacity_ || capacity_ < capacity) {
      capacity_ = std::max({capacity, 2 * used});
      auto grown = std::make_unique_for_overwrite<char[]>(capacity_);
      if (used > 0) std::memcpy(grown.get(), bytes_.get() + begin_, used);
      bytes_ = std::move(grown);
    } else if (begin_ > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, used);
    }
    begin_ = 0;
    end_ = used;
    return asio::buffer(bytes_.get() + end_, capacity_ - end_);
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Whether the other side keeps up, measured only while we wait for it.
class Pace {
 public:
  void begin(Moment now) {
    since_ = now;
    waiting_ = true;
  }
  void end(Moment now, std::size_t bytes) {
    if (!waiting_) return;
    waited_ += now - since_;
    bytes_ += bytes;
    waiting_ = false;
  }
  /// Judges each stretch of `grace` by itself, since what was quick once may have gone into the kernel's buffers.
  [[nodiscard]] bool too_slow(Moment now, const PaceLimits& limits) {
    if (!waiting_) return false;
    if (now - since_ > limits.stall) return true;
    const nanoseconds waited = waited_ + (now - since_);
    if (waited < limits.grace) return false;
    const double least = std::chrono::duration<double>(waited).count() * static_cast<double>(limits.bytes_per_second);
    if (static_cast<double>(bytes_) < least) return true;
    waited_ = since_ - now;  // so that the stretch begins now
    bytes_ = 0;
    return false;
  }

 private:
  Moment since_{};
  nanoseconds waited_{0};
  std::uint64_t bytes_ = 0;
  bool waiting_ = false;
};

/// One request as its handler sees it. Lives as long as the handler or the connection needs it.
struct Task {
  Task(ServerCore& core, std::function<void()> more)
      : exchange(core.options.body_max, core.held, std::move(more)), request{.body = exchange} {}

  HttpExchange exchange;
  IncomingRequest request;
};

/// A handler's answer with what is not for the client.
struct Outcome {
  OutgoingResponse response;
  std::string note;
};

Outcome run_handler(const ServerCore& core, Task& task) {
  std::string note;
  try {
    return {core.handler(task.request), {}};
  } catch (const std::exception& why) {
    note = why.what();
  } catch (...) {
    note = "the handler threw something that is no exception";
  }
  const std::optional<RequestRefusal> refusal = task.exchange.refusal();
  OutgoingResponse answer =
      edge_answer(refusal ? refusal->status : 500,
                  refusal ? refusal->sentence : "the request failed inside the server; its request id finds the reason",
                  task.request.request_id);
  answer.close = refusal.has_value();
  return {std::move(answer), std::move(note)};
}

}  // namespace

struct TlsIdentity {
  asio::ssl::context context{asio::ssl::context::tls_server};
};

std::shared_ptr<TlsIdentity> load_tls_identity(const ServerTls& files) {
  auto identity = std::make_shared<TlsIdentity>();
  asio::ssl::context& context = identity->context;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  Fault fault;
  context.use_certificate_chain_file(files.certificate_file, fault);
  if (fault) {
    throw Error(ErrorCode::bad_input, "TLS: the certificate file '" + files.certificate_file +
                                          "' cannot be used: " + fault.message() + "; give a PEM file with its chain");
  }
  context.use_private_key_file(files.key_file, asio::ssl::context::pem, fault);
  if (fault || SSL_CTX_check_private_key(native) != 1) {
    throw Error(ErrorCode::bad_input, "TLS: the key file '" + files.key_file + "' cannot be used: " +
                                          (fault ? fault.message() : "it is another certificate's key") +
                                          "; give the certificate's key as PEM without a passphrase");
  }
  return identity;
}

bool ConnectionCensus::enter(const std::string& address) {
  const std::lock_guard guard(lock_);
  if (all_ >= all_max_) return false;
  if (per_address_max_ > 0) {
    std::size_t& count = by_address_[address];
    if (count >= per_address_max_) return false;
    ++count;
  }
  ++all_;
  return true;
}

void ConnectionCensus::leave(const std::string& address) {
  const std::lock_guard guard(lock_);
  --all_;
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
  if (all_ == 0) changed_.notify_all();
}

std::size_t ConnectionCensus::size() const {
  const std::lock_guard guard(lock_);
  return all_;
}

bool ConnectionCensus::wait_for_none(std::chrono::milliseconds time) {
  std::unique_lock guard(lock_);
  return changed_.wait_for(guard, time, [this] { return all_ == 0; });
}

namespace {
class ServerConnection;
}

/// Everything in it and in its connections is used by its thread alone, but for `io`, which others post to.
class ServerIo::Loop {
 public:
  explicit Loop(ServerCore& the_core);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  void adopt(int socket, std::string peer);
  void drain();
  void cut();
  [[nodiscard]] const std::string& date();

  using Connections = std::list<std::shared_ptr<ServerConnection>>;

  ServerCore& core;
  const std::shared_ptr<asio::io_context> io = std::make_shared<asio::io_context>(1);
  Connections connections;
  bool draining = false;

 private:
  void tick();
  template <class Do>
  void each(Do what);

  asio::executor_work_guard<asio::io_context::executor_type> work_{io->get_executor()};
  asio::steady_timer timer_{*io};
  nanoseconds period_{};
  bool ended_ = false;
  Clock::WallTime date_of_{};
  std::string date_;
  std::thread thread_;
};

namespace {

/// One connection: reads a request, has it handled, writes the answer, again and again. All of it happens on its loop's
/// thread; workers and push streams post to that.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(ServerIo::Loop& loop, tcp::socket socket, std::string peer)
      : loop_(loop), socket_(std::move(socket)), peer_(std::move(peer)) {}

  void start();
  /// Enforces the limits of time.
  void check(Moment now);
  void drain();
  void cut(const char* why);

  ServerIo::Loop::Connections::iterator place;  ///< In the loop's list.

 private:
  enum class Phase { handshake, head, request, answer, drain, closing, closed };

  /// The request that is being read, handled or answered; an idle connection has none.
  struct Current {
    explicit Current(RequestLimits limits) : parser(limits) {}

    RequestHeadParser parser;
    AccessRecord record;
    Moment began;
    bool counted = false;

    std::shared_ptr<Task> task;
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
  void on_read(const Fault& fault, std::size_t count);
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
  void respond(Outcome outcome);
  void frame(const OutgoingResponse& response);
  [[nodiscard]] bool may_go_on(const OutgoingResponse& response) const;
  /// `from`: where in `bytes` what is to be sent begins.
  void send(std::string bytes, std::size_t from = 0);
  void write();
  void on_write(const Fault& fault, std::size_t count);
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

  ServerIo::Loop& loop_;
  tcp::socket socket_;
  std::unique_ptr<asio::ssl::stream<tcp::socket&>> tls_;
  std::string peer_;
  Phase phase_ = Phase::handshake;
  Moment deadline_ = Moment::max();
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

void ServerConnection::start() {
  Fault ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  if (!loop_.core.tls) return await_request();
  tls_ = std::make_unique<asio::ssl::stream<tcp::socket&>>(socket_, loop_.core.tls->context);
  set_deadline(options().head_limit);
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](const Fault& fault) {
    if (self->phase_ != Phase::handshake) return;
    if (fault) return self->close();
    self->await_request();
  });
}

void ServerConnection::check(Moment now) {
  if (phase_ == Phase::closed) return;
  if (now >= deadline_) {
    deadline_ = Moment::max();
    if (phase_ == Phase::head && current_) return refuse({408, "the request's head did not come in time"});
    if (phase_ != Phase::request && phase_ != Phase::answer) return close();
    if (current_->task) current_->task->exchange.cancel();
  }
  if (!current_) return;
  if (current_->writing.too_slow(now, options().writing)) return cut("the client reads too slowly");
  const bool waits_for_body = reading_ && !current_->body_complete && !current_->continue_due;
  if (phase_ == Phase::request && waits_for_body && current_->reading.too_slow(now, options().reading)) {
    break_body({408, "the request's body comes too slowly"});
  }
}

void ServerConnection::drain() {
  if (phase_ == Phase::handshake || (phase_ == Phase::head && !current_)) return close();
  if (current_ && current_->stream) current_->stream->close();
}

void ServerConnection::cut(const char* why) {
  if (phase_ == Phase::closed) return;
  if (current_) note_end(why);
  Fault ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);  // a truncated answer must not look like a whole one
  close();
}

void ServerConnection::read() {
  if (reading_ || input_ended_ || phase_ == Phase::closed) return;
  const bool in_body = current_ && current_->task && !current_->body_complete;
  const asio::mutable_buffer room = in_.prepare(in_body ? body_room : idle_room);
  reading_ = true;
  if (in_body) current_->reading.begin(loop_.core.clock.monotonic());
  auto done = [self = shared_from_this()](const Fault& fault, std::size_t count) { self->on_read(fault, count); };
  if (tls_) {
    tls_->async_read_some(room, std::move(done));
  } else {
    socket_.async_read_some(room, std::move(done));
  }
}

void ServerConnection::on_read(const Fault& fault, std::size_t count) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  in_.commit(count);
  if (current_) current_->reading.end(loop_.core.clock.monotonic(), count);
  if (fault) return on_input_end(fault == asio::error::eof || fault == asio::ssl::error::stream_truncated);
  switch (phase_) {
    case Phase::head:
      return parse_head();
    case Phase::closing:
      in_.consume(in_.size());
      return read();
    default:
      if (!current_->body_complete && !current_->body_dead) return take_body();
      if (in_.size() < options().head_max) read();  // to hear of the client's end; what comes is the next request
  }
}

void ServerConnection::on_input_end(bool clean) {
  input_ended_ = true;
  if (phase_ == Phase::head || phase_ == Phase::drain || phase_ == Phase::closing) return close();
  // Whoever has closed its side may still read; but it may as well have gone, which nothing else would tell.
  if (current_->task) current_->task->exchange.cancel();
  const bool in_the_middle = phase_ == Phase::request && !current_->dispatched;
  if (!clean || in_the_middle || current_->stream) cut("the client has gone");
}

void ServerConnection::await_request() {
  phase_ = Phase::head;
  if (loop_.draining && in_.empty()) return close();
  set_deadline(options().idle_limit);
  if (in_.empty()) return input_ended_ ? close() : read();
  parse_head();
}

void ServerConnection::begin_current() {
  current_ = std::make_unique<Current>(RequestLimits{
      .line_max = options().line_max, .head_max = options().head_max, .headers_max = options().headers_max});
  const std::string random = to_hex(random_bytes(36));
  current_->record.request_id = random.substr(0, 24);
  current_->record.trace_id = random.substr(24);  // and the span's id, until the head is known
  current_->record.peer = peer_;
  current_->record.at = loop_.core.clock.wall();
  current_->began = loop_.core.clock.monotonic();
  set_deadline(options().head_limit);
}

void ServerConnection::parse_head() {
  if (!current_) {
    // RFC 9112 section 2.2: old clients send an empty line behind a body.
    if (in_.view() == "\r") return read();
    if (in_.view().starts_with("\r\n")) in_.consume(2);
    if (in_.empty()) return read();
    begin_current();
  }
  const std::size_t length = current_->parser.parse(in_.view());
  if (current_->parser.refusal()) return refuse(*current_->parser.refusal());
  if (length == 0) return input_ended_ ? close() : read();
  in_.consume(length);
  begin_request();
}

void ServerConnection::begin_request() {
  RequestHead& head = current_->parser.head();
  phase_ = Phase::request;
  deadline_ = Moment::max();
  ++requests_;
  current_->counted = true;
  ++loop_.core.in_flight;

  // Called by the worker; the connection outlives its handler's wish.
  auto more = [&io = *loop_.io, self = weak_from_this()] {
    asio::post(io, [self] {
      if (const auto there = self.lock()) there->want_body();
    });
  };
  current_->task = std::make_shared<Task>(loop_.core, std::move(more));
  current_->task->exchange.declared =
      head.chunked ? std::nullopt : std::optional<std::uint64_t>(head.content_length.value_or(0));
  IncomingRequest& request = current_->task->request;
  AccessRecord& record = current_->record;
  request.method = std::move(head.method);
  request.target = std::move(head.target);
  const std::size_t question = std::min(request.target.find('?'), request.target.size());
  request.path = request.target.substr(0, question);
  if (question < request.target.size()) request.query = request.target.substr(question + 1);
  request.headers = std::move(head.headers);
  request.peer = peer_;
  request.request_id = record.request_id;
  request.trace_parent = trace_parent_of(request.headers, record.trace_id);
  request.secure = tls_ != nullptr;
  request.stop = current_->task->exchange.token();
  record.trace_id = request.trace_parent.substr(3, 32);
  record.method = request.method;
  record.path = request.path;
  record.at = loop_.core.clock.wall();
  current_->began = loop_.core.clock.monotonic();

  current_->left = head.content_length.value_or(0);
  current_->body_complete = !head.has_body();
  if (current_->body_complete) current_->task->exchange.end();
  if (head.expects_continue && head.has_body() && in_.empty()) {
    // A body that is too long is asked for only if the handler raises the limit and reads.
    if (current_->left > options().body_max) {
      current_->continue_due = true;
    } else {
      send("HTTP/1.1 100 Continue\r\n\r\n");
    }
  }
  take_body();
}

std::size_t ServerConnection::decode(std::size_t room, std::string& out) {
  Current& now = *current_;
  const std::string_view bytes = in_.view();
  std::size_t used = 0;
  if (now.parser.head().chunked) {
    used = now.decoder.decode(bytes, room, out);
    now.body_complete = now.decoder.complete();
    now.body_dead = now.decoder.broken();
  } else {
    used = static_cast<std::size_t>(std::min<std::uint64_t>({bytes.size(), room, now.left}));
    out.append(bytes.substr(0, used));
    now.left -= used;
    now.body_complete = now.left == 0;
  }
  in_.consume(used);
  now.record.bytes_in += out.size();
  return used;
}

void ServerConnection::take_body() {
  Current& now = *current_;
  HttpExchange& exchange = now.task->exchange;
  const bool thrown_away = phase_ != Phase::request;
  const std::size_t room_max = now.dispatched ? handler_room : options().body_buffered_max;
  bool full = false;
  if (!now.body_complete) {
    std::string bytes;
    const std::size_t buffered = thrown_away ? 0 : exchange.buffered();
    decode(room_max > buffered ? room_max - buffered : 0, bytes);
    if (now.body_dead) return break_body({400, "the request's body is not well chunked"});
    full = buffered + bytes.size() >= room_max;
    if (!thrown_away && !bytes.empty()) exchange.put(bytes);
    if (now.body_complete) exchange.end();
    full = full || (!now.dispatched && loop_.core.held > options().held_max);
  }
  if (phase_ == Phase::drain) {
    if (!now.body_complete) return read();
    current_.reset();
    return await_request();
  }
  if (!now.dispatched && phase_ == Phase::request && (now.body_complete || full || now.left > options().body_max)) {
    dispatch();
  }
  if (!full || now.body_complete) read();
}

/// The handler waits for bytes, or has made room.
void ServerConnection::want_body() {
  if (phase_ != Phase::request || !current_ || current_->body_complete || current_->body_dead) return;
  if (std::exchange(current_->continue_due, false)) send("HTTP/1.1 100 Continue\r\n\r\n");
  take_body();
}

void ServerConnection::break_body(RequestRefusal why) {
  current_->body_dead = true;
  if (phase_ == Phase::drain) return close();
  if (!current_->dispatched) return refuse(why);
  current_->task->exchange.fail(std::move(why));
}

void ServerConnection::dispatch() {
  current_->dispatched = true;
  if (options().request_limit.count() > 0) set_deadline(options().request_limit);
  const auto kind = current_->body_complete ? HandlerPool::Kind::quick : HandlerPool::Kind::uploading;
  const bool taken = loop_.core.pool.push(
      kind, [&core = loop_.core, &io = *loop_.io, self = shared_from_this(), task = current_->task] {
        asio::post(io, [self, outcome = run_handler(core, *task)]() mutable { self->respond(std::move(outcome)); });
      });
  if (taken) return;
  ++loop_.core.rejected;
  respond({edge_answer(503, "the server has too much to do; try again soon", current_->record.request_id), {}});
}

void ServerConnection::refuse(const RequestRefusal& why) {
  if (!current_->counted) {
    current_->counted = true;
    ++loop_.core.in_flight;
    current_->record.trace_id.resize(32);
    current_->record.method = current_->parser.head().method;
    const std::string& target = current_->parser.head().target;
    current_->record.path = target.substr(0, target.find('?'));
    current_->body_dead = true;
    current_->body_complete = false;
  }
  OutgoingResponse answer = edge_answer(why.status, why.sentence, current_->record.request_id);
  answer.close = true;
  respond({std::move(answer), why.sentence});
}

bool ServerConnection::may_go_on(const OutgoingResponse& response) const {
  Current& now = *current_;
  if (response.close || !now.parser.head().keep_alive || loop_.draining || input_ended_ || now.continue_due)
    return false;
  if (requests_ >= options().requests_per_connection_max || now.body_dead) return false;
  return now.body_complete || (!now.parser.head().chunked && now.left <= options().drained_max);
}

void ServerConnection::frame(const OutgoingResponse& response) {
  Current& now = *current_;
  now.framing.close = !may_go_on(response);
  const bool streamed = response.source || response.stream;
  if (response.status == 204 || response.status == 304) return;
  if (response.source) now.framing.length = response.source_length;
  if (!streamed) now.framing.length = response.body.size();
  if (now.framing.length) return;
  now.framing.chunked = !now.parser.head().old_version;
  if (now.parser.head().old_version) now.framing.close = true;
}

void ServerConnection::respond(Outcome outcome) {
  if (outcome.response.stream && (phase_ == Phase::closed || !current_)) {
    PushSide::of(*outcome.response.stream)->detach();
  }
  if (phase_ == Phase::closed || !current_) return;
  Current& now = *current_;
  const std::string fault = find_response_fault(outcome.response);
  if (!fault.empty()) {
    outcome = {edge_answer(500, "the server made an answer that cannot be sent; its request id finds the reason",
                           now.record.request_id),
               "the handler's answer has " + fault + ", which must not be sent"};
  }
  phase_ = Phase::answer;
  deadline_ = Moment::max();
  now.record.note = std::move(outcome.note);
  now.record.status = outcome.response.status;
  now.response = std::make_shared<OutgoingResponse>(std::move(outcome.response));
  OutgoingResponse& response = *now.response;
  frame(response);
  const bool silent = now.record.method == "HEAD" || response.status == 204 || response.status == 304;
  if (response.stream) {
    now.stream = PushSide::of(*response.stream);
    response.stream.reset();  // so that its last writer's end is the stream's
    // Its writer may still be calling this when the server has ended: then it is kept for nothing.
    auto wake = [io = loop_.io, self = weak_from_this()] {
      asio::post(*io, [self] {
        const auto there = self.lock();
        if (there && there->current_ && there->current_->stream && !there->writing_) there->take_pushed();
      });
    };
    if (silent || loop_.draining) now.stream->close();
    if (!now.stream->attach(std::move(wake))) return cut("the handler's push stream is another answer's already");
  }
  now.last_piece = silent || (!response.source && !now.stream);
  std::string head = response_head(response, now.framing, loop_.date(), now.record.request_id);
  if (!silent && response.body.size() <= copied_max) {
    head += response.body;
  } else if (!silent) {
    body_out_ = std::move(response.body);
    body_done_ = 0;
  }
  send(std::move(head));
}

void ServerConnection::send(std::string bytes, std::size_t from) {
  if (writing_) {
    next_out_ += bytes;
    return;
  }
  out_ = std::move(bytes);
  out_done_ = from;
  write();
}

void ServerConnection::write() {
  writing_ = true;
  current_->writing.begin(loop_.core.clock.monotonic());
  const std::array<asio::const_buffer, 2> bytes = {
      asio::buffer(out_.data() + out_done_, out_.size() - out_done_),
      next_out_.empty() ? asio::buffer(body_out_.data() + body_done_, body_out_.size() - body_done_)
                        : asio::const_buffer()};
  auto done = [self = shared_from_this()](const Fault& fault, std::size_t count) { self->on_write(fault, count); };
  if (tls_) {
    tls_->async_write_some(bytes, std::move(done));
  } else {
    socket_.async_write_some(bytes, std::move(done));
  }
}

void ServerConnection::on_write(const Fault& fault, std::size_t count) {
  writing_ = false;
  if (phase_ == Phase::closed) return;
  current_->writing.end(loop_.core.clock.monotonic(), count);
  if (fault) return cut("the client has gone");
  current_->record.bytes_out += count;
  const std::size_t of_out = std::min(count, out_.size() - out_done_);
  out_done_ += of_out;
  body_done_ += count - of_out;
  if (out_done_ == out_.size() && !next_out_.empty()) {
    out_ = std::exchange(next_out_, {});
    out_done_ = 0;
  }
  if (out_done_ < out_.size() || body_done_ < body_out_.size()) return write();
  body_out_ = {};
  body_done_ = 0;
  if (phase_ == Phase::answer) send_more();
}

void ServerConnection::send_more() {
  if (current_->last_piece) return finish();
  if (current_->stream) return take_pushed();
  pull();
}

void ServerConnection::pull() {
  auto work = [&io = *loop_.io, self = shared_from_this(), response = current_->response,
               piece = std::make_shared<std::string>(std::move(out_))] {
    std::size_t count = 0;
    std::string fault;
    try {
      piece->resize(chunk_head + piece_max + 2);
      count = response->source({piece->data() + chunk_head, piece_max});
      if (count > piece_max) fault = "the handler's source gave more than it had room for";
    } catch (const std::exception& why) {
      fault = why.what();
    } catch (...) {
      fault = "the handler's source threw something that is no exception";
    }
    asio::post(io, [self, piece, count, fault = std::move(fault)]() mutable {
      self->on_pulled(std::move(*piece), count, std::move(fault));
    });
  };
  out_ = {};
  out_done_ = 0;
  if (!loop_.core.pool.push(HandlerPool::Kind::more, std::move(work))) cut("the server stops");
}

void ServerConnection::on_pulled(std::string piece, std::size_t count, std::string fault) {
  if (phase_ != Phase::answer) return;
  Current& now = *current_;
  now.pulled += count;
  now.last_piece = count == 0;
  const std::uint64_t whole = now.framing.length.value_or(now.pulled);
  if (fault.empty() && (now.pulled > whole || (now.last_piece && now.pulled < whole))) {
    fault = "the handler's source gave another length than was declared";
  }
  if (!fault.empty()) return cut(fault.c_str());
  if (now.last_piece) return now.framing.chunked ? send("0\r\n\r\n") : finish();
  piece.resize(chunk_head + count);
  if (!now.framing.chunked) return send(std::move(piece), chunk_head);
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < 4; ++i) piece[i] = digits[count >> (12 - 4 * i) & 0xFU];
  piece[4] = '\r';
  piece[5] = '\n';
  send(std::move(piece) + "\r\n");
}

void ServerConnection::take_pushed() {
  if (phase_ != Phase::answer || current_->last_piece) return;
  std::string text;
  const bool open = current_->stream->take(text);
  if (open && text.empty()) return;  // until it is woken
  current_->last_piece = !open;
  if (current_->framing.chunked) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string head;
    for (std::size_t rest = text.size(); rest > 0; rest /= 16) head.insert(head.begin(), digits[rest % 16]);
    text = open ? head + "\r\n" + text + "\r\n" : "0\r\n\r\n";
  }
  if (text.empty()) return finish();
  send(std::move(text));
}

void ServerConnection::finish() {
  note_end({});
  if (current_->framing.close || loop_.draining) {
    current_.reset();
    return linger();
  }
  if (!current_->body_complete) {
    phase_ = Phase::drain;
    set_deadline(options().linger_limit);
    return take_body();
  }
  current_.reset();
  await_request();
}

/// The answer has ended, however it did: tells the log, the counters and whoever pushes.
void ServerConnection::note_end(std::string note) {
  Current& now = *current_;
  if (!std::exchange(now.counted, false)) return;
  if (!note.empty()) now.record.note = now.record.note.empty() ? std::move(note) : now.record.note + "; " + note;
  if (now.record.bytes_out == 0) now.record.status = 0;
  now.record.duration = loop_.core.clock.monotonic() - now.began;
  --loop_.core.in_flight;
  ++loop_.core.answers[static_cast<std::size_t>(now.record.status / 100) % 6];
  if (now.stream) now.stream->detach();
  if (loop_.core.log) loop_.core.log(now.record);
}

/// Ends our side and waits until the client has ended its own: a close with unread bytes would take the answer away
/// from a client that has not read it yet.
void ServerConnection::linger() {
  phase_ = Phase::closing;
  if (input_ended_) return close();
  set_deadline(options().linger_limit);
  in_.consume(in_.size());
  if (tls_) {
    tls_->async_shutdown([self = shared_from_this()](const Fault&) { self->close(); });
    return;
  }
  Fault ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  read();
}

void ServerConnection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  const auto self = shared_from_this();
  if (current_) {
    if (current_->task) current_->task->exchange.cancel();
    note_end("the connection was closed");
  }
  Fault ignored;
  socket_.close(ignored);
  loop_.connections.erase(place);
  loop_.core.census.leave(peer_);
}

}  // namespace

ServerIo::Loop::Loop(ServerCore& the_core) : core(the_core) {
  const ServerOptions& options = core.options;
  const auto shortest = std::min({options.head_limit, options.idle_limit, options.linger_limit, options.reading.stall,
                                  options.reading.grace, options.writing.stall, options.writing.grace});
  period_ = std::clamp<nanoseconds>(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(250));
  asio::post(*io, [this] { tick(); });
  thread_ = std::thread([this] { io->run(); });
}

ServerIo::Loop::~Loop() {
  asio::post(*io, [this] {
    ended_ = true;
    timer_.cancel();
    each([](ServerConnection& one) { one.cut("the server stops"); });
    work_.reset();
  });
  thread_.join();
}

void ServerIo::Loop::adopt(int socket, std::string peer) {
  Fault fault;
  tcp::socket owned(*io);
  owned.assign(peer.find(':') == std::string::npos ? tcp::v4() : tcp::v6(), socket, fault);
  if (fault) {
    const Descriptor closed(socket);
    return core.census.leave(peer);
  }
  auto connection = std::make_shared<ServerConnection>(*this, std::move(owned), std::move(peer));
  connection->place = connections.insert(connections.end(), connection);
  connection->start();
}

template <class Do>
void ServerIo::Loop::each(Do what) {
  for (auto next = connections.begin(); next != connections.end();) what(**next++);  // it may take itself out
}

void ServerIo::Loop::drain() {
  draining = true;
  each([](ServerConnection& one) { one.drain(); });
}

void ServerIo::Loop::cut() {
  draining = true;
  each([](ServerConnection& one) { one.cut("the server stops"); });
}

const std::string& ServerIo::Loop::date() {
  const auto now = std::chrono::floor<std::chrono::seconds>(core.clock.wall());
  if (date_.empty() || now != date_of_) {
    date_of_ = now;
    date_ = http_date(now);
  }
  return date_;
}

void ServerIo::Loop::tick() {
  const Moment now = core.clock.monotonic();
  each([now](ServerConnection& one) { one.check(now); });
  timer_.expires_after(period_);
  timer_.async_wait([this](const Fault& fault) {
    if (!fault && !ended_) tick();
  });
}

ServerIo::ServerIo(ServerCore& core) : loop_(std::make_unique<Loop>(core)) {}

ServerIo::~ServerIo() = default;

void ServerIo::adopt(Descriptor socket, std::string peer) {
  asio::post(*loop_->io, [loop = loop_.get(), number = socket.release(), peer = std::move(peer)]() mutable {
    loop->adopt(number, std::move(peer));
  });
}

void ServerIo::drain() {
  asio::post(*loop_->io, [loop = loop_.get()] { loop->drain(); });
}

void ServerIo::cut() {
  asio::post(*loop_->io, [loop = loop_.get()] { loop->cut(); });
}

}  // namespace formulary

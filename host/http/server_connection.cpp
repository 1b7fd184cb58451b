#include "host/http/server_connection.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <optional>

#include "host/base/ids.hpp"
#include "host/base/text.hpp"
#include "host/http/tls_identity.hpp"
#include "host/http/trace_parent.hpp"

namespace formulary {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Fault = boost::system::error_code;
using Moment = Clock::MonotonicTime;

constexpr std::size_t idle_room = 1U << 10U;       ///< Of the buffer that a connection waits with.
constexpr std::size_t body_room = 32U << 10U;      ///< Of the buffer that bodies arrive in.
constexpr std::size_t handler_room = 256U << 10U;  ///< What waits for a handler that reads its body.

HandlerOutcome run_handler(const ServerCore& core, HandledRequest& task) {
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
  current_->task = std::make_shared<HandledRequest>(loop_.core, std::move(more));
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

}  // namespace formulary

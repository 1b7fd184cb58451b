#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <string_view>

#include "host/http/server_connection.hpp"

namespace formulary {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Fault = boost::system::error_code;
using Moment = Clock::MonotonicTime;

constexpr std::size_t copied_max = 16U << 10U;  ///< A body up to this is sent in one piece with its head.
constexpr std::size_t piece_max = 60U << 10U;   ///< What a source is asked for.
constexpr std::size_t chunk_head = 6;           ///< "f000\r\n"

}  // namespace

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

void ServerConnection::respond(HandlerOutcome outcome) {
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

}  // namespace formulary

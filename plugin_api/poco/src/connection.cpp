#include "connection.hpp"

#include <Poco/Net/IPAddress.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "failure.hpp"
#include "tls.hpp"

namespace element::http {
namespace {

using Poco::Net::SecureStreamSocket;
using Poco::Net::StreamSocket;

// A connection that waits for an answer holds the small one; long answers come in fewer, larger pieces.
constexpr std::size_t buffer_least = 4U << 10U;
constexpr std::size_t buffer_most = 64U << 10U;
constexpr std::size_t piece_max = 1U << 20U;  // one send or receive; Poco counts in int

/// The system's words for an error number that poll or connect left behind.
std::string words(int fault) {
  return std::generic_category().message(fault);
}

}  // namespace

connection::connection(Poco::Net::Context::Ptr tls, std::string host, std::uint16_t port)
    : tls_(std::move(tls)), host_(std::move(host)), port_(port), buffer_(buffer_least) {}

connection::~connection() {
  close();
}

void connection::close() noexcept {
  try {
    const sigpipe_guard quiet;
    socket_.close();
  } catch (const std::exception&) {  // it is gone either way
  }
}

int connection::fd() const {
  return socket_.impl()->sockfd();
}

void connection::open(const std::vector<std::string>& addresses, budget& within, std::chrono::nanoseconds ends_at) {
  for (std::size_t index = 0; index < addresses.size(); ++index) {
    const bool last = index + 1 == addresses.size();
    const auto share = (ends_at - within.now()) / static_cast<std::int64_t>(addresses.size() - index);
    try {
      within.enter(phase::connecting, within.now() + share);
      connect_to(addresses[index], within);
    } catch (const ended&) {
      throw;
    } catch (const error&) {
      if (last) throw;
      continue;  // another address may do
    }
    break;
  }
  if (!tls_) return;
  within.enter(phase::handshake, ends_at);
  shake_hands(within);
}

void connection::connect_to(const std::string& address, budget& within) {
  try {
    const Poco::Net::SocketAddress to(Poco::Net::IPAddress(address), port_);
    if (tls_) {
      SecureStreamSocket secure(tls_);
      Poco::Net::IPAddress numeric;  // has no place in SNI
      if (!Poco::Net::IPAddress::tryParse(host_, numeric)) secure.setPeerHostName(host_);
      socket_ = secure;
    } else {
      socket_ = StreamSocket();
    }
    ERR_clear_error();
    socket_.connectNB(to);
    within.wait(fd(), POLLOUT);
    if (const int fault = socket_.impl()->socketError(); fault != 0) {
      throw failure::connect_failed(within.where(), words(fault));
    }
    socket_.setNoDelay(true);
  } catch (const Poco::Exception& why) {
    throw failure::connect_failed(within.where(), why.message().empty() ? why.name() : why.message());
  }
}

void connection::shake_hands(budget& within) {
  SecureStreamSocket secure(socket_);
  static_cast<void>(take_refusal());
  try {
    for (;;) {
      ERR_clear_error();  // what another library left on this thread would be taken for ours
      int result = 0;
      {
        const sigpipe_guard quiet;
        result = secure.completeHandshake();
      }
      if (result == 1) return;
      if (result == 0) throw failure::tls_failed(within.where(), "the other side ended the connection");
      wait_for(result == SecureStreamSocket::ERR_SSL_WANT_WRITE ? io::want_write : io::want_read, within);
    }
  } catch (const Poco::Exception& why) {
    if (const std::string refusal = take_refusal(); !refusal.empty()) {
      throw failure::tls_untrusted(within.where(), refusal);
    }
    throw failure::tls_failed(within.where(), why.message().empty() ? why.name() : why.message());
  }
}

void connection::wait_for(io what, budget& within) const {
  within.wait(fd(), what == io::want_write ? POLLOUT : POLLIN);
}

connection::step connection::send_some(std::string_view bytes) {
  const int count = static_cast<int>(std::min(bytes.size(), piece_max));
  int sent = 0;
  if (tls_) {
    ERR_clear_error();
    const sigpipe_guard quiet;
    sent = socket_.sendBytes(bytes.data(), count);
    if (sent == SecureStreamSocket::ERR_SSL_WANT_READ) return {io::want_read, 0};
    if (sent == SecureStreamSocket::ERR_SSL_WANT_WRITE) return {io::want_write, 0};
  } else {
    // Not through Poco, whose non-blocking send throws when the socket's buffer is full.
    sent = static_cast<int>(::send(fd(), bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL));
    const bool later = sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    if (sent < 0 && !later) throw Poco::Net::ConnectionResetException(words(errno));
  }
  return sent > 0 ? step{io::done, static_cast<std::size_t>(sent)} : step{io::want_write, 0};
}

connection::step connection::receive_some(char* to, std::size_t room) {
  if (tls_) ERR_clear_error();
  const int got = socket_.receiveBytes(to, static_cast<int>(std::min(room, piece_max)));
  if (got >= 0) return {io::done, static_cast<std::size_t>(got)};
  return {tls_ && got == SecureStreamSocket::ERR_SSL_WANT_WRITE ? io::want_write : io::want_read, 0};
}

bool connection::is_quiet() noexcept {
  try {
    char byte = 0;
    // For TLS a readable socket proves nothing: a session ticket may have come. Only a real read tells.
    return receive_some(&byte, 1).is != io::done;
  } catch (const std::exception&) {
    return false;
  }
}

void connection::exchange(const wire_request& what, response_parser& into, budget& within) {
  ++exchanges_;
  sent_ = 0;
  upload_broken_ = false;
  reusable_ = false;
  try {
    within.enter(phase::sending);
    send_all(what.head, into, within);
    send_all(what.body, into, within);
    within.enter(phase::awaiting);
    if (!tls_ && !into.started()) wait_for(io::want_read, within);  // saves a read that would find nothing
    while (!into.done()) {
      if (!read_more(into, within)) wait_for(last_want_, within);
    }
  } catch (const bad_answer& bad) {
    throw failure::of(within.where(), bad);
  } catch (const Poco::Exception& why) {
    if (into.started()) throw failure::of(within.where(), {bad_answer::kind::truncated, "broken off"});
    throw failure::closed(within.where(), why.message().empty() ? why.name() : why.message());
  }
  const bool all_sent = sent_ == what.head.size() + what.body.size();
  reusable_ = reusable_ && all_sent && into.keeps_connection();
}

/// Stops early when the final answer comes before the request is out (a refused upload), or when the other side no
/// longer takes it: then the answer, if there is one, says more than the broken pipe.
void connection::send_all(std::string_view bytes, response_parser& into, budget& within) {
  while (!bytes.empty() && !into.has_head() && !upload_broken_) {
    step now{};
    try {
      now = send_some(bytes);
    } catch (const Poco::Exception&) {
      if (sent_ == 0) throw;
      upload_broken_ = true;
      return;
    }
    sent_ += now.count;
    bytes.remove_prefix(now.count);
    if (now.is == io::done) {
      within.check();
      continue;
    }
    const short wanted = now.is == io::want_read ? POLLIN : POLLOUT | POLLIN;
    const short ready = within.wait(fd(), wanted);
    if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0) read_more(into, within);
  }
}

bool connection::read_more(response_parser& into, budget& within) {
  const step now = receive_some(buffer_.data(), buffer_.size());
  if (now.is != io::done) {
    last_want_ = now.is;
    return false;
  }
  if (now.count == 0) {
    if (!into.started()) throw failure::closed(within.where(), "the other side closed it");
    into.end_of_stream();
    return true;
  }
  if (!into.started()) within.enter(phase::reading);
  const std::size_t used = into.feed({buffer_.data(), now.count});
  // Bytes after the answer: whatever they are, the next request must not find them.
  reusable_ = used == now.count;
  if (now.count == buffer_.size() && buffer_.size() < buffer_most) buffer_ = std::vector<char>(buffer_.size() * 4);
  return true;
}

}  // namespace element::http

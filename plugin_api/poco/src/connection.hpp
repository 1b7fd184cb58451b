/// \file
/// One connection to the pool's origin: opened, used for one exchange after another, and dropped at the first doubt.
#pragma once

#include <Poco/Net/Context.h>
#include <Poco/Net/StreamSocket.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "budget.hpp"
#include "response_parser.hpp"

namespace element::http {

/// A request as it goes over the wire: two borrowed pieces, sent one after the other.
struct wire_request {
  std::string_view head;  ///< With its empty line, and with the body if that is short.
  std::string_view body;
};

/// Non-blocking throughout, so that every wait is a budget's. Not thread-safe; not usable after an exception.
class connection {
 public:
  /// `tls` null: plain. `host` is the name for SNI.
  connection(Poco::Net::Context::Ptr tls, std::string host, std::uint16_t port);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();

  /// Connects to the first address that accepts, with TLS. The addresses share the time until `ends_at`. Throws
  /// http.connect_failed, tls_failed, tls_untrusted, timeout.
  void open(const std::vector<std::string>& addresses, budget& within, std::chrono::nanoseconds ends_at);

  /// Nothing came while it was idle, neither an end nor bytes that nobody asked for.
  [[nodiscard]] bool is_quiet() noexcept;

  /// Sends and reads. Afterwards reusable() tells whether another exchange may follow. Throws http.closed, truncated,
  /// protocol, too_large, timeout.
  void exchange(const wire_request& what, response_parser& into, budget& within);

  [[nodiscard]] bool reusable() const noexcept { return reusable_; }
  /// No byte of the current request has left: whatever it was, it may be sent again.
  [[nodiscard]] bool nothing_sent() const noexcept { return sent_ == 0; }
  [[nodiscard]] bool used_before() const noexcept { return exchanges_ > 1; }

  std::chrono::nanoseconds idle_since{0};  ///< The pool's note.

 private:
  enum class io { done, want_read, want_write };
  struct step {
    io is;
    std::size_t count;  ///< Bytes moved; a receive that is done with 0 bytes met the end.
  };

  void connect_to(const std::string& address, budget& within);
  void shake_hands(budget& within);
  step send_some(std::string_view bytes);
  step receive_some(char* to, std::size_t room);
  void send_all(std::string_view bytes, response_parser& into, budget& within);
  /// One receive into the parser; false if nothing is there yet.
  bool read_more(response_parser& into, budget& within);
  void wait_for(io what, budget& within) const;
  void close() noexcept;
  [[nodiscard]] int fd() const;

  Poco::Net::Context::Ptr tls_;
  std::string host_;
  std::uint16_t port_;
  Poco::Net::StreamSocket socket_;
  std::vector<char> buffer_;
  std::size_t sent_ = 0;
  int exchanges_ = 0;
  bool upload_broken_ = false;
  bool reusable_ = false;
  io last_want_ = io::want_read;
};

}  // namespace element::http

/// \file
/// Sends HTTP/1.1 requests to one origin over kept connections, on Poco's sockets and TLS.
///
///   element::http::session_pool vendor({.base_url = "https://api.acme.example/v1", .user_agent = "acme-element/1.0"});
///   const auto reply = vendor.send(now, {.target = "/people?limit=10", .headers = {{"X-Key", key}}});
///
/// What it promises beyond Poco's own HTTPClientSession: one deadline over everything, cancellation within 100 ms in
/// every phase, no truncated, oversized or forged answer passes as a good one, no process-wide TLS handler is consulted
/// or set.
#pragma once

#include <formulary/poco/control.hpp>
#include <formulary/poco/message.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace element::http {

struct limits {
  std::chrono::milliseconds connect{10'000};  ///< Name look-up, TCP and TLS together.
  std::chrono::milliseconds total{128'000};   ///< All of send(), waiting for a free session and a second try included.
  std::chrono::milliseconds idle{20'000};     ///< A kept connection that was silent for longer is not used again.
  std::size_t head_max = 64U << 10U;          ///< Bytes of one response head.
  std::size_t body_max = 32U << 20U;          ///< Bytes of one response body.
  std::size_t sessions_max = 16;              ///< Connections at the same time; further calls wait for one.
  std::size_t idle_sessions_max = 8;          ///< Connections that are kept for later.
};

struct options {
  /// "https://host[:port][/path]". "http://" is accepted for loopback addresses and localhost, elsewhere only with
  /// `allow_plain`. No user information, query or fragment.
  std::string base_url;
  std::string ca_file;  ///< PEM file or folder of trust anchors besides the system's.
  http::limits limits;
  std::string user_agent = "formulary-element/1.0";
  bool allow_plain = false;
  /// How names become numeric addresses, each tried in order; the system's resolver if empty. Runs on a thread of the
  /// pool; throws std::exception with a reason. A test passes its own.
  std::function<std::vector<std::string>(const std::string& host)> resolve;
};

/// One origin's connections. Any thread may send(). The destructor closes them and must not run during a send(); it
/// waits for a name look-up that a cancelled send() left behind (the resolver ends it, usually within 10 s).
///
/// Every failure is an element::error; the sentence names the origin and the method, never the target, a header or a
/// body, which may hold secrets. `retry` says what may be done with the same request: safe (nothing was sent),
/// if_idempotent (it may have been processed), no (it would fail again).
///
/// | code                 | status             | retry         | when |
/// |----------------------|--------------------|---------------|------|
/// | http.bad_url         | INVALID_ARGUMENT   | no            | the base URL is unusable |
/// | http.bad_ca_file     | INVALID_ARGUMENT   | no            | the trust anchors cannot be read |
/// | http.bad_request     | INVALID_ARGUMENT   | no            | method, target or a header is not legal HTTP |
/// | http.unknown_host    | UNAVAILABLE        | safe          | the name has no address |
/// | http.connect_failed  | UNAVAILABLE        | safe          | no address accepted a connection |
/// | http.tls_failed      | UNAVAILABLE        | safe          | the TLS handshake broke off |
/// | http.tls_untrusted   | FAILED_PRECONDITION| no            | the certificate was refused, with the reason |
/// | http.timeout         | DEADLINE_EXCEEDED  | by phase      | a limit of the pool passed |
/// | http.busy            | DEADLINE_EXCEEDED  | safe          | no session became free in time |
/// | http.closed          | UNAVAILABLE        | if_idempotent | the connection ended before an answer |
/// | http.truncated       | DATA_LOSS          | if_idempotent | the connection ended inside an answer |
/// | http.protocol        | DATA_LOSS          | if_idempotent | the answer is not legal HTTP/1.1 |
/// | http.too_large       | RESOURCE_EXHAUSTED | no            | head or body is over its limit |
/// | call.cancelled, call.deadline_exceeded | as named | - | `element::ended`, from the control |
class session_pool {
 public:
  /// Connects nothing yet. Throws http.bad_url, http.bad_ca_file.
  explicit session_pool(options how);
  session_pool(const session_pool&) = delete;
  session_pool& operator=(const session_pool&) = delete;
  ~session_pool();

  /// Sends once; a second time only if a kept connection proved dead before the first byte of an answer and the request
  /// is idempotent. Returns the answer whatever its status.
  [[nodiscard]] response send(const control& within, const request& what);
  [[nodiscard]] response send(const call& within, const request& what) { return send(call_control(within), what); }

  [[nodiscard]] std::size_t idle_sessions() const;
  /// "https://host:port", for messages.
  [[nodiscard]] const std::string& origin() const noexcept;
  void close_idle();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace element::http

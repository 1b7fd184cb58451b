/// \file
/// TLS settings of one pool, and what Poco 1.11 leaves to its users: SIGPIPE and the reason of a refused certificate.
#pragma once

#include <formulary/poco/url.hpp>

#include <Poco/Net/Context.h>
#include <openssl/types.h>

#include <csignal>
#include <string>

namespace element::http {

/// A context of its own for one host: TLS 1.2 or newer; the certificate must be valid, lead to one of `anchors` and
/// name the host. OpenSSL itself decides: neither a process-wide Poco handler nor Poco's exceptions for local hosts
/// have a say. The context shares the ownership of `anchors`.
[[nodiscard]] Poco::Net::Context::Ptr make_tls_context(const url& to, X509_STORE* anchors);

/// Why the last handshake on this thread refused a certificate; empty if it did not. Forgets it.
[[nodiscard]] std::string take_refusal() noexcept;

/// Keeps a write to a closed TLS connection from ending the process: OpenSSL writes without MSG_NOSIGNAL, and a plugin
/// may not change how the process handles signals.
class sigpipe_guard {
 public:
  sigpipe_guard() noexcept;
  sigpipe_guard(const sigpipe_guard&) = delete;
  sigpipe_guard& operator=(const sigpipe_guard&) = delete;
  ~sigpipe_guard();

 private:
  bool blocked_here_ = false;
};

}  // namespace element::http

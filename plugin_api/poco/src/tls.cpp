#include "tls.hpp"

#include <Poco/Crypto/OpenSSLInitializer.h>
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>

#include <csignal>
#include <ctime>
#include <utility>

#include "failure.hpp"

namespace element::http {
namespace {

constexpr int chain_max = 9;
constexpr const char* ciphers = "HIGH:!aNULL:!eNULL:!MD5:!RC4:!3DES:!PSK:!SRP";

// Written by the callback below, read after the same thread's handshake failed. A plain number: nothing to destroy at
// the end of a thread, which would keep the plugin loaded.
thread_local int last_refusal = X509_V_OK;

/// Lets OpenSSL's own verdict stand and remembers the reason.
int remember_verdict(int verdict, X509_STORE_CTX* store) {
  if (verdict != 1) last_refusal = X509_STORE_CTX_get_error(store);
  return verdict;
}

void require_host(SSL_CTX* context, const std::string& host) {
  X509_VERIFY_PARAM* rules = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool set = X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1 ||
                   X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) == 1;
  if (!set) throw failure::bad_url("its host cannot be verified by TLS");
}

}  // namespace

Poco::Net::Context::Ptr make_tls_context(const url& to, X509_STORE* anchors) {
  using Poco::Net::Context;
  // Poco counts its contexts, sets OpenSSL up with the first (while a second thread already goes on) and takes it down
  // with the last, for the whole process. With one that stays neither happens twice.
  static const Poco::Crypto::OpenSSLInitializer stays;
  Context::Ptr context = new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_STRICT, chain_max, false, ciphers);
  SSL_CTX* raw = context->sslContext();
  SSL_CTX_set1_cert_store(raw, anchors);
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Poco has put in a callback that asks the process-wide handler, which may accept anything. This one cannot.
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, &remember_verdict);
  context->enableExtendedCertificateVerification(false);  // its name check makes exceptions for local names
  require_host(raw, to.host);
  return context;
}

std::string take_refusal() noexcept {
  const int why = std::exchange(last_refusal, X509_V_OK);
  return why == X509_V_OK ? std::string() : std::string(X509_verify_cert_error_string(why));
}

sigpipe_guard::sigpipe_guard() noexcept {
  struct sigaction now {};
  if (sigaction(SIGPIPE, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_IGN) return;
  sigset_t pipe;
  sigset_t before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  if (pthread_sigmask(SIG_BLOCK, &pipe, &before) == 0) blocked_here_ = sigismember(&before, SIGPIPE) == 0;
}

sigpipe_guard::~sigpipe_guard() {
  if (!blocked_here_) return;
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  const timespec at_once{};
  while (sigtimedwait(&pipe, nullptr, &at_once) == SIGPIPE) {  // what our own write caused
  }
  pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
}

}  // namespace element::http

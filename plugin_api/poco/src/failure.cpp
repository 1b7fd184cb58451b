#include "failure.hpp"

namespace element::http::failure {
namespace {

error make(element_status status, const char* code, const std::string& sentence, retry may_retry) {
  error out(status, code, sentence);
  return out.with_retry(may_retry);
}

}  // namespace

error bad_url(const std::string& why) {
  return make(ELEMENT_INVALID_ARGUMENT, "http.bad_url", "the base URL is not usable: " + why, retry::no);
}

error bad_ca_file(const std::string& file, const std::string& why) {
  return make(ELEMENT_INVALID_ARGUMENT, "http.bad_ca_file",
              file + ": its trust anchors cannot be read (" + why + "); name a readable PEM file or folder", retry::no);
}

error bad_request(const std::string& where, const std::string& why) {
  return make(ELEMENT_INVALID_ARGUMENT, "http.bad_request", where + ": the request is not legal HTTP: " + why,
              retry::no);
}

error unknown_host(const std::string& where, const std::string& why) {
  return make(ELEMENT_UNAVAILABLE, "http.unknown_host",
              where + ": its name has no address (" + why + "); check the base URL and this machine's name service",
              retry::safe);
}

error connect_failed(const std::string& where, const std::string& why) {
  return make(ELEMENT_UNAVAILABLE, "http.connect_failed",
              where + ": no connection (" + why + "); check that the address can be reached from this machine",
              retry::safe);
}

error tls_failed(const std::string& where, const std::string& why) {
  return make(ELEMENT_UNAVAILABLE, "http.tls_failed",
              where + ": the TLS handshake failed (" + why + "); TLS 1.2 or newer is needed", retry::safe);
}

error tls_untrusted(const std::string& where, const std::string& why) {
  return make(ELEMENT_FAILED_PRECONDITION, "http.tls_untrusted",
              where + ": its certificate is not trusted (" + why +
                  "); check the host name, this machine's clock and, for a private authority, the trust anchors given",
              retry::no);
}

error timeout(const std::string& where, const std::string& phase, retry may_retry) {
  return make(ELEMENT_DEADLINE_EXCEEDED, "http.timeout",
              where + ": the time limit passed while " + phase + "; try again later", may_retry);
}

error busy(const std::string& where) {
  return make(
      ELEMENT_DEADLINE_EXCEEDED, "http.busy",
      where + ": no session became free within the time limit; send fewer requests at once or allow more sessions",
      retry::safe);
}

error closed(const std::string& where, const std::string& why) {
  return make(ELEMENT_UNAVAILABLE, "http.closed",
              where + ": the connection ended before an answer (" + why + "); try again", retry::if_idempotent);
}

error of(const std::string& where, const bad_answer& what) {
  switch (what.is) {
    case bad_answer::kind::truncated:
      return make(ELEMENT_DATA_LOSS, "http.truncated",
                  where + ": the connection ended before the answer did, " + what.why + "; try again",
                  retry::if_idempotent);
    case bad_answer::kind::too_large:
      return make(ELEMENT_RESOURCE_EXHAUSTED, "http.too_large",
                  where + ": the answer is too large: " + what.why + "; ask for less", retry::no);
    case bad_answer::kind::protocol:
      break;
  }
  return make(ELEMENT_DATA_LOSS, "http.protocol", where + ": the answer is not legal HTTP: " + what.why,
              retry::if_idempotent);
}

}  // namespace element::http::failure

#include "tests/poco/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace element::http {
namespace {

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("cannot make a certificate: ") + what);
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "key");
  return key;
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX about;
  X509V3_set_ctx_nodb(&about);
  X509V3_set_ctx(&about, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &about, what, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

Certificate make(const char* name, EVP_PKEY* key, const Subject& subject) {
  static std::atomic<long> serial{1};
  Certificate made(X509_new());
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), subject.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), subject.valid_until_s);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return made;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  require(X509_sign(certificate, key, EVP_sha256()) > 0, "signature");
}

ServerContext context_of(X509* certificate, EVP_PKEY* key) {
  ServerContext context(SSL_CTX_new(TLS_server_method()));
  require(SSL_CTX_use_certificate(context.get(), certificate) == 1, "certificate");
  require(SSL_CTX_use_PrivateKey(context.get(), key) == 1, "private key");
  return context;
}

}  // namespace

void Free::operator()(evp_pkey_st* key) const noexcept {
  EVP_PKEY_free(key);
}
void Free::operator()(x509_st* certificate) const noexcept {
  X509_free(certificate);
}
void Free::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

Authority::Authority(const char* name) : key_(make_key()), certificate_(make(name, key_.get(), {})) {
  extend(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate_.get(), certificate_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  sign(certificate_.get(), certificate_.get(), key_.get());
  file_ = (std::filesystem::temp_directory_path() / "formulary-ca-XXXXXX").string();
  const int fd = ::mkstemp(file_.data());
  require(fd >= 0, "temporary file");
  std::FILE* out = ::fdopen(fd, "w");
  require(PEM_write_X509(out, certificate_.get()) == 1, "anchor file");
  std::fclose(out);
}

Authority::~Authority() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

ServerContext Authority::serve(const Subject& subject) const {
  const Key key = make_key();
  const Certificate leaf = make("a test server", key.get(), subject);
  extend(leaf.get(), certificate_.get(), NID_subject_alt_name, subject.names);
  sign(leaf.get(), certificate_.get(), key_.get());
  return context_of(leaf.get(), key.get());
}

ServerContext serve_self_signed(const Subject& subject) {
  const Key key = make_key();
  const Certificate leaf = make("a test server", key.get(), subject);
  extend(leaf.get(), leaf.get(), NID_subject_alt_name, subject.names);
  sign(leaf.get(), leaf.get(), key.get());
  return context_of(leaf.get(), key.get());
}

void allow_only_tls_1_1(ssl_ctx_st* context) {
  SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context, TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
}

}  // namespace element::http

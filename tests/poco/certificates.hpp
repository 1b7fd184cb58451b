/// \file
/// Certificates made on the spot, good ones and bad ones, and server contexts that show them.
#pragma once

#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;
struct ssl_ctx_st;

namespace element::http {

struct Free {
  void operator()(evp_pkey_st* key) const noexcept;
  void operator()(x509_st* certificate) const noexcept;
  void operator()(ssl_ctx_st* context) const noexcept;
};
using Key = std::unique_ptr<evp_pkey_st, Free>;
using Certificate = std::unique_ptr<x509_st, Free>;
using ServerContext = std::unique_ptr<ssl_ctx_st, Free>;

/// Who a certificate is for and when it holds.
struct Subject {
  std::string names;           ///< As OpenSSL writes alternative names: "DNS:localhost,IP:127.0.0.1".
  long valid_from_s = -3'600;  ///< From now.
  long valid_until_s = 86'400;
};

/// A certificate authority with its anchor in a file of the test's temporary folder.
class Authority {
 public:
  explicit Authority(const char* name = "Formulary test authority");
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;
  ~Authority();

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  /// A context that shows a certificate of this authority.
  [[nodiscard]] ServerContext serve(const Subject& subject) const;

 private:
  Key key_;
  Certificate certificate_;
  std::string file_;
};

/// A context whose certificate vouches for itself.
[[nodiscard]] ServerContext serve_self_signed(const Subject& subject);
/// Speaks TLS 1.1 and nothing newer.
void allow_only_tls_1_1(ssl_ctx_st* context);

}  // namespace element::http

#include "host/http/tls_identity.hpp"

#include "host/base/error.hpp"

namespace formulary {

std::shared_ptr<TlsIdentity> load_tls_identity(const ServerTls& files) {
  auto identity = std::make_shared<TlsIdentity>();
  namespace asio = boost::asio;
  boost::asio::ssl::context& context = identity->context;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  boost::system::error_code fault;
  context.use_certificate_chain_file(files.certificate_file, fault);
  if (fault) {
    throw Error(ErrorCode::bad_input, "TLS: the certificate file '" + files.certificate_file +
                                          "' cannot be used: " + fault.message() + "; give a PEM file with its chain");
  }
  context.use_private_key_file(files.key_file, asio::ssl::context::pem, fault);
  if (fault || SSL_CTX_check_private_key(native) != 1) {
    throw Error(ErrorCode::bad_input, "TLS: the key file '" + files.key_file + "' cannot be used: " +
                                          (fault ? fault.message() : "it is another certificate's key") +
                                          "; give the certificate's key as PEM without a passphrase");
  }
  return identity;
}

}  // namespace formulary

/// \file
/// The certificate that a server shows.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <memory>

#include "host/http/server.hpp"

namespace formulary {

/// A server's TLS context.
struct TlsIdentity {
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
};

/// Throws Error(bad_input) that names the file that cannot be used.
[[nodiscard]] std::shared_ptr<TlsIdentity> load_tls_identity(const ServerTls& files);

}  // namespace formulary

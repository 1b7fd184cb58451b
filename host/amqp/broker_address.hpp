/// \file
/// Where a broker is and as whom it is spoken to.
#pragma once

#include <string>

namespace formulary {

struct BrokerAddress {
  std::string host;
  int port = 0;
  bool tls = false;
  std::string user;
  std::string password;
  std::string vhost;

  /// "amqp broker queue.example.com:5671": for sentences.
  [[nodiscard]] std::string title() const;
};

/// Throws Error(bad_input), without showing what it was given.
[[nodiscard]] BrokerAddress parse_broker_url(const std::string& url);

}  // namespace formulary

/// \file
/// One message handed to a broker: what amqpRequest steps use. Tests pass a scripted one.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

namespace formulary {

struct AmqpMessage {
  std::string url;       ///< amqp[s]://[USER[:PASSWORD]@]HOST[:PORT][/VHOST]; as guest and at "/" if it does not say.
  std::string exchange;  ///< Empty: the one that every broker has, which leads to the queue named by the routing key.
  std::string routing_key;  ///< At most 255 bytes, as the exchange.
  std::string body;
  std::string content_type;  ///< Empty: not said.
  std::string message_id;    ///< By which who receives it knows a second one of it; empty: not said.
  std::chrono::milliseconds time_limit{60'000};  ///< For all of it: names, connection, login, message, confirmation.
  std::stop_token stop;
};

/// Any thread may use it.
class Publisher {
 public:
  Publisher() = default;
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  virtual ~Publisher() = default;

  /// Sends it once and returns when the broker has confirmed that it took it and led it to a queue. Throws
  /// Error(bad_input) for an unusable address or name, unauthenticated, permission_denied, not_found (exchange, or no
  /// queue takes it), unavailable, timed_out, cancelled, vendor_failed (any other refusal). Where the broker may have
  /// taken it all the same the sentence says so. No sentence shows the URL's credentials.
  virtual void publish(const AmqpMessage& message) = 0;
};

}  // namespace formulary

/// \file
/// One message on its way: a thread that talks with the broker, and another one that waits for what comes of it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "host/amqp/broker_address.hpp"
#include "host/amqp/publisher.hpp"
#include "host/base/error.hpp"

namespace formulary {

/// Shared by both threads.
class Publication {
 public:
  /// `ca_file`: trust anchors besides the system's; may be empty.
  Publication(AmqpMessage message, BrokerAddress address, std::string ca_file);

  /// Talks to the broker until it is known what became of the message, or wait() has given up; then says goodbye.
  /// Looking up a name is the only thing in it that may outlast the time limit.
  void run() noexcept;
  /// Returns once the broker has confirmed; throws as Publisher::publish does.
  void wait();
  /// run() will soon return, or has.
  [[nodiscard]] bool over() const;

 private:
  class Conversation;
  enum class Stage { connecting, logging_in, sent };

  void settle(std::optional<Error> failure);
  void enter(Stage stage, int socket);
  void forget_socket();
  void mark_over();
  [[nodiscard]] Error gave_up_at(Stage stage) const;

  const AmqpMessage message_;
  const BrokerAddress address_;
  const std::string ca_file_;
  const std::chrono::steady_clock::time_point ends_at_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Stage stage_ = Stage::connecting;
  int socket_ = -1;         ///< While it is open and known.
  bool abandoned_ = false;  ///< Nothing may be sent any more.
  bool settled_ = false;
  bool over_ = false;
  std::optional<Error> failure_;
};

}  // namespace formulary

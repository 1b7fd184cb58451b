/// \file
/// The broker's side of AMQP 0-9-1, frame by frame, over a connection that does what a test says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/poco/hostile_server.hpp"

namespace formulary::testing {

struct Published {
  std::string exchange;
  std::string routing_key;
  bool mandatory = false;
  std::string properties;  ///< The content header's flags and values, as they are sent.
  std::string body;
};

/// Used by its connection's thread alone.
class BrokerSide {
 public:
  explicit BrokerSide(element::http::Peer& peer) : peer_(peer) {}

  /// The login, to the point where a connection is open; the client's answer to the challenge is returned.
  std::string let_in();
  void greet();          ///< connection.start.
  std::string listen();  ///< The next frame's payload; empty once the client has gone.
  void open_channel();   ///< And confirms.
  Published receive();   ///< The next message.
  void say(std::uint16_t channel, std::uint16_t of_class, std::uint16_t method, std::string_view arguments);
  void acknowledge();
  void refuse();
  /// basic.return with the message.
  void give_back(const Published& message, std::string_view why);
  void close_channel(std::uint16_t code, std::string_view why);
  void close_connection(std::uint16_t code, std::string_view why);
  void wait_until_gone() { peer_.wait_until_gone(); }

 private:
  element::http::Peer& peer_;
};

[[nodiscard]] std::string number16(std::uint16_t value);
[[nodiscard]] std::string number32(std::uint32_t value);
[[nodiscard]] std::string short_text(std::string_view text);
[[nodiscard]] std::string long_text(std::string_view text);

}  // namespace formulary::testing

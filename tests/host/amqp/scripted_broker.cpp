#include "tests/host/amqp/scripted_broker.hpp"

#include <algorithm>

namespace formulary::testing {
namespace {

constexpr std::size_t protocol_header_bytes = 8;
constexpr char frame_end = '\xCE';

std::uint64_t number_at(std::string_view bytes, std::size_t offset, std::size_t count) {
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(std::min(offset, bytes.size()), count)) {
    value = (value << 8U) | static_cast<unsigned char>(byte);
  }
  return value;
}

std::string bytes_of(std::uint64_t value, std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    bytes[count - 1 - i] = static_cast<char>((value >> (8 * i)) & 0xFFU);
  }
  return bytes;
}

std::string frame(char type, std::uint16_t channel, std::string_view payload) {
  return std::string(1, type) + number16(channel) + number32(static_cast<std::uint32_t>(payload.size())) +
         std::string(payload) + frame_end;
}

/// Takes a short text off the front.
std::string take_short(std::string_view& from) {
  const std::size_t size = std::min(static_cast<std::size_t>(number_at(from, 0, 1)), from.size() - 1);
  std::string text(from.substr(1, size));
  from.remove_prefix(1 + size);
  return text;
}

}  // namespace

std::string number16(std::uint16_t value) {
  return bytes_of(value, 2);
}
std::string number32(std::uint32_t value) {
  return bytes_of(value, 4);
}
std::string short_text(std::string_view text) {
  return bytes_of(text.size(), 1) + std::string(text);
}
std::string long_text(std::string_view text) {
  return bytes_of(text.size(), 4) + std::string(text);
}

void BrokerSide::say(std::uint16_t channel, std::uint16_t of_class, std::uint16_t method, std::string_view arguments) {
  peer_.send(frame(1, channel, number16(of_class) + number16(method) + std::string(arguments)));
}

std::string BrokerSide::listen() {
  constexpr std::size_t head_bytes = 7;
  const std::string head = peer_.read_bytes(head_bytes);
  if (head.size() < head_bytes) return {};
  std::string payload = peer_.read_bytes(static_cast<std::size_t>(number_at(head, 3, 4)) + 1);
  if (!payload.empty()) payload.pop_back();
  return payload;
}

void BrokerSide::greet() {
  peer_.read_bytes(protocol_header_bytes);
  say(0, 10, 10, std::string("\0\x09", 2) + number32(0) + long_text("PLAIN") + long_text("en_US"));
}

std::string BrokerSide::let_in() {
  greet();
  std::string answer = listen();
  say(0, 10, 30, number16(8) + number32(131'072) + number16(0));
  listen();  // tune-ok
  listen();  // open
  say(0, 10, 41, short_text(""));
  return answer;
}

void BrokerSide::open_channel() {
  listen();
  say(1, 20, 11, long_text(""));
  listen();
  say(1, 85, 11, "");
}

Published BrokerSide::receive() {
  const std::string publish = listen();
  std::string_view rest(publish);
  rest.remove_prefix(std::min<std::size_t>(rest.size(), 6));
  if (rest.empty()) return {};
  Published message;
  message.exchange = take_short(rest);
  message.routing_key = take_short(rest);
  message.mandatory = (number_at(rest, 0, 1) & 1U) != 0;
  const std::string header = listen();
  const std::uint64_t size = number_at(header, 4, 8);
  message.properties = header.substr(std::min<std::size_t>(header.size(), 12));
  while (message.body.size() < size) {
    const std::string part = listen();
    if (part.empty()) break;
    message.body += part;
  }
  return message;
}

void BrokerSide::acknowledge() {
  say(1, 60, 80, bytes_of(1, 8) + bytes_of(0, 1));
}

void BrokerSide::refuse() {
  say(1, 60, 120, bytes_of(1, 8) + bytes_of(0, 1));
}

void BrokerSide::give_back(const Published& message, std::string_view why) {
  say(1, 60, 50, number16(312) + short_text(why) + short_text(message.exchange) + short_text(message.routing_key));
  peer_.send(frame(2, 1, number16(60) + number16(0) + bytes_of(message.body.size(), 8) + number16(0)));
  if (!message.body.empty()) peer_.send(frame(3, 1, message.body));
}

void BrokerSide::close_channel(std::uint16_t code, std::string_view why) {
  say(1, 20, 40, number16(code) + short_text(why) + number16(60) + number16(40));
}

void BrokerSide::close_connection(std::uint16_t code, std::string_view why) {
  say(0, 10, 50, number16(code) + short_text(why) + number16(0) + number16(0));
}

}  // namespace formulary::testing

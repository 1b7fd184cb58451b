#include "host/amqp/broker_address.hpp"

#include <amqp.h>

#include <algorithm>
#include <string_view>

#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary {
namespace {

constexpr std::size_t url_bytes_max = 2048;
constexpr int port_max = 65'535;

[[noreturn]] void refuse(std::string_view why) {
  throw Error(ErrorCode::bad_input, "amqpRequest: its url " + std::string(why) +
                                        "; write amqp[s]://USER:PASSWORD@HOST:PORT/VHOST, with %XX for special "
                                        "characters in them");
}

bool is_visible(char byte) {
  return byte > ' ' && byte < '\x7f';
}

/// The library would take this machine for it.
bool has_host(std::string_view url) {
  const std::size_t begin = url.find("://");
  if (begin == std::string_view::npos) return false;
  std::string_view authority = url.substr(begin + 3);
  authority = authority.substr(0, authority.find('/'));
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  return !authority.empty() && authority.front() != ':';
}

}  // namespace

std::string BrokerAddress::title() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return "amqp broker " + (is_v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

BrokerAddress parse_broker_url(const std::string& url) {
  if (url.size() > url_bytes_max) refuse("is longer than 2048 bytes");
  if (!std::all_of(url.begin(), url.end(), is_visible)) refuse("has spaces, control characters or non-ASCII letters");
  if (url.find_first_of("?#") != std::string::npos) refuse("has parameters, which are not known here");
  if (!has_host(url)) refuse("names no host");
  std::string parts = url;  // is cut into pieces in place
  const WipeAtExit wiped(parts);
  amqp_connection_info info{};
  amqp_default_connection_info(&info);
  if (amqp_parse_url(parts.data(), &info) != AMQP_STATUS_OK) refuse("is none of a broker");
  if (info.port <= 0 || info.port > port_max) refuse("has no port between 1 and 65535");
  BrokerAddress address{.host = info.host,
                        .port = info.port,
                        .tls = info.ssl != 0,
                        .user = info.user,
                        .password = info.password,
                        .vhost = info.vhost};
  if (address.vhost.empty()) address.vhost = "/";
  return address;
}

}  // namespace formulary

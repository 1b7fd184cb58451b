#include "host/http/outbound_url.hpp"

#include <formulary/poco/session_pool.hpp>
#include <formulary/poco/url.hpp>

#include <Poco/Net/IPAddress.h>
#include <arpa/inet.h>

#include "host/base/error.hpp"

namespace formulary {

OutboundUrl parse_outbound_url(std::string_view text) {
  try {
    const element::http::url parsed = element::http::parse_url(text);
    return {.secure = parsed.secure(), .host = parsed.host, .port = parsed.port};
  } catch (const element::error& why) {
    throw Error(ErrorCode::bad_input, why.what());
  }
}

std::optional<std::string> numeric_host(const std::string& host) {
  // Poco takes the unspecified address, in every spelling, for a name; the name service then knows it as an address.
  in_addr ipv4{};
  if (inet_aton(host.c_str(), &ipv4) != 0 && ipv4.s_addr == 0) return "0.0.0.0";
  in6_addr ipv6{};
  if (inet_pton(AF_INET6, host.c_str(), &ipv6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&ipv6)) return "::";
  Poco::Net::IPAddress address;
  if (!Poco::Net::IPAddress::tryParse(host, address)) return std::nullopt;
  return address.toString();
}

}  // namespace formulary

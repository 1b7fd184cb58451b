#include "host/http/outbound_url.hpp"

#include <formulary/poco/session_pool.hpp>
#include <formulary/poco/url.hpp>

#include <Poco/Net/IPAddress.h>

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
  Poco::Net::IPAddress address;
  if (!Poco::Net::IPAddress::tryParse(host, address)) return std::nullopt;
  return address.toString();
}

}  // namespace formulary

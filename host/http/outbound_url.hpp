/// \file
/// Whom a URL names, read exactly as the transport reads it, so that what is checked is what is called.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace formulary {

struct OutboundUrl {
  bool secure = false;  ///< https
  std::string host;     ///< Lower case, without a dot at its end; an IPv6 address without its brackets.
  std::uint16_t port = 0;
};

/// Error(bad_input) for other schemes, a user name, a fragment, a bad host or port; it repeats nothing of the text,
/// which may hold a secret.
[[nodiscard]] OutboundUrl parse_outbound_url(std::string_view text);

/// The address that the transport takes the host for without asking a name service, in its usual form: "127.0.0.1" for
/// "2130706433", "0x7f.1" and "0177.0.0.1", too. Nothing if it is a name.
[[nodiscard]] std::optional<std::string> numeric_host(const std::string& host);

}  // namespace formulary

#include "host/delivery/network_policy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "host/base/error.hpp"
#include "host/delivery/notifier.hpp"
#include "host/http/outbound_url.hpp"

namespace formulary::delivery {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr unsigned ipv4_offset_bits = 96;
constexpr unsigned address_bits = 128;
constexpr const char* mapped_prefix = "::ffff:0:0";

/// An IPv4 address is kept as IPv6 maps it, so that one comparison serves both.
std::optional<Bytes> bytes_of(std::string_view text) {
  const std::string terminated(text);
  Bytes bytes{};
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return bytes;
  bytes[10] = bytes[11] = 0xff;
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

bool begins_with(const Bytes& address, const Bytes& prefix, unsigned bits) noexcept {
  const unsigned whole = bits / 8;
  if (!std::equal(prefix.begin(), prefix.begin() + whole, address.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> (bits % 8));
  return ((address[whole] ^ prefix[whole]) & mask) == 0;
}

struct Range {
  const char* prefix;
  unsigned bits;
  const char* kind;  ///< Null: public.
};

/// The first that fits counts. Of IPv4 what IANA's registry of special addresses calls not globally reachable, and
/// multicast; of IPv6 only what is given out as global unicast is public.
constexpr std::array<Range, 25> ranges = {{
    {"0.0.0.0", 8, "an unspecified address"},
    {"10.0.0.0", 8, "a private address"},
    {"100.64.0.0", 10, "an address behind a carrier's NAT"},
    {"127.0.0.0", 8, "a loopback address"},
    {"169.254.0.0", 16, "a link-local address"},
    {"172.16.0.0", 12, "a private address"},
    {"192.0.0.0", 24, "a reserved address"},
    {"192.0.2.0", 24, "an address for documentation"},
    {"192.88.99.0", 24, "an address of a relay"},
    {"192.168.0.0", 16, "a private address"},
    {"198.18.0.0", 15, "an address for benchmarks"},
    {"198.51.100.0", 24, "an address for documentation"},
    {"203.0.113.0", 24, "an address for documentation"},
    {"224.0.0.0", 4, "a multicast address"},
    {"240.0.0.0", 4, "a reserved address"},
    {mapped_prefix, ipv4_offset_bits, nullptr},
    {"::", 127, "a loopback or unspecified address"},
    {"fc00::", 7, "a unique local address"},
    {"fe80::", 9, "a link-local address"},
    {"ff00::", 8, "a multicast address"},
    {"2001::", 23, "a reserved or tunnelled address"},
    {"2001:db8::", 32, "an address for documentation"},
    {"2002::", 16, "a 6to4 address"},
    {"3fff::", 20, "an address for documentation"},
    {"2000::", 3, nullptr},
}};

bool is_mapped_ipv4(std::string_view prefix) {
  return prefix.find(':') == std::string_view::npos;
}

/// 64:ff9b::/96 leads to the IPv4 address at its end.
Bytes without_nat64(const Bytes& address) {
  static const Bytes nat64 = *bytes_of("64:ff9b::");
  if (!begins_with(address, nat64, ipv4_offset_bits)) return address;
  Bytes inner = *bytes_of(mapped_prefix);
  std::copy(address.begin() + 12, address.end(), inner.begin() + 12);
  return inner;
}

/// Null: public.
const char* kind_of(const Bytes& address) {
  for (const Range& range : ranges) {
    const unsigned bits = range.bits + (is_mapped_ipv4(range.prefix) ? ipv4_offset_bits : 0);
    if (begins_with(address, *bytes_of(range.prefix), bits)) return range.kind;
  }
  return "not a public address";
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace

bool NetworkPolicy::Network::has(const Bytes& address) const noexcept {
  return begins_with(address, prefix, bits);
}

NetworkPolicy::NetworkPolicy(std::string_view allowed) {
  for (const std::string& text : url_list(allowed)) {
    const std::size_t slash = text.find('/');
    const std::optional<Bytes> prefix = bytes_of(std::string_view(text).substr(0, slash));
    const bool is_ipv4 = text.find(':') == std::string::npos;
    const unsigned most = is_ipv4 ? address_bits - ipv4_offset_bits : address_bits;
    unsigned bits = most;
    bool good = prefix.has_value();
    if (good && slash != std::string::npos) {
      const char* end = text.data() + text.size();
      const auto [stop, fault] = std::from_chars(text.data() + slash + 1, end, bits);
      good = fault == std::errc{} && stop == end && bits <= most;
    }
    if (!good) {
      throw Error(ErrorCode::bad_input,
                  "delivery.allowed_networks: '" + text + "' is no network; give them as 10.1.0.0/16 or fd00::/8");
    }
    allowed_.push_back({.prefix = *prefix, .bits = bits + (is_ipv4 ? ipv4_offset_bits : 0)});
  }
}

void NetworkPolicy::check_url(std::string_view url) const {
  const OutboundUrl parsed = parse_outbound_url(url);
  if (const std::optional<std::string> address = numeric_host(parsed.host)) return check_address(*address);
  if (is_this_machine(parsed.host)) check_address("127.0.0.1");
}

void NetworkPolicy::check_address(std::string_view numeric) const {
  const std::optional<Bytes> given = bytes_of(numeric);
  const char* kind = "not an address that can be checked";
  if (given) {
    const Bytes address = without_nat64(*given);
    kind = kind_of(address);
    const auto has = [&address](const Network& network) { return network.has(address); };
    if (kind == nullptr || std::any_of(allowed_.begin(), allowed_.end(), has)) return;
  }
  throw Error(ErrorCode::permission_denied, std::string("delivery: the URL leads to ") + kind +
                                                "; give one that is public, or have the host's setting "
                                                "delivery.allowed_networks name that network");
}

}  // namespace formulary::delivery

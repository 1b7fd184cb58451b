/// \file
/// Which addresses may be called on behalf of somebody else. What others say in a URL must not reach what only this
/// machine or its network can reach.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace formulary::delivery {

/// Immutable; any thread may use it.
class NetworkPolicy {
 public:
  /// \param allowed networks that may be called although they are not public: "10.1.0.0/16, fd00::/8"; empty: none.
  /// \throws Error(bad_input) that names the one that is none.
  explicit NetworkPolicy(std::string_view allowed = {});

  /// Of a URL as far as it tells by itself; a name tells nothing before it is resolved.
  /// \throws Error(bad_input) unless it is http or https, without user name and fragment; Error(permission_denied) as
  /// check_address(), and for the names of this machine.
  void check_url(std::string_view url) const;

  /// Of the very address that is about to be connected to.
  /// \throws Error(permission_denied) unless it is public or of an allowed network, with the kind of address that it
  /// is. IPv4 within IPv6 (mapped, NAT64) counts as what it leads to.
  void check_address(std::string_view numeric) const;

 private:
  using Bytes = std::array<std::uint8_t, 16>;
  struct Network {
    Bytes prefix{};
    unsigned bits = 0;
    [[nodiscard]] bool has(const Bytes& address) const noexcept;
  };

  std::vector<Network> allowed_;
};

}  // namespace formulary::delivery

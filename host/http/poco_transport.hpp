/// \file
/// The transport that the host uses: session pools of plugin_api/poco, one for each origin.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/base/clock.hpp"
#include "host/http/transport.hpp"

namespace formulary {

struct PocoTransportSettings {
  std::string ca_file;           ///< Trust anchors besides the system's; may be empty.
  std::size_t origins_max = 64;  ///< Beyond them the origin that was used longest ago loses its connections.
  /// Requests to one origin at the same time; more wait for their turn. What a slow vendor holds is memory, not CPU, so
  /// this is a bound on descriptors; how many a vendor wants is the formula's to say (`singleThreaded`, delays).
  std::size_t origin_requests_max = 1'024;
  std::string user_agent = "formulary";
  /// How names become numeric addresses; the system's resolver if empty.
  std::function<std::vector<std::string>(const std::string& host)> resolve;
  /// Asked about each numeric address after its name was resolved, on any thread; only those for which it does not
  /// throw are connected to, with no further look-up. If none is left, what it threw last is what send() throws, as
  /// Error(permission_denied). Empty: all are.
  std::function<void(const std::string& address)> vet;
};

/// `clock` outlives the transport. Requests keep connections for 20 s. A header Content-Type may be given once; Host,
/// Content-Length, Connection, Transfer-Encoding and their like are the transport's and are refused as bad_input.
/// Throws Error(bad_input) at the first https request if the trust anchors cannot be read.
[[nodiscard]] std::unique_ptr<Transport> make_poco_transport(const Clock& clock, PocoTransportSettings settings = {});

}  // namespace formulary

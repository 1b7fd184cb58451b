/// \file
/// What the parts of a server share.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "host/base/clock.hpp"
#include "host/http/connection_census.hpp"
#include "host/http/handler_pool.hpp"
#include "host/http/server.hpp"

namespace formulary {

struct TlsIdentity;

/// What all connections of a server share.
struct ServerCore {
  ServerCore(const Clock& the_clock, ServerOptions the_options, RequestHandler the_handler, AccessLog the_log)
      : clock(the_clock),
        options(std::move(the_options)),
        handler(std::move(the_handler)),
        log(std::move(the_log)),
        census(options.connections_max, options.connections_per_address_max),
        pool(options.workers, options.queued_max) {}

  const Clock& clock;
  const ServerOptions options;
  const RequestHandler handler;
  const AccessLog log;
  std::shared_ptr<TlsIdentity> tls;  ///< None: plain.
  ConnectionCensus census;

  std::atomic<std::uint64_t> connections_total{0};
  std::atomic<std::uint64_t> connections_refused{0};
  std::array<std::atomic<std::uint64_t>, 6> answers{};
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> held{0};  ///< Bytes of bodies.

  HandlerPool pool;
};

}  // namespace formulary

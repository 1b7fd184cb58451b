/// \file
/// The host's front door: the API, and what operators ask of a server, behind one HTTP server.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/api/api.hpp"
#include "host/base/clock.hpp"
#include "host/http/server.hpp"

namespace formulary::api {

/// Whether the host takes work, and why not.
struct Readiness {
  bool ready = false;
  std::string reason;  ///< One sentence if it is not.
};

/// One series of /metrics.
struct MetricSample {
  std::string name;      ///< "formulary_executions_open"
  std::string help;      ///< One line.
  bool counter = false;  ///< Otherwise a gauge.
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

struct PlatformServerParts {
  ServerOptions http;
  ApiParts api;
  const Clock* clock = nullptr;  ///< Borrowed.
  /// Asked for each GET /readyz, by any thread.
  std::function<Readiness()> readiness;
  /// What /metrics shows beside the server's own counts; samples of one name stand together. May be empty.
  std::function<std::vector<MetricSample>()> metrics;
  AccessLog access_log;  ///< May be empty.
};

/// Serves:
///   /elements/api-v2/...   the API
///   /healthz               200 while the process answers
///   /readyz                200 while it takes work, 503 with a reason otherwise
///   /metrics               Prometheus text
///   /elements/api-docs     where the API's own OpenAPI document is
///
/// Start and stop from one thread.
class PlatformServer {
 public:
  explicit PlatformServer(PlatformServerParts parts);
  PlatformServer(const PlatformServer&) = delete;
  PlatformServer& operator=(const PlatformServer&) = delete;
  ~PlatformServer();

  /// As HttpServer::start().
  void start();
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// For requests that come from inside the host.
  [[nodiscard]] Api& api() noexcept;
  /// From now on /readyz says no, so that balancers look elsewhere; then as HttpServer::stop().
  void stop(std::chrono::milliseconds grace);

 private:
  struct Front;
  std::unique_ptr<Front> front_;
};

/// Prometheus text exposition format 0.0.4.
[[nodiscard]] std::string prometheus_text(const std::vector<MetricSample>& samples);

/// One line of JSON, without its line's end: what the access log has of a request.
[[nodiscard]] std::string access_line(const AccessRecord& record);

}  // namespace formulary::api

/// \file
/// One outbound HTTP request: what httpRequest steps use. Tests pass a scripted one.
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace formulary {

struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< Absolute, http or https.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds time_limit{60'000};
  std::size_t body_max = 32U << 20U;
  std::stop_token stop;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// Any thread may use it.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// Sends it once and returns the answer, whatever its status. Redirects are not followed. Throws Error(bad_input) for
  /// an unusable URL or header, timed_out, cancelled, unavailable (connection, TLS, truncated body), limit_reached.
  [[nodiscard]] virtual HttpResponse send(const HttpRequest& request) = 0;
};

}  // namespace formulary

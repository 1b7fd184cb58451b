/// \file
/// Answers as bytes. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/clock.hpp"
#include "host/http/server.hpp"

namespace formulary {

/// How the end of an answer's body is seen.
struct ResponseFraming {
  bool chunked = false;
  std::optional<std::uint64_t> length;
  bool close = false;  ///< The connection ends behind it.
};

/// The name of the first thing in it that must not be sent: a header or the status. Empty: it is good.
[[nodiscard]] std::string find_response_fault(const OutgoingResponse& response);
/// The status line and all headers with the empty line. `date` is that of http_date().
[[nodiscard]] std::string response_head(const OutgoingResponse& response, const ResponseFraming& framing,
                                        std::string_view date, std::string_view request_id);
/// {"requestId":"…","message":"…"}
[[nodiscard]] OutgoingResponse edge_answer(int status, std::string_view message, std::string_view request_id);
/// "Sun, 06 Nov 1994 08:49:37 GMT"
[[nodiscard]] std::string http_date(Clock::WallTime time);

}  // namespace formulary

/// \file
/// What host and script worker say to each other: frames of a 4-byte little-endian length and that many bytes. Inside,
/// numbers are little-endian and a text is its 4-byte length and its bytes. Both sides distrust the other: a frame that
/// is too long, too short or has bytes left over is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/script/script_runner.hpp"

namespace formulary::script_frame {

inline constexpr std::size_t prefix_size = 4;
inline constexpr std::size_t request_max = 64U << 20U;       ///< Bytes of a request's payload.
inline constexpr std::size_t inputs_max = request_max - 64;  ///< Of its name, body and context together.
inline constexpr std::size_t output_max = 64U << 20U;        ///< The most that ScriptRequest::output_max may ask for.
inline constexpr std::size_t console_lines_max = 1'000;
inline constexpr std::size_t console_bytes_max = 256U << 10U;
inline constexpr std::size_t notify_max = 100;
inline constexpr std::size_t notify_bytes_max = 1U << 20U;
inline constexpr std::size_t error_bytes_max = 16U << 10U;
/// What a reply holds besides its value; so the host accepts value and this, never more.
inline constexpr std::size_t reply_extra_max = 2U << 20U;

/// The first frame of a worker, which says that it is confined and which form of frames it speaks.
inline constexpr std::string_view hello = "formulary script worker 1";

struct Reply {
  ScriptResult result;
  bool last = false;  ///< The worker ends itself after this reply, since the run left it in a state not to be reused.
};

/// How a worker ends when it cannot reply. The host turns the number back into a sentence.
enum class WorkerExit : std::uint8_t {
  ok = 0,
  usage = 64,
  not_confined = 70,
  out_of_memory = 71,
  engine_failed = 72,
  host_gone = 73,
};

/// The payload's length, from `prefix_size` bytes. Throws Error(limit_reached) beyond `max`.
[[nodiscard]] std::size_t payload_size(std::string_view prefix, std::size_t max);

/// A whole frame, its prefix included.
[[nodiscard]] std::string encode(std::string_view payload);
[[nodiscard]] std::string encode_request(const ScriptRequest& request);
[[nodiscard]] std::string encode_reply(const Reply& reply);

/// From a payload, without its prefix. Throw Error(bad_input) for anything but what the encoder writes, and
/// Error(limit_reached) beyond a bound.
[[nodiscard]] ScriptRequest parse_request(std::string_view payload);
[[nodiscard]] Reply parse_reply(std::string_view payload);

}  // namespace formulary::script_frame

/// \file
/// What host and script worker say to each other: frames of a 4-byte little-endian length and that many bytes. Inside,
/// numbers are little-endian and a text is its 4-byte length and its bytes. Both sides distrust the other: a frame that
/// is too long, too short or has bytes left over is refused.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/script/script_runner.hpp"

namespace formulary::script_frame {

inline constexpr std::size_t prefix_size = 4;
inline constexpr std::size_t request_max = 64U << 20U;  ///< Bytes of a request's payload, and of what it holds back.
inline constexpr std::size_t inputs_max = request_max - (64U << 10U);  ///< Of its names, bodies and inputs together.
inline constexpr std::size_t output_max = 64U << 20U;  ///< The most that ScriptRequest::output_max may ask for.
inline constexpr std::size_t chain_max = 1'000;        ///< Steps of a chain.
inline constexpr std::size_t parts_max = 100'000;      ///< Inputs of a chain: trigger, info, config and steps.
inline constexpr std::size_t console_lines_max = 1'000;
inline constexpr std::size_t console_bytes_max = 256U << 10U;
inline constexpr std::size_t notify_max = 100;
inline constexpr std::size_t notify_bytes_max = 1U << 20U;
inline constexpr std::size_t error_bytes_max = 16U << 10U;
/// Longer inputs stay with the host until a script touches them.
inline constexpr std::size_t part_inline_max = 16U << 10U;
/// A worker that holds results of this size sends them before it runs another step.
inline constexpr std::size_t results_batch = 1U << 20U;
/// What a reply holds besides a value of the largest size; so the host accepts value and this, never more.
inline constexpr std::size_t reply_extra_max = results_batch + (2U << 20U);

/// The first frame of a worker, which says that it is confined and which form of frames it speaks.
inline constexpr std::string_view hello = "formulary script worker 2";

/// One input as it travels.
struct Part {
  std::string text;      ///< JSON; empty if it is held back.
  std::size_t held = 0;  ///< Its size, if the worker has to ask for it.
};

/// A chain as it travels; a single script is a chain of one.
struct Job {
  std::vector<ScriptChain::Step> steps;
  std::string version;
  std::int64_t now_ms = 0;
  std::chrono::milliseconds time_limit{30'000};
  std::size_t output_max = 6U << 20U;
  bool one_by_one = false;  ///< Each result is sent when its step ended, so that a crash can be laid to one step.
  std::vector<Part> parts;  ///< trigger, info, config, and one for each name in step_names.
  std::vector<std::string> step_names;
};

inline constexpr std::size_t part_trigger = 0;
inline constexpr std::size_t part_info = 1;
inline constexpr std::size_t part_config = 2;
inline constexpr std::size_t part_first_step = 3;

/// What a worker says: the results of steps that ended, or that it needs an input that was held back.
struct Reply {
  std::vector<ChainedResult> results;
  std::optional<std::size_t> wanted;  ///< An index into Job::parts; the host answers with its text as a payload.
  bool more = false;                  ///< The chain goes on; another reply follows.
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
[[nodiscard]] std::string encode_request(const Job& job);
[[nodiscard]] std::string encode_reply(const Reply& reply);

/// The request of a chain, without a copy of its inputs before. Inputs beyond `part_inline_max` are held back.
[[nodiscard]] std::string encode_request(const ScriptChain& chain, bool one_by_one);

/// From a payload, without its prefix. Throw Error(bad_input) for anything but what the encoder writes, and
/// Error(limit_reached) beyond a bound.
[[nodiscard]] Job parse_request(std::string_view payload);
[[nodiscard]] Reply parse_reply(std::string_view payload);

/// The input with this index in Job::parts.
[[nodiscard]] std::string_view part_of(const ScriptInputs& inputs, std::size_t index);

}  // namespace formulary::script_frame

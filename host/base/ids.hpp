/// \file
/// Identifiers and random bytes, from the operating system's generator.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "host/base/clock.hpp"

namespace formulary {

/// `count` random bytes. Throws Error(internal) if the system has none to give.
[[nodiscard]] std::string random_bytes(std::size_t count);
/// A version 7 UUID: sortable by `now`.
[[nodiscard]] std::string uuid_v7(Clock::WallTime now);
/// A new element token: 32 random bytes in base64, 44 characters.
[[nodiscard]] std::string new_token();
/// A request id: 24 hexadecimal digits.
[[nodiscard]] std::string new_request_id();
/// A trace's id: 32 hexadecimal digits.
[[nodiscard]] std::string new_trace_id();
/// The W3C traceparent of a new span of a trace: "00-<trace id>-<span id>-01".
[[nodiscard]] std::string new_trace_parent(std::string_view trace_id);

}  // namespace formulary

/// \file
/// Times in requests and answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/clock.hpp"

namespace formulary::api {

/// "2018-07-31T19:39:46Z", also with a fraction, an offset ("+02:00") or none (UTC), a blank for the T, or the date
/// alone; or milliseconds since 1970. Nothing if it is none of these.
[[nodiscard]] std::optional<Clock::WallTime> parse_time(std::string_view text);

/// "2016-06-15 13:24:27.814224": the platform's form of the dates of step executions, UTC.
[[nodiscard]] std::string step_date(Clock::WallTime time);

[[nodiscard]] std::int64_t milliseconds_of(Clock::WallTime time);
[[nodiscard]] Clock::WallTime time_of(std::int64_t milliseconds);

}  // namespace formulary::api

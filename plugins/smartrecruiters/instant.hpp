/// \file
/// Points in time as SmartRecruiters writes and reads them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace smartrecruiters {

using Instant = std::chrono::sys_time<std::chrono::microseconds>;

/// "2023-01-01T00:00:00.000Z", also without the fraction (of 1 to 9 digits; what is below a microsecond is dropped) and
/// with an offset, "+01:00" or "+0100", for the Z. Nothing for every other text, and for days and hours that do not
/// exist. Source: the vendor's OpenAPI, "yyyy-MM-ddTHH:mm:ss.SSSZZ".
[[nodiscard]] std::optional<Instant> parse_instant(std::string_view text) noexcept;

}  // namespace smartrecruiters

/// \file
/// Time as the vendor writes it: 2026-09-01T08:00:00.000Z.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sandbox {

[[nodiscard]] std::string now_text();

/// Microseconds since 1970 of an ISO 8601 instant ("...Z" or with an offset); nothing if it is none.
[[nodiscard]] std::optional<std::int64_t> parse_instant(std::string_view text);

}  // namespace sandbox

/// \file
/// Checks the Quartz expression of a scheduled trigger.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace formulary {

inline constexpr std::chrono::minutes schedule_interval_min{15};

/// What is wrong with an expression such as "0 0/15 * 1/1 * ? *" (6 or 7 fields, seconds first), or nullopt: a wrong
/// number of fields, unreadable fields, or two runs that lie nearer than `schedule_interval_min`.
[[nodiscard]] std::optional<std::string> find_cron_fault(std::string_view expression);

}  // namespace formulary

/// \file
/// Query parameters that narrow a list. A parameter that is absent matches everything; of one that repeats, any value
/// may match.
#pragma once

#include <string>
#include <string_view>

#include "router.hpp"

namespace sandbox {

/// Whether `value` is one of the parameter's values, compared without regard to case.
[[nodiscard]] bool matches(const Call& call, std::string_view parameter, std::string_view value);
/// Whether `instant` is later than the parameter; throws call.invalid() if that is no time.
[[nodiscard]] bool is_after(const Call& call, std::string_view parameter, std::string_view instant);
/// Whether `haystack` contains the parameter, without regard to case.
[[nodiscard]] bool contains(const Call& call, std::string_view parameter, std::string_view haystack);

}  // namespace sandbox

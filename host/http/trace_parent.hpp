/// \file
/// The trace that a request belongs to. Source: W3C Trace Context, section 3.2.
#pragma once

#include <string>
#include <string_view>

#include "host/http/server.hpp"

namespace formulary {

/// The client's traceparent if it sent one valid one, else one made of `digits`: 48 random hexadecimal digits.
[[nodiscard]] std::string trace_parent_of(const HeaderList& headers, std::string_view digits);

}  // namespace formulary

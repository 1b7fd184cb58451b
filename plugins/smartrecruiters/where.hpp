/// \file
/// The platform's `where=` expressions, as far as SmartRecruiters can answer them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/smartrecruiters/resources.hpp"

namespace smartrecruiters {

/// One query parameter for the vendor, decoded.
struct Parameter {
  std::string name;
  std::string value;

  friend bool operator==(const Parameter&, const Parameter&) = default;
};

/// Reads
///
///   updatedAfter = '2023-01-01T00:00:00.000Z' AND status IN ('HIRED', 'OFFERED')
///
/// Conditions are joined by AND, operators are = and IN, values are quoted ('' stands for a quote) or bare words; IN
/// gives one parameter for each value and needs a repeatable filter. Keywords in any case, names exactly as in
/// `filters`. At most 8 KiB, 32 conditions and 100 values. Throws element::error(INVALID_ARGUMENT,
/// "smartrecruiters.invalid_where", HTTP 400) that says what cannot be expressed and what can.
[[nodiscard]] std::vector<Parameter> parse_where(std::string_view text, std::span<const Filter> filters);

/// Why the filter cannot have this value, as the end of a sentence that says what to do; empty if it can. The vendor
/// ignores a filter without a value and answers with the whole list.
[[nodiscard]] std::string fault_of_value(const Filter& filter, std::string_view value);

}  // namespace smartrecruiters

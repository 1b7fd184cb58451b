#include "filters.hpp"

#include <Poco/String.h>

#include <algorithm>

#include "clock.hpp"

namespace sandbox {

bool matches(const Call& call, std::string_view parameter, std::string_view value) {
  const auto wanted = call.request.parameters(parameter);
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const std::string& one) {
           return Poco::icompare(one, std::string(value)) == 0;
         });
}

bool is_after(const Call& call, std::string_view parameter, std::string_view instant) {
  const auto bound = call.request.parameter(parameter);
  if (!bound) return true;
  const auto bound_time = parse_instant(*bound);
  if (!bound_time) throw call.invalid(std::string(parameter), "must be a time as 2026-09-01T08:00:00.000Z");
  const auto time = parse_instant(instant);
  return time && *time > *bound_time;
}

bool contains(const Call& call, std::string_view parameter, std::string_view haystack) {
  const auto needle = call.request.parameter(parameter);
  if (!needle) return true;
  return Poco::toLower(std::string(haystack)).find(Poco::toLower(*needle)) != std::string::npos;
}

}  // namespace sandbox

#include "clock.hpp"

#include <Poco/DateTime.h>
#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/DateTimeParser.h>
#include <Poco/Exception.h>
#include <Poco/Timestamp.h>

namespace sandbox {

std::string now_text() {
  return Poco::DateTimeFormatter::format(Poco::Timestamp(), "%Y-%m-%dT%H:%M:%S.%iZ");
}

std::optional<std::int64_t> parse_instant(std::string_view text) {
  constexpr std::size_t shortest = sizeof("2026-09-01T08:00:00Z") - 1;
  if (text.size() < shortest || text[10] != 'T') return std::nullopt;
  int zone_seconds = 0;
  Poco::DateTime instant;
  if (!Poco::DateTimeParser::tryParse(Poco::DateTimeFormat::ISO8601_FRAC_FORMAT, std::string(text), instant,
                                      zone_seconds)) {
    return std::nullopt;
  }
  instant.makeUTC(zone_seconds);
  return instant.timestamp().epochMicroseconds();
}

}  // namespace sandbox

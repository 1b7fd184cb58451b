/// \file
/// Dates in the pattern language of Java's SimpleDateFormat, which poller configurations are written in. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/formula/time_zone.hpp"

namespace formulary::events {

/// Milliseconds since 1970 UTC.
using Moment = std::int64_t;

/// "GMT", "UTC", "Z", "GMT+2", "+02:00", "Europe/Berlin", and Java's three letters ("PST" is Los Angeles with its
/// summer time). Nothing if it is none of them.
[[nodiscard]] std::optional<TimeZone> java_time_zone(std::string_view name);

/// One pattern, read once. Immutable; any thread may use it.
class JavaDateFormat {
 public:
  /// The letters y Y u M L d E a H k K h m s S z Z X D, text in quotes, and whatever is no letter. Error(bad_input) for
  /// another letter, a quote that does not end, or over 200 bytes. `where` begins the sentence.
  JavaDateFormat(std::string_view pattern, const std::string& where);

  [[nodiscard]] std::string format(Moment moment, const TimeZone& zone) const;
  /// The moment that `text` names; a zone in the text counts more than `zone`. As Java's does, a number may have fewer
  /// or more digits than its letters unless another number follows it at once. What follows the pattern's end is
  /// refused. Nothing if it does not fit.
  [[nodiscard]] std::optional<Moment> parse(std::string_view text, const TimeZone& zone) const;

 private:
  struct Part {
    char letter = 0;  ///< 0: `text` as it stands.
    int count = 0;
    std::string text;
    bool before_number = false;  ///< A number follows at once, so this one has exactly `count` digits.
  };
  std::vector<Part> parts_;
};

}  // namespace formulary::events

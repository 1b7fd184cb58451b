/// \file
/// The address that a poller asks for, with the last poll's time in it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/json.hpp"
#include "host/events/java_date_format.hpp"

namespace formulary::events {

/// "/hubs/humancapital/candidates?where=updatedAfter='${gmtDate:yyyy-MM-dd}'", read once. Descriptors:
///
///   ${gmtDate:fmt}             in GMT                    ${epoch}     milliseconds since 1970
///   ${date:fmt}                the same here: the host   ${epoch:s}   seconds
///                              keeps all times in UTC    ${epoch:us}  microseconds
///   ${dateTimeZone:PST:fmt}    in that zone
///
/// Immutable; any thread may use it.
class PollUrl {
 public:
  /// Error(bad_input) for a descriptor that is none of these or does not end, or over 8 KiB; `where` begins the
  /// sentence.
  PollUrl(std::string_view text, const std::string& where);

  /// Decoded; a name that comes several times is an array of texts.
  struct Target {
    std::string path;
    json::object query;
  };
  [[nodiscard]] Target at(Moment last_poll) const;
  [[nodiscard]] bool has_parameter(std::string_view name) const;

 private:
  struct Piece {
    enum class Kind { text, date, milliseconds, seconds, microseconds };
    Kind kind = Kind::text;
    std::string text;
    std::vector<JavaDateFormat> format;  ///< One, of a date.
    TimeZone zone;
  };
  using Pieces = std::vector<Piece>;
  [[nodiscard]] static Pieces pieces_of(std::string_view text, bool in_query, const std::string& where);
  [[nodiscard]] static Piece descriptor(std::string_view text, const std::string& where);
  [[nodiscard]] static std::string filled(const Pieces& pieces, Moment moment);

  Pieces path_;
  std::vector<std::pair<std::string, Pieces>> query_;
};

}  // namespace formulary::events

/// \file
/// Time zones: a fixed offset from UTC, or one of the system's, with its changes of the clock.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace formulary {

/// A moment, whole seconds since 1970 UTC.
using SysSeconds = std::chrono::time_point<std::chrono::system_clock, std::chrono::seconds>;

/// Immutable; any thread may use it. The default is UTC.
class TimeZone {
 public:
  /// The time around a moment during which the offset is the same.
  struct Span {
    SysSeconds begin;                ///< Included.
    SysSeconds end;                  ///< Not included.
    std::chrono::seconds offset{0};  ///< What clocks on the wall show is UTC plus this.
  };

  TimeZone() = default;
  /// `offset` is at most 18 hours either way; more is cut.
  [[nodiscard]] static TimeZone fixed(std::chrono::minutes offset);
  /// "UTC", "Z", "+02:00", "-0330", or a name of the system's time zone data: "Europe/Berlin". nullopt if it is none of
  /// them. Reads the system's data, which is kept, on the first call and for each new name.
  [[nodiscard]] static std::optional<TimeZone> find(std::string_view name);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] Span span_at(SysSeconds moment) const;

 private:
  class Rules;

  std::string name_ = "UTC";
  std::chrono::seconds offset_{0};
  std::shared_ptr<const Rules> rules_;  ///< Null for a fixed offset.
};

}  // namespace formulary

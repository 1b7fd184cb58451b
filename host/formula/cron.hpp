/// \file
/// Quartz expressions: when a scheduled formula runs.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.hpp"
#include "host/formula/time_zone.hpp"

namespace formulary {

inline constexpr std::chrono::minutes schedule_interval_min{15};
inline constexpr int cron_year_min = 1970;
inline constexpr int cron_year_max = 2099;

/// The days of a month on which a schedule runs: by their number, or by their weekday.
struct CronDays {
  /// Bit n is set if the schedule runs on day n of that month.
  [[nodiscard]] std::uint32_t of_month(std::chrono::year_month month) const;

  // What the fields say; the parser fills it. Bit 0 of weekday masks is Sunday.

  struct FromEnd {
    unsigned days = 0;             ///< Before the last day of the month.
    bool nearest_weekday = false;  ///< Moved to the nearest day from Monday to Friday.
  };
  bool every_day = true;
  std::uint32_t days = 0;                      ///< "1,15": bit n is day n.
  std::uint32_t nearest_weekdays = 0;          ///< "15W": the day from Monday to Friday that is nearest to day n.
  std::vector<FromEnd> from_end;               ///< "L", "L-3", "LW".
  std::uint8_t weekdays = 0;                   ///< "MON-FRI"
  std::uint8_t last_weekdays = 0;              ///< "6L": the last Friday.
  std::array<std::uint8_t, 6> nth_weekdays{};  ///< "6#3": the third Friday is in [3].
};

/// An expression such as "0 0/15 8-17 ? * MON-FRI": six fields or seven, apart by blanks.
///
///   seconds 0-59 · minutes 0-59 · hours 0-23 · day of month 1-31 · month 1-12 or JAN-DEC · day of week 1-7 or SUN-SAT
///   (1 is Sunday) · year 1970-2099, which may be absent
///
/// Everywhere: `*`, `a`, `a-b` (goes round if b is before a; not for years), `*`/n, a/n, a-b/n, and lists of those. A
/// step beyond the range, as in "0/60", means its start. Day of month: L, L-n, LW, nW. Day of week: L (Saturday), nL,
/// n#k. Names in either case. Of the two day fields one is `?`; as an extension `*` will do. Day nW in a month that has
/// no day n, and n#5 in one without a fifth, do not occur in that month.
///
/// Immutable; any thread may use it.
class CronSchedule {
 public:
  /// Throws Error(bad_input) with a sentence that begins with the field: "minutes: '60' is not between 0 and 59".
  [[nodiscard]] static CronSchedule parse(std::string_view text);

  /// The first time after `after`, whole seconds, at which clocks of the zone show a time of the schedule; nullopt if
  /// there is none until the end of 2099. The work is bounded by the number of months in that range.
  ///
  /// Where the clock is put forward, times that it leaves out do not occur, as with Quartz: a schedule for 02:30 does
  /// not run on that day. Where it is put back, a time that it shows twice counts once, the first time; but a schedule
  /// for every hour runs both times, so that what runs every 15 minutes goes on doing so.
  [[nodiscard]] std::optional<SysSeconds> next_after(Clock::WallTime after, const TimeZone& zone = {}) const;

  /// The shortest time between two runs, clocks undisturbed; 24 hours if it is not shorter.
  [[nodiscard]] std::chrono::seconds shortest_interval() const;

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  CronSchedule() = default;
  friend class CronParser;

  /// Wall-clock time as if it were UTC.
  [[nodiscard]] std::optional<SysSeconds> next_local(SysSeconds from) const;
  [[nodiscard]] std::optional<SysSeconds> first_day(SysSeconds from) const;
  [[nodiscard]] std::optional<std::chrono::seconds> next_in_day(std::chrono::seconds from) const;
  [[nodiscard]] bool has_neighbouring_days() const;

  std::string text_;
  std::bitset<60> seconds_;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<13> months_;
  std::bitset<cron_year_max + 1> years_;
  CronDays days_;
};

/// What is wrong with a literal expression of a template, or nullopt: it is none, or it runs more often than every
/// `schedule_interval_min`.
[[nodiscard]] std::optional<std::string> find_cron_fault(std::string_view expression);

}  // namespace formulary

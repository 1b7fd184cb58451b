/// \file
/// Any text as a Quartz expression: it is refused with Error, or the next times come one after the other, in any zone.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "host/base/error.hpp"
#include "host/formula/cron.hpp"

namespace {

using formulary::CronSchedule;
using formulary::SysSeconds;
using formulary::TimeZone;

void require(bool holds) {
  if (!holds) std::abort();
}

void follow(const CronSchedule& schedule, SysSeconds from, const TimeZone& zone) {
  for (int times = 0; times < 8; ++times) {
    const auto next = schedule.next_after(from, zone);
    if (!next) return;
    require(*next > from);
    require(schedule.next_after(*next - std::chrono::seconds(1), zone) == next);
    from = *next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array zones{TimeZone(), *TimeZone::find("Europe/Berlin"), *TimeZone::find("Australia/Lord_Howe"),
                                TimeZone::fixed(std::chrono::minutes(-210))};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::optional<CronSchedule> schedule;
  try {
    schedule = CronSchedule::parse(text);
  } catch (const formulary::Error& error) {
    require(error.code() == formulary::ErrorCode::bad_input);
    return 0;
  }
  require(schedule->shortest_interval() > std::chrono::seconds(0));
  require(!TimeZone::find(text));
  const SysSeconds from{std::chrono::days(size % 2 == 0 ? 19'810 : 19'990)};  // shortly before clocks change
  follow(*schedule, from, zones.at(size % zones.size()));
  return 0;
}

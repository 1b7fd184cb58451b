/// \file
/// Which moment each schedule has served last.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

namespace formulary {

class Storage;

struct ScheduleRecord {
  std::int64_t last_fire_ms = 0;  ///< The moment that the schedule named, milliseconds since 1970 UTC.
  std::int64_t missed = 0;        ///< Moments that passed without an execution, ever.
};

/// Any thread may use it. Every function throws Error(store_failed).
class ScheduleStore {
 public:
  explicit ScheduleStore(const Storage& storage);
  ScheduleStore(const ScheduleStore&) = delete;
  ScheduleStore& operator=(const ScheduleStore&) = delete;
  ~ScheduleStore();

  [[nodiscard]] std::optional<ScheduleRecord> find(std::int64_t formula_instance) const;
  /// Durable on return. False if the moment, or a later one, was taken already, by another host too: then it is not
  /// this caller's to serve. `missed` is added to what is on record.
  [[nodiscard]] bool claim(std::int64_t formula_instance, const ScheduleRecord& fire);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace formulary

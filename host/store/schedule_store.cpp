#include "host/store/schedule_store.hpp"

#include <mutex>

#include "host/store/sqlite.hpp"
#include "host/store/storage.hpp"

namespace formulary {

struct ScheduleStore::Parts {
  explicit Parts(const Storage& storage) : database(storage.connect()) {}

  std::mutex mutex;
  Database database;
};

ScheduleStore::ScheduleStore(const Storage& storage) : parts_(std::make_unique<Parts>(storage)) {}
ScheduleStore::~ScheduleStore() = default;

std::optional<ScheduleRecord> ScheduleStore::find(std::int64_t formula_instance) const {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare("SELECT last_fire, missed FROM schedule WHERE formula_instance = ?1");
  if (!statement.bind(1, formula_instance).step()) return std::nullopt;
  return ScheduleRecord{.last_fire_ms = statement.number(0), .missed = statement.number(1)};
}

bool ScheduleStore::claim(std::int64_t formula_instance, const ScheduleRecord& fire) {
  const std::lock_guard lock(parts_->mutex);
  Statement statement = parts_->database.prepare(
      "INSERT INTO schedule (formula_instance, last_fire, missed) VALUES (?1, ?2, ?3) ON CONFLICT (formula_instance) "
      "DO UPDATE SET last_fire = ?2, missed = missed + ?3 WHERE last_fire < ?2");
  statement.bind(1, formula_instance).bind(2, fire.last_fire_ms).bind(3, fire.missed).run();
  return parts_->database.changed_rows() > 0;
}

}  // namespace formulary

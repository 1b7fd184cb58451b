/// \file
/// How far pollers are: what was asked last of each resource of an instance, and what was told since.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/store/event_store.hpp"

namespace formulary {

/// Of one resource of an element instance. Times are milliseconds since 1970 UTC; 0: none.
struct PollState {
  std::int64_t instance = 0;
  std::string resource;       ///< "candidates".
  std::int64_t floor_ms = 0;  ///< When events were turned on; nothing from before is told.
  std::int64_t last_ms = 0;   ///< When the last poll that was read to its end began.
  std::int64_t sweep_ms = 0;  ///< When the one that is not read to its end began; 0: there is none.
  std::string cursor;         ///< Its next page.
  std::int64_t due_ms = 0;    ///< When somebody should poll.
  std::int64_t failures = 0;  ///< In a row.
  std::string error;          ///< Of the last one, a sentence; empty: it went well.
};

/// An object as it was told of; the same again is no event.
struct ToldObject {
  std::string object_id;
  std::int64_t at_ms = 0;  ///< The vendor's date of the change.
};

/// What one page of a poll brought.
struct PollPage {
  PollState state;  ///< As it is afterwards.
  std::vector<ToldObject> told;
  std::vector<NewEvent> events;
  std::int64_t keep_after_ms = 0;  ///< What was told of changes up to then cannot come again and is forgotten.
};

/// Any thread may use it; every function throws Error(store_failed).
class PollStore {
 public:
  explicit PollStore(const Storage& storage);
  PollStore(const PollStore&) = delete;
  PollStore& operator=(const PollStore&) = delete;
  ~PollStore();

  [[nodiscard]] std::vector<PollState> all() const;
  [[nodiscard]] std::vector<PollState> of(std::int64_t instance) const;
  /// Begins with that state, unless there is one.
  void begin(const PollState& state);
  /// True if `state.due_ms` was still what is on record; then it is nobody else's until `until_ms`.
  [[nodiscard]] bool claim(const PollState& state, std::int64_t until_ms);
  /// Which of them were told, in their order.
  [[nodiscard]] std::vector<bool> were_told(const PollState& state, const std::vector<ToldObject>& objects) const;
  /// All of the page or nothing, durable on return.
  void save(const PollPage& page);
  void remove(std::int64_t instance, const std::string& resource);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace formulary

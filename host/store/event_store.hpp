/// \file
/// What happened at vendors', as it came in, and how far it was passed on. Kept for some days.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

class Storage;

/// How far an event is; the numbers are on the disk.
enum class EventStatus {
  fresh = 0,       ///< On the disk; nobody was told.
  received = 1,    ///< Somebody works on it.
  dispatched = 2,  ///< The formulas that wait for it were started.
  consumed = 3,    ///< Handed to those who deliver it.
  notified = 4,    ///< Everybody was told.
};
/// "NEW", "RECEIVED", "DISPATCHED", "CONSUMED", "NOTIFIED".
[[nodiscard]] std::string_view name(EventStatus status) noexcept;

/// One notification: some event objects of one element instance, with the payload that they came in.
struct NewEvent {
  std::int64_t account = 0;
  std::int64_t instance = 0;
  std::string element_key;
  std::int64_t at_ms = 0;  ///< When it came in; milliseconds since 1970 UTC.
  std::string vendor_id;   ///< The same comes in once for an instance; empty: not known.
  std::int64_t count = 0;  ///< Event objects.
  std::string events;      ///< JSON array of them.
  std::string payload;     ///< As the vendor sent it.
};

struct EventRecord : NewEvent {
  std::int64_t id = 0;
  EventStatus status = EventStatus::fresh;
  std::int64_t due_ms = 0;  ///< When somebody should go on with it; 0: nothing is left to be done.
  std::int64_t attempts = 0;
  std::string dispositions = "[]";  ///< JSON array of what became of it, for people.
};

/// Which events; empty members do not narrow.
struct EventQuery {
  std::int64_t account = 0;
  std::optional<std::int64_t> instance;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;     ///< Not included; 0: no end.
  std::int64_t below_id = 0;  ///< The cursor: only older ones; 0: from the newest.
  std::size_t limit = 200;
  std::size_t bytes_max = 16U << 20U;  ///< Of all payloads; a page that is over it ends earlier.
};

/// A page of a list; `more` if others follow.
struct EventPage {
  std::vector<EventRecord> records;
  bool more = false;
};

/// How many event objects came in for one instance in one bucket of time.
struct EventCount {
  std::int64_t bucket = 0;  ///< From 0, in steps of the interval after the begin.
  std::int64_t instance = 0;
  std::int64_t events = 0;
};

struct EventCountQuery {
  std::int64_t account = 0;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;  ///< Not included.
  std::int64_t interval_ms = 1;
};

/// What changes in a record.
struct EventProgress {
  EventStatus status = EventStatus::received;
  std::int64_t due_ms = 0;
  std::string dispositions;
};

/// Events and payloads are encrypted at rest. Any thread may use it; every function throws Error(store_failed).
class EventStore {
 public:
  explicit EventStore(const Storage& storage);
  EventStore(const EventStore&) = delete;
  EventStore& operator=(const EventStore&) = delete;
  ~EventStore();

  struct Added {
    std::vector<std::int64_t> ids;  ///< In the order given.
    std::int64_t fresh = 0;         ///< How many were not on record before.
  };
  /// All of them or none, durable on return. One whose vendor_id the instance has already gives that one's id.
  Added add(const std::vector<NewEvent>& events);

  [[nodiscard]] std::optional<EventRecord> find(std::int64_t account, std::int64_t id) const;
  [[nodiscard]] EventPage list(const EventQuery& query) const;  ///< The newest first.
  [[nodiscard]] std::vector<EventCount> count_by_time(const EventCountQuery& query) const;
  /// Those of the account with which something is left to be done.
  [[nodiscard]] std::int64_t count_open(std::int64_t account) const;

  /// The next that is due, the oldest first; it is nobody else's until `until_ms`. Counts an attempt.
  [[nodiscard]] std::optional<EventRecord> take_due(std::int64_t now_ms, std::int64_t until_ms);
  /// When the next is due; 0: none is.
  [[nodiscard]] std::int64_t next_due() const;
  void settle(std::int64_t id, const EventProgress& progress);

  /// Forgets what came before that time, and of each account what is over the two bounds, the oldest first, a piece at
  /// a time; what is not settled stays. Returns how many.
  struct Bounds {
    std::int64_t before_ms = 0;
    std::int64_t count_max = 100'000;
    std::int64_t bytes_max = 1LL << 30;
  };
  std::int64_t forget(const Bounds& bounds);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace formulary

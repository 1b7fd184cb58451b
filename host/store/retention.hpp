/// \file
/// Forgets old executions and gives their space back, in pieces so small that nobody waits for them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "host/base/clock.hpp"
#include "host/store/journal.hpp"

namespace formulary {

class Storage;

struct RetentionSettings {
  std::chrono::hours age_max{24 * 30};  ///< Since they ended; 0: no bound.
  std::uint64_t bytes_max =
      4ULL << 30U;  ///< Of the database; beyond it the oldest go, down to nine tenths; 0: no bound.
  std::chrono::milliseconds piece_time{5};  ///< After this long a piece ends; what is left is for the next.
  std::chrono::seconds interval{60};        ///< Between two passes.
};

struct RetentionResult {
  std::int64_t executions = 0;
  std::int64_t pages_given_back = 0;
};

/// Works in a thread of its own through the journal's. Only executions that have ended are forgotten.
class Retention {
 public:
  /// Borrows the journal and the clock. Throws Error(store_failed).
  Retention(const Storage& storage, Journal& journal, const Clock& clock, const RetentionSettings& settings);
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;
  ~Retention();

  /// One pass, now, in the calling thread. Throws Error(store_failed).
  RetentionResult run_once();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace formulary

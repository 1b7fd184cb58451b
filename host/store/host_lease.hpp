/// \file
/// Who works on which executions: each start of the host is a host of its own, alive as long as it holds its lock.
#pragma once

#include <cstdint>
#include <memory>

#include "host/base/clock.hpp"
#include "host/base/descriptor.hpp"

namespace formulary {

class Storage;

/// What was found when the executions of hosts that are gone were taken over.
struct Inheritance {
  std::int64_t executions = 0;
  std::int64_t hosts_that_crashed = 0;
};

/// A row in the table of hosts and a lock on <data>/hosts/<id>.lock, which the system lets go when the process ends,
/// however it ends. The id is never given again, so it is the fencing epoch too: a host whose row is gone may write
/// nothing more. Not thread-safe.
class HostLease {
 public:
  /// Throws Error(store_failed).
  HostLease(std::shared_ptr<const Storage> storage, Clock::WallTime now);
  HostLease(const HostLease&) = delete;
  HostLease& operator=(const HostLease&) = delete;
  /// Leaves in good order: what it did not finish may be taken over at once, and counts as no crash.
  ~HostLease();

  [[nodiscard]] std::int64_t id() const noexcept { return id_; }

  /// Takes over the open executions of every host that is gone. Those that a crashed host worked on become ready, and
  /// have one more crash if no row was written since the last, else their first. Durable on return. Throws
  /// Error(store_failed).
  Inheritance take_over();

  /// Lets go of the lock but not of the row, as if the process had crashed. For tests.
  void abandon() noexcept {
    lock_ = Descriptor();
    abandoned_ = true;
  }

 private:
  std::shared_ptr<const Storage> storage_;
  Descriptor lock_;
  std::int64_t id_ = 0;
  bool abandoned_ = false;
};

}  // namespace formulary

/// \file
/// What the routes of accounts, users and organizations stand on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "host/api/guess_guard.hpp"
#include "host/base/clock.hpp"
#include "host/store/identity_store.hpp"

namespace formulary::api {

/// An account that is no longer served.
struct AccountEnd {
  std::int64_t account = 0;
  bool removed = false;  ///< It will be gone; else it was deactivated and may come back.
};

/// What the references name outlives the router.
struct IdentityParts {
  IdentityStore& store;
  const Clock& clock;
  GuessGuard& guard;
  std::chrono::seconds session_life = std::chrono::hours(12);
  /// Removes or stops what others keep of an account: instances, formulas, jobs. Called once the account is inactive,
  /// so that nobody adds to it meanwhile, and before it is gone, so that it can be tried again if it fails. May be
  /// empty.
  std::function<void(const AccountEnd&)> account_ends;
  /// Held while a record is read, changed and written. Copies of the parts share it.
  std::shared_ptr<std::mutex> changes = std::make_shared<std::mutex>();

  [[nodiscard]] std::int64_t now_ms() const {
    return std::chrono::floor<std::chrono::milliseconds>(clock.wall().time_since_epoch()).count();
  }
};

}  // namespace formulary::api

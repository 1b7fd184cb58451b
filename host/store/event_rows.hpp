/// \file
/// The one way in which events get into the table, for those who write them in a transaction of their own.
#pragma once

#include <cstdint>

#include "host/store/event_store.hpp"
#include "host/store/sqlite.hpp"
#include "host/store/vault.hpp"

namespace formulary {

struct InsertedEvent {
  std::int64_t id = 0;
  bool fresh = false;  ///< False: it was on record already.
};

/// Due at once.
[[nodiscard]] InsertedEvent insert_event(Database& database, const Vault& vault, const NewEvent& event);

}  // namespace formulary

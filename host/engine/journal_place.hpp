/// \file
/// What sealed records of a journal are bound to.
#pragma once

#include <cstdint>

#include "host/store/vault.hpp"

namespace formulary {

inline Vault::Place journal_place(std::int64_t execution) {
  return {.purpose = "journal", .id = execution};
}

}  // namespace formulary

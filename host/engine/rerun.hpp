/// \file
/// An order for a new execution, from an old one's journal.
#pragma once

#include <cstdint>

#include "host/engine/engine.hpp"

namespace formulary {

class FormulaStore;
class Storage;

/// The version of the formula, the configuration and the input that the execution began with. Throws Error(not_found)
/// if there is no such execution, Error(store_failed) if its journal cannot be read.
[[nodiscard]] ExecutionOrder rerun_order(const Storage& storage, const FormulaStore& formulas, std::int64_t execution);

}  // namespace formulary

/// \file
/// What the commands about stored formulas and their instances share.
#pragma once

#include <cstdint>
#include <string>

#include "host/cli/exit_code.hpp"
#include "host/cli/session.hpp"
#include "host/store/formula_store.hpp"

namespace formulary::cli {

/// By id, else by name. Error(not_found); Error(conflict) if several have that name.
[[nodiscard]] FormulaRecord stored_formula(Session& session, const std::string& selector);
[[nodiscard]] FormulaInstanceRecord stored_formula_instance(Session& session, const std::string& selector);

[[nodiscard]] std::int64_t now_ms(const Session& session);

/// {"deleted":true,"id":3,"name":"nightly"}, or a line for people.
[[nodiscard]] ExitCode report_deleted(Session& session, std::int64_t id, const std::string& name);

}  // namespace formulary::cli

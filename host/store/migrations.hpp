/// \file
/// The database's tables, version by version.
#pragma once

#include <filesystem>

#include "host/store/sqlite.hpp"

namespace formulary {

/// Brings the tables up to the newest version that this program knows, in one transaction. Throws Error(store_failed)
/// if the database is of a newer one, or not Formulary's.
void migrate(Database& database, const std::filesystem::path& file);

}  // namespace formulary

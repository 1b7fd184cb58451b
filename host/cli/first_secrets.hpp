/// \file
/// What lets the first user in, from a file that only its owner may read.
#pragma once

#include <filesystem>

#include "host/store/identity_store.hpp"

namespace formulary::cli {

/// {"email","password","userSecret","organizationSecret"}, each optional. Error(not_found), Error(bad_input) for a file
/// that others may read, that is no such JSON, or has another member.
[[nodiscard]] FirstSecrets read_first_secrets(const std::filesystem::path& file);

}  // namespace formulary::cli

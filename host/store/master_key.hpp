/// \file
/// The master key: given, or kept in <folder>/master.key.
#pragma once

#include <filesystem>
#include <string>

#include "host/store/vault.hpp"

namespace formulary {

/// `given`: 32 bytes in base64 or hex. Throws Error(bad_input), without repeating it.
[[nodiscard]] SecretKey parse_master_key(const std::string& given);

/// Reads <folder>/master.key. If it is absent and `create`, makes one first: complete and on the disk before it has its
/// name, so that neither a crash nor a second program leaves half a key. Throws Error(store_failed) if it is a link,
/// readable by others, of the wrong length, or absent.
[[nodiscard]] SecretKey read_master_key(const std::filesystem::path& folder, bool create);

}  // namespace formulary

/// \file
/// Large texts, compressed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace formulary {

/// The text of that size. Throws Error(store_failed) if the data was changed: it is not zstd, or its SHA-256 is not
/// `hash`.
[[nodiscard]] std::string decompressed(std::string_view data, std::size_t size, std::string_view hash);

}  // namespace formulary

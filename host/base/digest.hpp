/// \file
/// SHA-256, by OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace formulary {

/// 32 bytes. Throws Error(internal) if OpenSSL refuses.
[[nodiscard]] std::string sha256(std::string_view bytes);

}  // namespace formulary

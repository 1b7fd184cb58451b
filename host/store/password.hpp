/// \file
/// Passwords at rest: scrypt, each with its own salt.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace formulary {

/// What one guess costs: 128 * n * r bytes of memory, p times one after the other.
struct PasswordCost {
  std::uint64_t n = 1U << 15U;
  std::uint64_t r = 8;
  std::uint64_t p = 3;
};

/// "scrypt$32768$8$3$<salt>$<hash>", both in base64. Throws Error(limit_reached) over 1 KiB, Error(internal) if OpenSSL
/// fails.
[[nodiscard]] std::string hash_password(std::string_view password, const PasswordCost& cost);

/// Whether that password was hashed to `hash`. False for a text that is no such hash. As slow as hash_password().
[[nodiscard]] bool password_fits(std::string_view password, std::string_view hash);

}  // namespace formulary

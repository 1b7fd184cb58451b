/// \file
/// Secrets at rest: AES-256-GCM envelopes (decisions/0005-secrets-envelope.md).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace formulary {

/// 32 bytes that are wiped when they are no longer needed.
class SecretKey {
 public:
  static constexpr std::size_t size = 32;

  /// Takes `bytes`, which must be 32, and wipes them.
  explicit SecretKey(std::string& bytes);
  SecretKey(const SecretKey& other) = default;
  SecretKey& operator=(const SecretKey& other) = default;
  ~SecretKey();

  [[nodiscard]] const unsigned char* data() const noexcept { return bytes_.data(); }
  [[nodiscard]] std::string_view view() const noexcept;

 private:
  std::array<unsigned char, size> bytes_;
};

/// Seals and opens records. Immutable; any thread may use it.
class Vault {
 public:
  explicit Vault(const SecretKey& master);

  /// What a sealed record belongs to. It is authenticated, not stored: a record opens only where it was put.
  struct Place {
    std::string_view purpose;  ///< "instance.token"; has no '|'.
    std::int64_t id = 0;
  };

  /// Encrypts with a new data key, which the master key wraps:
  ///
  ///   version 1 (1 byte) | key id (8) | nonce (12), data key (32), tag (16) | nonce (12), `plain`, tag (16)
  ///
  /// Throws Error(internal) if OpenSSL fails.
  [[nodiscard]] std::string seal(std::string_view plain, const Place& place) const;
  /// Throws Error(store_failed): sealed with another master key, of an unknown version, changed, or not of this place.
  /// The caller wipes the result.
  [[nodiscard]] std::string open(std::string_view sealed, const Place& place) const;

 private:
  SecretKey master_;
  std::string key_id_;  ///< Tells master keys apart and nothing about them.
};

}  // namespace formulary

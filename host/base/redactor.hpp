/// \file
/// Keeps an instance's secrets out of everything that is stored, logged or shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace formulary {

/// Knows some secrets and replaces each of them, and its URL-encoded, base64 and JSON-escaped forms, by `********`.
/// Values shorter than 4 bytes are not searched for, since they would redact half of every text. Immutable; any
/// thread may use it. Wipes its copies when it ends.
class Redactor {
 public:
  Redactor() = default;
  explicit Redactor(std::vector<std::string> secrets);
  Redactor(const Redactor&) = default;
  Redactor(Redactor&&) noexcept = default;
  Redactor& operator=(const Redactor&) = default;
  Redactor& operator=(Redactor&&) noexcept = default;
  ~Redactor();

  [[nodiscard]] std::string redact(std::string_view text) const;
  [[nodiscard]] bool finds_secret(std::string_view text) const;

 private:
  std::vector<std::string> needles_;  ///< Longest first.
};

}  // namespace formulary

/// \file
/// Keeps an instance's secrets out of everything that is stored, logged or shown.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

/// Knows some secrets and replaces each of them, and its percent-encoded, base64 (also as part of a longer text, in
/// both alphabets) and JSON-escaped forms, by `********`. Values shorter than 4 bytes are not searched for, since they
/// would redact half of every text. Immutable; any thread may use it. Copies share one list, which is wiped with the
/// last.
class Redactor {
 public:
  Redactor() = default;
  /// Wipes what it is given.
  explicit Redactor(std::vector<std::string> secrets);

  [[nodiscard]] bool empty() const noexcept { return needles_ == nullptr; }  ///< It knows no secret.
  [[nodiscard]] std::string redact(std::string_view text) const;
  [[nodiscard]] bool finds_secret(std::string_view text) const;

 private:
  class Needles;
  std::shared_ptr<const Needles> needles_;  ///< None: nothing to hide.
};

}  // namespace formulary

/// \file
/// A JSON value that many share and nobody changes, as a value, as text, or both; the missing one is made when first
/// asked for.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "host/base/json.hpp"

namespace formulary {

/// Copies share. Any thread may use it.
class SharedJson {
 public:
  SharedJson() = default;  ///< Absent.
  explicit SharedJson(json::value value);
  /// `text` must be what to_text(value) could have given: it is not compared.
  SharedJson(json::value value, std::string text);
  /// The text must be JSON: it is parsed when somebody wants the value, and value() throws what parse_json() throws.
  [[nodiscard]] static SharedJson from_text(std::string text);

  [[nodiscard]] explicit operator bool() const noexcept { return cell_ != nullptr; }
  [[nodiscard]] bool operator==(std::nullptr_t) const noexcept { return cell_ == nullptr; }
  /// null if absent. Lives as long as this or a copy.
  [[nodiscard]] const json::value& value() const;
  /// Compact JSON; never null: "{}" if absent.
  [[nodiscard]] std::shared_ptr<const std::string> text() const;
  /// Part of the value, which stays alive with the pointer.
  [[nodiscard]] std::shared_ptr<const json::value> share(const json::value* part) const { return {cell_, part}; }

 private:
  struct Cell;
  std::shared_ptr<Cell> cell_;
};

}  // namespace formulary

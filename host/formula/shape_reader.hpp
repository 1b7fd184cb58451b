/// \file
/// Reads members of a template leniently: what has the wrong shape is listed with its path, and reading goes on. Odd
/// shapes that say what is meant, or that can be left out, are warnings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/formula/formula.hpp"

namespace formulary {

/// Not thread-safe; the list and the value must outlive it.
class ShapeReader {
 public:
  ShapeReader(const json::value& value, std::string path, std::vector<FormulaProblem>& problems);

  /// Texts as they are, numbers and flags as JSON text, absent and null as "".
  [[nodiscard]] std::string text(std::string_view key);
  [[nodiscard]] Property property(std::string_view key);
  /// An array of texts, or one text; absent and null are empty. What is no text is an empty name.
  [[nodiscard]] std::vector<std::string> names(std::string_view key);
  [[nodiscard]] bool flag(std::string_view key, bool otherwise = false);  ///< true or "true".
  /// The member as an object; an empty one if absent.
  [[nodiscard]] ShapeReader object(std::string_view key);
  /// One reader for each entry of an array; absent and null are empty.
  [[nodiscard]] std::vector<ShapeReader> objects(std::string_view key);

  void report(std::string_view key, std::string sentence, FormulaProblem::Kind kind = FormulaProblem::Kind::warning);
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  [[nodiscard]] const json::value* find(std::string_view key) const;
  [[nodiscard]] std::string path_of(std::string_view key) const;

  const json::object* object_;
  std::string path_;
  std::vector<FormulaProblem>* problems_;
};

}  // namespace formulary

/// \file
/// CEQL: the conditions of where=. Source: CONTRACT 1.1, "Filtering".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"

namespace formulary::api {

enum class CeqlOperator { equal, not_equal, less, greater, at_most, at_least, like, in, is_null, is_not_null };

/// "=", "!=", "<", ">", "<=", ">=", "LIKE", "IN", "IS NULL", "IS NOT NULL"
[[nodiscard]] std::string_view name(CeqlOperator what) noexcept;

/// One condition: `attribute operator value`.
struct CeqlCondition {
  std::string attribute;  ///< "config.url": a path.
  CeqlOperator is = CeqlOperator::equal;
  std::vector<std::string> values;  ///< Without their quotes. IN: one or more; IS NULL: none; else one.
};

struct CeqlLimits {
  std::size_t bytes_max = 8'192;
  std::size_t conditions_max = 100;
  std::size_t values_max = 1'000;  ///< Of one IN.
  std::size_t depth_max = 16;      ///< Of parentheses.
};

/// A whole expression. AND binds closer than OR. Immutable; any thread may use it.
class Ceql {
 public:
  /// `name='x' AND (id in (1, 2) OR email like '%@example.com')`, keywords in any case, two quotes for one in a string.
  /// Empty text holds for everything. Error(bad_input) "where: column 6: …" says what was expected there;
  /// Error(limit_reached) over a bound.
  [[nodiscard]] static Ceql parse(std::string_view text, const CeqlLimits& limits = {});

  /// Whether it holds for `object`. Numbers are compared as numbers where both sides are one, else as text; a member
  /// that is missing is null, for which only IS NULL and != hold. Of an array one element is enough.
  [[nodiscard]] bool holds(const json::object& object) const;

  /// All conditions, from left to right.
  [[nodiscard]] const std::vector<CeqlCondition>& conditions() const noexcept { return conditions_; }
  /// Whether every condition has to hold: there is no OR.
  [[nodiscard]] bool is_conjunction() const noexcept;
  /// Parses to the same: `name = 'x' AND id IN ('1', '2')`.
  [[nodiscard]] std::string text() const;
  /// [{"attribute":"name","operator":"=","value":"x"}, …]: what hooks see.
  [[nodiscard]] json::array document() const;

 private:
  friend class CeqlParser;
  /// Reverse Polish: a condition's index, or one of these.
  static constexpr int and_mark = -1;
  static constexpr int or_mark = -2;

  std::vector<CeqlCondition> conditions_;
  std::vector<int> program_;
};

}  // namespace formulary::api

/// \file
/// `${...}` references in step properties: parsed once, resolved against what an execution knows.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/base/json.hpp"

namespace formulary {

class Scope;

/// One `${...}`: a path into the scope.
///
///   ${trigger.args.id}   ${steps.get-job.response.body[0].id}   ${config.crm.instance}   ${info.formulaId}
///   ${steps['a.b'].c}    ${trigger_instance}                     ${looper.entry}
///
/// Keys may contain dots (configuration) and dashes (steps): at each object the longest literal key that fits wins. A
/// path that begins with none of the four words is the shorthand of older templates: a configuration key, else a step.
///
/// Published templates also write a little JavaScript there, of which this much is understood:
///
///   ${Object.values(steps.sort.groups)}   Object.keys(…)   Object.entries(…)   JSON.stringify(…)
///   ${steps.list.ids.length}
struct Reference {
  enum class Function { none, values, keys, entries, stringify };
  struct Token {
    std::string key;
    std::optional<std::size_t> index;  ///< Set for `[3]`; `key` is then "3".
  };
  std::string text;                    ///< Between the braces, trimmed.
  std::vector<Token> tokens;           ///< At least one.
  Function function = Function::none;  ///< Applied to what the tokens lead to.
};

inline constexpr std::size_t reference_bytes_max = 1'024;
inline constexpr std::size_t reference_tokens_max = 64;

/// A step property: a JSON value as it stands, or a text with references. Immutable; any thread may use it.
class Property {
 public:
  using Segment = std::variant<std::string, Reference>;

  Property() = default;  ///< Absent.
  /// Blank texts and null are absent. A `${` that begins no proper reference stays text and is listed in `faults()`.
  /// Texts inside of an object or array are properties of their own.
  explicit Property(const json::value& value);

  [[nodiscard]] bool absent() const noexcept { return source_.is_null(); }
  /// As the template has it; null if absent.
  [[nodiscard]] const json::value& source() const noexcept { return source_; }
  /// Of a text; empty for anything else.
  [[nodiscard]] const std::vector<Segment>& segments() const noexcept { return segments_; }
  /// All of them, also those inside of an object or array.
  [[nodiscard]] std::vector<Reference> references() const;
  /// One sentence per improper reference: "'${steps.a' is not closed".
  [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }
  /// The text if it has no reference, else nullopt; a number or flag as its JSON text.
  [[nodiscard]] std::optional<std::string> plain_text() const;

 private:
  json::value source_;
  std::vector<Segment> segments_;
  std::vector<std::string> faults_;
};

/// Follows the tokens; nullptr if there is nothing at their end, as in `${steps}` alone. The result lives as long as
/// the scope.
[[nodiscard]] const json::value* find(const Reference& reference, const Scope& scope);

/// What a reference becomes in the middle of a text: see resolve().
[[nodiscard]] std::string inserted_text(const Reference& reference, const Scope& scope);

/// A property that is exactly one reference gives the referenced value with its type, nullopt if there is none. In any
/// other text each reference is replaced by its value as text: strings as they are, null and missing ones as nothing,
/// everything else as compact JSON. Nothing is escaped, and what was inserted is not searched for references again.
/// Throws Error(limit_reached) if the text would pass `bytes_max`.
[[nodiscard]] std::optional<json::value> resolve(const Property& property, const Scope& scope, std::size_t bytes_max);

/// The same without copying what a property that is exactly one reference leads to; nullptr if there is nothing. It
/// outlives the scope.
[[nodiscard]] std::shared_ptr<const json::value> share(const Property& property, const Scope& scope,
                                                       std::size_t bytes_max);

}  // namespace formulary

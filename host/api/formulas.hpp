/// \file
/// The formula templates of accounts: kept as they were given, checked before they are kept, ready to run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "host/api/api_request.hpp"
#include "host/base/clock.hpp"
#include "host/base/json.hpp"
#include "host/formula/formula.hpp"
#include "host/store/formula_store.hpp"

namespace formulary::api {

struct KeptFormula {
  FormulaRecord record;
  json::object document;  ///< As to_kept() makes it.
};

/// Any thread may use it. Every function throws Error(store_failed); those that take an account Error(not_found) for
/// what is not that account's.
class Formulas {
 public:
  /// Borrows both.
  Formulas(FormulaStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  [[nodiscard]] KeptFormula find(std::int64_t account, std::int64_t id) const;
  [[nodiscard]] std::vector<KeptFormula> list(std::int64_t account) const;  ///< By id.
  /// Formulas that a step of type formula of this one calls, over any number of others; by their ids.
  [[nodiscard]] std::set<std::int64_t> called_by(const KeptFormula& formula) const;

  /// Error(formula_invalid) or Error(conflict) with all problems of a template that is refused (CONTRACT 2.7).
  KeptFormula add(const Principal& principal, json::object given);
  /// Makes a change of the document or of `record.active` that no other change interrupts; checks as add() does.
  KeptFormula change(std::int64_t account, std::int64_t id, const std::function<void(KeptFormula&)>& edit);
  /// Error(conflict) while it has instances.
  void remove(std::int64_t account, std::int64_t id);
  /// To engine v3 (CONTRACT 2.8), and back to what it was before.
  KeptFormula upgrade(std::int64_t account, std::int64_t id);
  KeptFormula roll_back(std::int64_t account, std::int64_t id);

  /// The template as clients see it, with the templates that its steps call below `subFormulas`.
  [[nodiscard]] json::object shown(const KeptFormula& formula) const;
  /// What an execution runs: shown(), parsed; the same one as long as nothing in it changes.
  [[nodiscard]] std::shared_ptr<const Formula> runnable(const KeptFormula& formula) const;

  [[nodiscard]] std::int64_t next_part_id() { return store_.next_part_id(); }

 private:
  using Versions = std::vector<std::pair<std::int64_t, std::int64_t>>;  ///< Id and version of each formula in it.
  struct Parsed {
    Versions versions;
    std::shared_ptr<const Formula> formula;
  };

  [[nodiscard]] KeptFormula read(FormulaRecord record) const;
  [[nodiscard]] json::object keep(json::object given, const json::object& before);
  [[nodiscard]] json::object with_sub_formulas(const KeptFormula& formula, std::set<std::int64_t>& outer,
                                               Versions& versions) const;
  /// Writes document and record; `formula.record.id` exists.
  void write(KeptFormula& formula);
  void check(const KeptFormula& formula) const;

  FormulaStore& store_;
  const Clock& clock_;
  std::mutex changing_;
  mutable std::mutex parsed_mutex_;
  mutable std::map<std::int64_t, Parsed> parsed_;
};

}  // namespace formulary::api

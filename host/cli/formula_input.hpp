/// \file
/// What the commands about formulas share: reading templates, showing problems, showing progress.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/base/redactor.hpp"
#include "host/cli/exit_code.hpp"
#include "host/cli/session.hpp"
#include "host/engine/execution.hpp"
#include "host/engine/ports.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/problems.hpp"

namespace formulary::cli {

inline constexpr std::size_t template_bytes_max = 8U << 20U;

/// The template in a file; "-" is standard input. Throws what read_input() and Formula::parse() do.
[[nodiscard]] std::shared_ptr<const Formula> read_formula(const Io& io, const std::string& file);

/// A formula that cannot be run as it stands: formula_invalid, with everything that is wrong with it.
class FormulaRefusal : public Error {
 public:
  FormulaRefusal(const std::string& message, std::vector<FormulaProblem> problems)
      : Error(ErrorCode::formula_invalid, message), problems_(std::move(problems)) {}
  [[nodiscard]] const std::vector<FormulaProblem>& problems() const noexcept { return problems_; }

 private:
  std::vector<FormulaProblem> problems_;
};

/// An execution's id as a person types it. UsageError for anything else.
[[nodiscard]] std::int64_t execution_id(const std::string& word);

/// "invalid: steps[2].onSuccess[0]: names the step 'b', which does not exist", one line each, on stderr.
void write_problems(const Io& io, const std::vector<FormulaProblem>& problems);

/// [{"kind":"invalid","path":"steps[2].onSuccess[0]","message":"..."}]
[[nodiscard]] json::array problems_document(const std::vector<FormulaProblem>& problems);

/// Lines of steps as they end, on stderr: "✓ get-job                 success      178 ms". On a terminal the rounds of
/// a loop share one line with a bar, which stands below all others, and only what fails or waits in them has a line of
/// its own. One execution's, in order; not thread-safe.
class StepLines {
 public:
  explicit StepLines(const Io& io) : io_(io) {}
  void write(const StepLine& line);
  /// Takes a bar away that is still there.
  void finish();

 private:
  void show_bar(const StepLine& line);
  [[nodiscard]] std::string rounds_of(const StepLine& line);

  const Io& io_;
  std::string bar_;                             ///< The line as it stands on the terminal; empty: none.
  std::map<std::string, std::size_t> counted_;  ///< Rounds seen of loops that have not ended, by step.
};

/// What is known after the end: the result (or everything with --output json) on stdout, one line on stderr.
[[nodiscard]] ExitCode report_execution(Session& session, const Execution& execution);

}  // namespace formulary::cli

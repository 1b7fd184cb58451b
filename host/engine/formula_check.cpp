#include "host/engine/formula_check.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/formula/problems.hpp"

namespace formulary {

void refuse_what_cannot_run(const Formula& formula, const json::object& configuration) {
  std::vector<FormulaProblem> problems = find_problems(formula);
  auto more = find_problems(formula, configuration);
  std::move(more.begin(), more.end(), std::back_inserter(problems));
  if (!prevents_running(problems)) return;
  std::erase_if(problems, [](const auto& problem) { return problem.kind == FormulaProblem::Kind::warning; });
  const bool only_unsupported = std::all_of(problems.begin(), problems.end(), [](const auto& problem) {
    return problem.kind == FormulaProblem::Kind::unsupported;
  });
  throw Error(only_unsupported ? ErrorCode::unsupported : ErrorCode::formula_invalid,
              "formula '" + formula.name() + "' cannot run:\n" + to_text(problems));
}

}  // namespace formulary

/// \file
/// What came of a step: did it succeed, what later steps see of it, what its history keeps. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/formula/plan.hpp"

namespace formulary::plan {

struct Verdict {
  enum class Route { success, failure };
  Route route = Route::success;
  std::optional<StepError> error;  ///< None for a filter that says false, which takes the failure route.
  /// Status for the retry policy: of the answer, or what stands for the lack of one; 0 where no retry can help.
  int retry_code = 0;
};

/// A request succeeded if its policy accepts the status; a script if it ended properly; a filter if it said true.
[[nodiscard]] Verdict judge(const Step& step, const Call& call, const Outcome& outcome);

using Values = std::vector<std::pair<std::string, std::string>>;

struct Output {
  json::value value;      ///< steps.<name> in scripts and references.
  Values values;          ///< Step execution values; texts longer than the bound are left out.
  std::size_t bytes = 0;  ///< What `value` takes, about.
};

/// `verdict` is judge()'s. Headers that carry credentials (Authorization, Cookie, ...) are masked in `values`.
[[nodiscard]] Output make_output(const Step& step, const Call& call, const Outcome& outcome, const Verdict& verdict,
                                 int retries_made, const Limits& limits);

/// Of a step that made no call, or whose call nobody waits for.
[[nodiscard]] Output make_output(const Step& step, const Call* call, const StepError& error, const Limits& limits);

/// The policy of a request step; nullptr for all others.
[[nodiscard]] const RequestPolicy* policy_of(const Step& step);

}  // namespace formulary::plan

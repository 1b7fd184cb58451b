/// \file
/// What came of a step: did it succeed, what later steps see of it, what its history keeps. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "host/formula/plan.hpp"

namespace formulary::plan {

/// A run, as far as its outcome is concerned. Borrows all.
struct RunView {
  const Step& step;
  const RequestPolicy& policy;  ///< Of requests; the default accepts 200 to 299 and tries nothing again.
  const Call* call = nullptr;   ///< nullptr if none could be made.
  int retries_made = 0;
  const Limits& limits;
};

struct Verdict {
  enum class Route { success, failure };
  Route route = Route::success;
  std::optional<StepError> error;  ///< None for a filter that says false, which takes the failure route.
  /// Status for the retry policy: of the answer, or what stands for the lack of one; 0 where no retry can help.
  int retry_code = 0;
  SharedJson said;  ///< What a script gave, parsed; absent if it gave nothing, and of all others.
};

/// A request succeeded if its policy accepts the status, a stream if both halves did; a script if it ended properly and
/// gave JSON within the bounds; a filter if it said true.
[[nodiscard]] Verdict judge(const RunView& run, const Outcome& outcome);

struct Output {
  SharedJson value;       ///< steps.<name> in scripts and references.
  Values values;          ///< Step execution values; texts longer than the bound are left out.
  std::size_t bytes = 0;  ///< What `value` takes, about.
};

/// `verdict` is judge()'s. Headers that carry credentials (Authorization, Cookie, ...) are masked in `values`.
[[nodiscard]] Output make_output(const RunView& run, const Outcome& outcome, const Verdict& verdict);

/// Of a step that made no call, or whose call nobody waits for.
[[nodiscard]] Output make_output(const RunView& run, const StepError& error);

}  // namespace formulary::plan

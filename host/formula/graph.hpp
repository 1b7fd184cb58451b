/// \file
/// The shape of a formula: what can be reached, what goes round.
#pragma once

#include <cstddef>
#include <vector>

#include "host/formula/formula.hpp"

namespace formulary {

/// Steps that lead to each other, by index, in the order of the template.
struct Circle {
  std::vector<std::size_t> steps;
  bool has_loop = false;  ///< Goes through a loop step, which ends it.
  bool has_exit = false;  ///< Some step can succeed, or a filter say no, without going round again.
};

struct GraphFindings {
  std::vector<std::size_t> unreachable;  ///< By index; empty if there is no trigger.
  std::vector<Circle> circles;
};

/// Names of missing steps are ignored. Linear in steps and edges.
[[nodiscard]] GraphFindings examine_graph(const Formula& formula);

}  // namespace formulary

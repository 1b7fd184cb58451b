#include "host/formula/graph.hpp"

#include <algorithm>
#include <utility>

namespace formulary {
namespace {

using Edges = std::vector<std::vector<std::size_t>>;  ///< By step.

void add_targets(const Formula& formula, const std::vector<std::string>& names, std::vector<std::size_t>& targets) {
  for (const auto& name : names) {
    if (const Step* step = formula.find_step(name)) {
      targets.push_back(static_cast<std::size_t>(step - formula.steps().data()));
    }
  }
}

Edges edges_of(const Formula& formula) {
  Edges edges(formula.steps().size());
  for (std::size_t index = 0; index < edges.size(); ++index) {
    add_targets(formula, formula.steps()[index].on_success, edges[index]);
    add_targets(formula, formula.steps()[index].on_failure, edges[index]);
  }
  return edges;
}

Edges reversed(const Edges& edges) {
  Edges result(edges.size());
  for (std::size_t from = 0; from < edges.size(); ++from) {
    for (const std::size_t target : edges[from]) result[target].push_back(from);
  }
  return result;
}

/// Depth first from `start` over what was not visited yet, without recursion; `leave` gets each step after all that it
/// leads to.
template <class Leave>
void visit_from(std::size_t start, const Edges& edges, std::vector<bool>& visited, const Leave& leave) {
  std::vector<std::pair<std::size_t, std::size_t>> path;  // step, next edge
  const auto enter = [&](std::size_t step) {
    if (visited[step]) return;
    visited[step] = true;
    path.emplace_back(step, 0);
  };
  enter(start);
  while (!path.empty()) {
    auto& [step, next] = path.back();
    if (next < edges[step].size()) {
      enter(edges[step][next++]);
    } else {
      leave(step);
      path.pop_back();
    }
  }
}

/// Kosaraju's algorithm: groups of steps that lead to each other.
std::vector<std::vector<std::size_t>> groups_of(const Edges& edges) {
  std::vector<std::size_t> order;
  std::vector<bool> visited(edges.size());
  for (std::size_t step = 0; step < edges.size(); ++step) {
    visit_from(step, edges, visited, [&order](std::size_t left) { order.push_back(left); });
  }
  const Edges backwards = reversed(edges);
  std::vector<std::vector<std::size_t>> groups;
  visited.assign(edges.size(), false);
  for (auto step = order.rbegin(); step != order.rend(); ++step) {
    std::vector<std::size_t> group;
    visit_from(*step, backwards, visited, [&group](std::size_t left) { group.push_back(left); });
    std::sort(group.begin(), group.end());
    if (!group.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

Circle describe(const Formula& formula, std::vector<std::size_t> group) {
  Circle circle{.steps = std::move(group)};
  const auto stays = [&](const std::vector<std::string>& names) {
    std::vector<std::size_t> targets;
    add_targets(formula, names, targets);
    return std::any_of(targets.begin(), targets.end(), [&](std::size_t target) {
      return std::binary_search(circle.steps.begin(), circle.steps.end(), target);
    });
  };
  for (const std::size_t index : circle.steps) {
    const Step& step = formula.steps()[index];
    if (std::holds_alternative<LoopStep>(step.kind)) circle.has_loop = true;
    if (!stays(step.on_success)) circle.has_exit = true;
    if (std::holds_alternative<FilterStep>(step.kind) && !stays(step.on_failure)) circle.has_exit = true;
  }
  return circle;
}

}  // namespace

GraphFindings examine_graph(const Formula& formula) {
  GraphFindings findings;
  const Edges edges = edges_of(formula);
  if (!formula.triggers().empty()) {
    std::vector<bool> reached(edges.size());
    std::vector<std::size_t> starts;
    for (const auto& trigger : formula.triggers()) add_targets(formula, trigger.on_success, starts);
    for (const std::size_t start : starts) visit_from(start, edges, reached, [](std::size_t) {});
    for (std::size_t step = 0; step < reached.size(); ++step) {
      if (!reached[step]) findings.unreachable.push_back(step);
    }
  }
  for (auto& group : groups_of(edges)) {
    const std::size_t first = group.front();
    const bool turns = group.size() > 1 || std::count(edges[first].begin(), edges[first].end(), first) > 0;
    if (turns) findings.circles.push_back(describe(formula, std::move(group)));
  }
  std::sort(findings.circles.begin(), findings.circles.end(),
            [](const Circle& a, const Circle& b) { return a.steps.front() < b.steps.front(); });
  return findings;
}

}  // namespace formulary

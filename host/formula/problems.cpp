#include "host/formula/problems.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "host/formula/graph.hpp"
#include "host/formula/step_problems.hpp"

namespace formulary {
namespace {

using Kind = FormulaProblem::Kind;

std::vector<FormulaProblem> find_own_problems(const Formula& formula);

constexpr std::size_t steps_max = 5'000;
constexpr std::size_t named_in_circles_max = 8;

void check_top_level(const Formula& formula, std::vector<FormulaProblem>& problems) {
  if (formula.name().empty()) problems.push_back({Kind::invalid, "name", "is missing"});
  if (formula.engine() != "v1" && formula.engine() != "v3") {
    problems.push_back({Kind::warning, "engine", "is neither v1 nor v3; v3 is taken"});
  }
  if (!formula.debug_logging().enabled && formula.engine() != "v3") {
    problems.push_back(
        {Kind::invalid, "debugLoggingEnabled", "Execution debug logging can be disabled only for formula engine v3"});
  }
  const auto& triggers = formula.triggers();
  const bool is_manual = std::any_of(triggers.begin(), triggers.end(), [](const Trigger& trigger) {
    return std::holds_alternative<ManualTrigger>(trigger.kind);
  });
  if (formula.resource() && !is_manual) {
    problems.push_back({Kind::invalid, "uri", "a formula that is called as a resource needs a manual trigger"});
  }
  if (triggers.empty()) problems.push_back({Kind::incomplete, "triggers", "is empty; nothing starts the formula"});
  if (triggers.size() > 1) {
    problems.push_back({Kind::warning, "triggers",
                        "has " + std::to_string(triggers.size()) + " entries; a formula has one trigger, the first"});
  }
  if (formula.steps().size() > steps_max) {
    problems.push_back({Kind::invalid, "steps", "has more than " + std::to_string(steps_max) + " entries"});
  }
}

void check_configuration(const Formula& formula, std::vector<FormulaProblem>& problems) {
  std::set<std::string_view> keys;
  for (std::size_t index = 0; index < formula.configuration().size(); ++index) {
    const FormulaVariable& variable = formula.configuration()[index];
    const std::string path = "configuration[" + std::to_string(index) + ']';
    if (variable.key.empty()) {
      problems.push_back({Kind::warning, path + ".key", "is missing; nothing can refer to the value"});
    } else if (!keys.insert(variable.key).second) {
      problems.push_back({Kind::conflict, path + ".key", "'" + variable.key + "' is there twice"});
    }
    if (variable.type != "value" && variable.type != "elementInstance") {
      problems.push_back({Kind::warning, path + ".type", "is neither value nor elementInstance; value is taken"});
    }
  }
}

void check_graph(const Formula& formula, std::vector<FormulaProblem>& problems) {
  const GraphFindings findings = examine_graph(formula);
  for (const std::size_t index : findings.unreachable) {
    problems.push_back({Kind::warning, "steps[" + std::to_string(index) + ']',
                        "'" + formula.steps()[index].name + "' is never reached from the trigger"});
  }
  for (const Circle& circle : findings.circles) {
    if (circle.has_loop) continue;
    std::string names;
    for (std::size_t at = 0; at < std::min(circle.steps.size(), named_in_circles_max); ++at) {
      names += (at == 0 ? "'" : ", '") + formula.steps()[circle.steps[at]].name + "'";
    }
    if (circle.steps.size() > named_in_circles_max) names += ", ...";
    const std::string path = "steps[" + std::to_string(circle.steps.front()) + ']';
    if (circle.has_exit) {
      problems.push_back(
          {Kind::warning, path,
           "goes round without a loop step (" + names + "); each round counts towards the bound on steps"});
    } else {
      problems.push_back(
          {Kind::warning, path,
           "goes round (" + names + ") and can end only by failing; use a loop step, or a filter that ends it"});
    }
  }
}

/// The first of the formulas that is reached again from itself by steps of type formula, with the names on the way.
class CircularFormulas {
 public:
  std::optional<std::string> find(const Formula& formula) {
    path_.push_back(&formula);
    for (const Step& step : formula.steps()) {
      const auto* kind = std::get_if<SubFormulaStep>(&step.kind);
      const auto id = kind == nullptr ? std::nullopt : kind->formula_id.plain_text();
      const Formula* called = id ? formula.find_sub_formula(*id) : nullptr;
      if (called == nullptr || done_.contains(called)) continue;
      if (std::find(path_.begin(), path_.end(), called) != path_.end()) return names(*called);
      if (auto found = find(*called)) return found;
    }
    path_.pop_back();
    done_.insert(&formula);
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::string names(const Formula& again) const {
    std::string text;
    for (auto at = std::find(path_.begin(), path_.end(), &again); at != path_.end(); ++at) {
      text += "'" + (*at)->name() + "', ";
    }
    return text + "'" + again.name() + "'";
  }

  std::vector<const Formula*> path_;
  std::set<const Formula*> done_;
};

void check_sub_formulas(const Formula& formula, std::vector<FormulaProblem>& problems) {
  for (std::size_t index = 0; index < formula.sub_formulas().size(); ++index) {
    const std::string path = "subFormulas[" + std::to_string(index) + "]";
    for (FormulaProblem& problem : find_own_problems(*formula.sub_formulas()[index])) {
      problem.path = problem.path.empty() ? path : path + '.' + problem.path;
      problems.push_back(std::move(problem));
    }
  }
}

std::vector<FormulaProblem> find_own_problems(const Formula& formula) {
  std::vector<FormulaProblem> problems = formula.shape_problems();
  check_top_level(formula, problems);
  check_configuration(formula, problems);
  for (std::size_t index = 0; index < formula.triggers().size(); ++index) {
    find_trigger_problems(formula, index, problems);
  }
  for (std::size_t index = 0; index < formula.steps().size(); ++index) find_step_problems(formula, index, problems);
  check_graph(formula, problems);
  check_sub_formulas(formula, problems);
  return problems;
}

}  // namespace

std::vector<FormulaProblem> find_problems(const Formula& formula) {
  std::vector<FormulaProblem> problems = find_own_problems(formula);
  if (const auto circle = CircularFormulas().find(formula)) {
    problems.push_back({Kind::incomplete, "subFormulas", "call each other in a circle: " + *circle});
  }
  return problems;
}

bool refuses_template(const std::vector<FormulaProblem>& problems) noexcept {
  return std::any_of(problems.begin(), problems.end(), [](const FormulaProblem& problem) {
    return problem.kind == Kind::invalid || problem.kind == Kind::conflict;
  });
}

bool prevents_running(const std::vector<FormulaProblem>& problems) noexcept {
  return std::any_of(problems.begin(), problems.end(),
                     [](const FormulaProblem& problem) { return problem.kind != Kind::warning; });
}

std::string to_text(const std::vector<FormulaProblem>& problems) {
  std::string text;
  for (const auto& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.path.empty() ? problem.sentence : problem.path + ": " + problem.sentence;
  }
  return text;
}

json::array to_json(const std::vector<FormulaProblem>& problems) {
  json::array array;
  for (const auto& problem : problems) {
    array.push_back(json::object{{"kind", name(problem.kind)}, {"path", problem.path}, {"message", problem.sentence}});
  }
  return array;
}

}  // namespace formulary

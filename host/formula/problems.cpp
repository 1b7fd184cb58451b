#include "host/formula/problems.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "host/formula/graph.hpp"
#include "host/formula/step_problems.hpp"

namespace formulary {
namespace {

using Kind = FormulaProblem::Kind;

constexpr std::size_t steps_max = 5'000;
constexpr std::size_t named_in_circles_max = 8;

void check_top_level(const Formula& formula, std::vector<FormulaProblem>& problems) {
  const json::object& document = formula.document().as_object();
  const auto has = [&document](std::string_view key) {
    const json::value* member = document.if_contains(key);
    return member != nullptr && !member->is_null();
  };
  if (formula.name().empty()) problems.push_back({Kind::invalid, "name", "is missing"});
  if (formula.engine() != "v1" && formula.engine() != "v3") {
    problems.push_back({Kind::invalid, "engine", "is not v3"});
  }
  const json::value* logging = document.if_contains("debugLoggingEnabled");
  if (logging != nullptr && logging->is_bool() && !logging->as_bool() && formula.engine() != "v3") {
    problems.push_back(
        {Kind::invalid, "debugLoggingEnabled", "Execution debug logging can be disabled only for formula engine v3"});
  }
  const auto& triggers = formula.triggers();
  const bool is_manual = std::any_of(triggers.begin(), triggers.end(), [](const Trigger& trigger) {
    return std::holds_alternative<ManualTrigger>(trigger.kind);
  });
  if (has("method") && has("uri") && !is_manual) {
    problems.push_back({Kind::invalid, "uri", "a formula that is called as a resource needs a manual trigger"});
  }
  if (triggers.empty()) problems.push_back({Kind::incomplete, "triggers", "is empty; nothing starts the formula"});
  if (triggers.size() > 1) {
    problems.push_back(
        {Kind::invalid, "triggers", "has " + std::to_string(triggers.size()) + " entries; a formula has one trigger"});
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
      problems.push_back({Kind::invalid, path + ".key", "is missing"});
    } else if (!keys.insert(variable.key).second) {
      problems.push_back({Kind::conflict, path + ".key", "'" + variable.key + "' is there twice"});
    }
    if (variable.type != "value" && variable.type != "elementInstance") {
      problems.push_back({Kind::invalid, path + ".type", "is neither value nor elementInstance"});
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
          {Kind::invalid, path,
           "goes round (" + names + ") and can end only by failing; use a loop step, or a filter that ends it"});
    }
  }
}

bool is_given(const json::value* value) {
  if (value == nullptr || value->is_null()) return false;
  const auto* text = value->if_string();
  return text == nullptr || !text->empty();
}

}  // namespace

std::vector<FormulaProblem> find_problems(const Formula& formula) {
  std::vector<FormulaProblem> problems = formula.shape_problems();
  check_top_level(formula, problems);
  check_configuration(formula, problems);
  for (std::size_t index = 0; index < formula.triggers().size(); ++index)
    find_trigger_problems(formula, index, problems);
  for (std::size_t index = 0; index < formula.steps().size(); ++index) find_step_problems(formula, index, problems);
  check_graph(formula, problems);
  return problems;
}

std::vector<FormulaProblem> find_problems(const Formula& formula, const json::object& configuration) {
  std::vector<FormulaProblem> problems;
  std::set<std::string_view> known;
  for (const auto& variable : formula.configuration()) {
    known.insert(variable.key);
    const json::value* value = configuration.if_contains(variable.key);
    const std::string path = "configuration." + variable.key;
    if (variable.required && !is_given(value)) {
      const std::string what = variable.type == "elementInstance" ? "id or name of an element instance" : "value";
      problems.push_back({Kind::incomplete, path, "is required; give the " + what + " for '" + variable.name + "'"});
    } else if (value != nullptr && value->is_structured()) {
      problems.push_back({Kind::incomplete, path, "is neither a text nor a number"});
    }
  }
  for (const auto& member : configuration) {
    if (known.contains(member.key())) continue;
    problems.push_back({Kind::warning, "configuration." + std::string(member.key()), "is not a key of the formula"});
  }
  return problems;
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

}  // namespace formulary

// What the engine's decisions cost per step, without anything being done: a chain of forty scripts, a loop of ten
// thousand rounds. Beside each a plain loop that parses and writes the same JSON.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/base/json.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/plan.hpp"

namespace {

using namespace formulary;

constexpr std::size_t chain_steps = 40;
constexpr std::size_t loop_rounds = 10'000;
const std::string script_output = R"({"id":"c-1","name":"Ada","tags":["a","b"],"count":3})";

json::object step(const std::string& name, const std::string& type, json::object properties, json::array next) {
  return {{"name", name}, {"type", type}, {"properties", std::move(properties)}, {"onSuccess", std::move(next)}};
}

std::shared_ptr<const Formula> make_formula(const std::string& first, json::array steps) {
  json::object trigger{{"type", "manual"}, {"onSuccess", json::array{json::value(first)}}};
  return Formula::from_json(
      json::object{{"name", "f"}, {"triggers", json::array{trigger}}, {"steps", std::move(steps)}});
}

std::shared_ptr<const Formula> chain() {
  json::array steps;
  for (std::size_t at = 0; at < chain_steps; ++at) {
    json::array next;
    if (at + 1 < chain_steps) next.emplace_back("s" + std::to_string(at + 1));
    steps.push_back(step("s" + std::to_string(at), "script", {{"body", "done({})"}}, std::move(next)));
  }
  return make_formula("s0", std::move(steps));
}

std::shared_ptr<const Formula> loop() {
  return make_formula("loop", {step("loop", "loop", {{"list", "${trigger.args}"}}, {"body"}),
                               step("body", "script", {{"body", "done({})"}}, {"loop"})});
}

json::value entries() {
  json::array list;
  for (std::size_t at = 0; at < loop_rounds; ++at) list.push_back({{"id", at}, {"name", "entry"}});
  return list;
}

/// Plays the formula with the same answer to every script; returns the runs of steps.
std::size_t play(const Formula& formula, json::value args) {
  plan::State state;
  Clock::WallTime now;
  auto actions =
      plan::advance(formula, state, {.at = now, .what = plan::Started{.execution_id = "e", .args = std::move(args)}});
  std::vector<plan::RunId> out;
  const auto take = [&] {
    for (const auto& action : actions) {
      if (const auto* run = std::get_if<plan::RunStep>(&action)) out.push_back(run->run);
    }
    actions.clear();  // as an engine that has performed and written them
  };
  take();
  while (!state.finished()) {
    const plan::RunId run = out.back();
    out.pop_back();
    actions = plan::advance(
        formula, state,
        {.at = now,
         .what = plan::StepEnded{.run = run, .outcome = plan::ScriptEnded{.ok = true, .value = script_output}}});
    take();
  }
  return state.runs_begun;
}

void report(benchmark::State& bench, std::size_t steps) {
  bench.counters["us_per_step"] = benchmark::Counter(
      static_cast<double>(steps) / 1e6, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void chain_of_scripts(benchmark::State& bench) {
  const auto formula = chain();
  std::size_t steps = 0;
  for (auto _ : bench) steps = play(*formula, json::object());
  report(bench, steps);
}
BENCHMARK(chain_of_scripts);

/// What no engine can do without: the output is parsed, and each of its members written for the history.
void json_of_chain_alone(benchmark::State& bench) {
  for (auto _ : bench) {
    for (std::size_t at = 0; at < chain_steps; ++at) {
      const json::value value = parse_json(script_output, "output");
      for (const auto& member : value.as_object()) benchmark::DoNotOptimize(to_text(member.value()));
    }
  }
  report(bench, chain_steps);
}
BENCHMARK(json_of_chain_alone);

void loop_of_ten_thousand(benchmark::State& bench) {
  const auto formula = loop();
  const json::value list = entries();
  std::size_t steps = 0;
  for (auto _ : bench) steps = play(*formula, list);
  report(bench, steps);
}
BENCHMARK(loop_of_ten_thousand)->Unit(benchmark::kMillisecond);

void json_of_loop_alone(benchmark::State& bench) {
  const json::value list = entries();
  for (auto _ : bench) {
    const json::value copy = list;
    for (const auto& entry : copy.as_array()) {
      benchmark::DoNotOptimize(to_text(entry));
      const json::value value = parse_json(script_output, "output");
      for (const auto& member : value.as_object()) benchmark::DoNotOptimize(to_text(member.value()));
    }
  }
  report(bench, 2 * loop_rounds);
}
BENCHMARK(json_of_loop_alone)->Unit(benchmark::kMillisecond);

}  // namespace

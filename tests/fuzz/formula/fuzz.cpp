/// \file
/// Any text as a template: it is refused with Error or parses, comes back equal, and its problems can be listed. One
/// that may run is started, and every step that it starts is answered until it ends.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string_view>
#include <variant>

#include "host/base/error.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/plan.hpp"
#include "host/formula/problems.hpp"

namespace {

namespace plan = formulary::plan;

void require(bool holds) {
  if (!holds) std::abort();
}

plan::Outcome answer(const plan::Call& call) {
  if (std::holds_alternative<plan::ScriptCall>(call)) return plan::ScriptEnded{.ok = true, .value = "true"};
  return plan::Answered{.status = 200, .body = "{}"};
}

void play(const formulary::Formula& formula) {
  plan::State state;
  state.limits = {.steps_max = 50, .value_bytes_max = 4'096, .property_bytes_max = 65'536, .scope_bytes_max = 65'536};
  std::deque<plan::Event> events;
  events.push_back({.what = plan::Started{.execution_id = "x"}});
  while (!events.empty()) {
    const auto actions = plan::advance(formula, state, events.front());
    events.pop_front();
    for (const auto& action : actions) {
      if (const auto* run = std::get_if<plan::RunStep>(&action)) {
        events.push_back({.what = plan::StepEnded{.run = run->run, .outcome = answer(*run->call)}});
      } else if (const auto* timer = std::get_if<plan::SetTimer>(&action)) {
        events.push_back({.what = plan::TimerFired{.run = timer->run}});
      }
    }
  }
  require(state.finished());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::shared_ptr<const formulary::Formula> formula;
  try {
    formula = formulary::Formula::parse(text);
  } catch (const formulary::Error& error) {
    require(error.code() == formulary::ErrorCode::bad_input || error.code() == formulary::ErrorCode::limit_reached);
    return 0;
  }
  const auto again = formulary::Formula::parse(formulary::to_text(formula->document()));
  require(again->content_id() == formula->content_id());
  const auto problems = formulary::find_problems(*formula);
  if (!formulary::prevents_running(problems)) play(*formula);
  return 0;
}

/// \file
/// Drives a formula through the plan to its end: answers each call as the test says, lets each timer fire at its time.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "host/formula/formula.hpp"
#include "host/formula/plan.hpp"

namespace formulary::testing {

namespace plan = formulary::plan;

inline plan::ScriptEnded said(std::string json) {
  return {.ok = true, .value = std::move(json)};
}
inline plan::ScriptEnded threw(std::string message) {
  return {.error = std::move(message), .error_code = "script.exception"};
}
inline plan::Answered answered(int status, std::string body = {}) {
  return {.status = status, .body = std::move(body), .content_type = "application/json"};
}

class PlanPlayer {
 public:
  explicit PlanPlayer(std::shared_ptr<const Formula> played) : formula(std::move(played)) {}
  explicit PlanPlayer(const std::string& template_text) : PlanPlayer(Formula::parse(template_text)) {}

  /// What a step is answered: the next of its list, the last one again and again. Scripts without any say {}, filters
  /// true, requests 200.
  std::map<std::string, std::deque<plan::Outcome>> answers;
  json::object config;
  json::object info;

  void start(json::value args = json::object()) {
    send(plan::Started{.execution_id = "e-1", .args = std::move(args), .config = config, .info = info});
  }
  /// To the end, or until nothing is out and no timer runs.
  PlanPlayer& play(json::value args = json::object()) {
    start(std::move(args));
    while (step()) {
    }
    return *this;
  }
  /// One outcome or timer; false if there is none.
  bool step() {
    if (!out.empty()) {
      const plan::RunStep run = out.front();
      out.pop_front();
      send(plan::StepEnded{.run = run.run, .outcome = answer(run)});
      return true;
    }
    if (timers.empty()) return false;
    const auto next =
        std::min_element(timers.begin(), timers.end(), [](const auto& a, const auto& b) { return a.due < b.due; });
    const plan::SetTimer timer = *next;
    timers.erase(next);
    now = std::max(now, timer.due);
    send(plan::TimerFired{.run = timer.run});
    return true;
  }

  std::vector<plan::Action> send(plan::Happening what) {
    now += std::chrono::milliseconds(1);
    auto actions = plan::advance(*formula, state, {.at = now, .what = std::move(what)});
    for (const auto& action : actions) std::visit([this](const auto& it) { this->take(it); }, action);
    return actions;
  }

  /// "trigger success", "loop success", ...: as the platform shows them, without those of sub-formulas.
  [[nodiscard]] std::vector<std::string> route() const {
    std::vector<std::string> route;
    for (const auto& record : records) {
      if (record.parent == 0) route.push_back(record.name + ' ' + std::string(plan::name(record.status)));
    }
    return route;
  }
  [[nodiscard]] std::size_t count(const std::string& name) const {
    return static_cast<std::size_t>(
        std::count_if(records.begin(), records.end(), [&](const auto& record) { return record.name == name; }));
  }
  /// The n-th record of that step.
  [[nodiscard]] plan::StepRecord record(const std::string& name, std::size_t index = 0) const {
    for (const auto& record : records) {
      if (record.name == name && index-- == 0) return record;
    }
    ADD_FAILURE() << "no such record: " << name;
    return {};
  }
  /// The value of that key in the record, or "(none)".
  [[nodiscard]] static std::string value(const plan::StepRecord& record, const std::string& key) {
    for (const auto& [name, text] : record.values) {
      if (name == key) return text;
    }
    return "(none)";
  }
  [[nodiscard]] std::string status() const {
    return finishes.empty() ? "pending" : std::string(plan::name(finishes.front().status));
  }

  std::shared_ptr<const Formula> formula;
  plan::State state;
  Clock::WallTime now = Clock::WallTime(std::chrono::seconds(1'700'000'000));
  std::deque<plan::RunStep> out;
  std::vector<plan::RunStep> begun;  ///< All RunStep actions.
  std::vector<plan::SetTimer> timers;
  std::vector<std::chrono::milliseconds> delays;
  std::vector<plan::StepRecord> records;
  std::vector<std::string> progress;  ///< Of loop steps: "each 1/3", and whether they ran in another loop.
  std::vector<plan::Park> parks;
  std::vector<plan::Finish> finishes;

 private:
  plan::Outcome answer(const plan::RunStep& run) {
    auto& list = answers[run.step->name];
    if (list.empty()) return usual_answer(*run.call);
    plan::Outcome outcome = list.front();
    if (list.size() > 1) list.pop_front();
    return outcome;
  }
  static plan::Outcome usual_answer(const plan::Call& call) {
    if (const auto* script = std::get_if<plan::ScriptCall>(&call)) return said(script->filter ? "true" : "{}");
    if (std::holds_alternative<plan::RequestCall>(call)) return answered(200, "{}");
    if (std::holds_alternative<plan::StreamCall>(call)) {
      return plan::Streamed{.download = answered(200), .upload = answered(200, "{}")};
    }
    return plan::Delivered{};
  }

  void take(const plan::RunStep& action) {
    out.push_back(action);
    begun.push_back(action);
  }
  void take(const plan::SetTimer& action) {
    timers.push_back(action);
    delays.push_back(action.delay);
  }
  void take(const plan::Record& action) {
    records.push_back(action.step);
    if (!action.rounds) return;
    progress.push_back(action.step.name + ' ' + std::to_string(action.rounds->done) + '/' +
                       std::to_string(action.rounds->total) + (action.in_loop ? " inside" : ""));
  }
  void take(const plan::Abandon& action) {
    for (const plan::RunId run : action.runs) {
      std::erase_if(out, [run](const auto& it) { return it.run == run; });
      std::erase_if(timers, [run](const auto& it) { return it.run == run; });
    }
  }
  void take(const plan::Park& action) { parks.push_back(action); }
  void take(const plan::Finish& action) { finishes.push_back(action); }
};

}  // namespace formulary::testing

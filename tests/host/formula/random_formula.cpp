#include "tests/host/formula/random_formula.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <variant>

namespace formulary::testing {
namespace {

using plan::ActiveRun;
using plan::RunId;

json::array random_names(Dice& dice, std::size_t steps) {
  json::array names;
  for (std::size_t count = dice.below(3); count > 0; --count)
    names.emplace_back("s" + std::to_string(dice.below(steps)));
  return names;
}

void add_policy(Dice& dice, json::object& properties) {
  if (!dice.one_in(3)) return;
  properties["retry"] = "true";
  properties["retryAttempts"] = dice.below(4);
  properties["retryDelay"] = dice.below(2) * 100;
}

json::object request_properties(Dice& dice, std::string_view type) {
  static constexpr std::array<const char*, 5> methods{"GET", "POST", "POST", "PUT", "HEAD"};
  json::object properties{{"method", methods.at(dice.below(methods.size()))}};
  if (type == "httpRequest") properties["url"] = dice.one_in(8) ? "${trigger.args.no}" : "https://x.org/";
  if (type != "httpRequest") properties["api"] = dice.one_in(8) ? "/a/{id}" : "/a/${info.formulaId}";
  if (type == "elementRequest") properties["elementInstanceId"] = "${config.crm.instance}";
  if (dice.one_in(2)) properties["body"] = "${steps.s0.response.body}";
  if (dice.one_in(10)) properties["headers"] = json::object{{"Idempotency-Key", "${steps.s1.n}-${info.stepEndTime}"}};
  add_policy(dice, properties);
  return properties;
}

json::object random_properties(Dice& dice, std::string_view type) {
  if (type == "script" || type == "filter") return {{"body", "done(1)"}};
  if (type == "loop") {
    static constexpr std::array<const char*, 3> lists{"${trigger.args.list}", "${steps.s0.list}", "${steps.s1.entry}"};
    return {{"list", lists.at(dice.below(lists.size()))}};
  }
  if (type == "formula") return {{"formulaId", dice.below(3)}, {"args", dice.one_in(2) ? "${trigger.args}" : ""}};
  if (type == "retryFormulaExecution") return {{"retryAttempts", dice.below(4)}};
  if (type == "amqpRequest") return {{"url", "amqp://u:p@h/"}, {"queue", "q"}, {"body", "${steps.s0}"}};
  if (type == "notification") return {{"body", "${steps.s0.n}"}};
  if (type == "elementRequestStream") {
    json::object properties{{"downloadElementInstanceId", 1},
                            {"downloadMethod", "GET"},
                            {"downloadApi", "/a"},
                            {"uploadElementInstanceId", 2},
                            {"uploadMethod", dice.one_in(2) ? "POST" : "PUT"},
                            {"uploadApi", "/b"}};
    add_policy(dice, properties);
    return properties;
  }
  return request_properties(dice, type);
}

json::object random_template(Dice& dice, std::size_t depth) {
  static constexpr std::array<const char*, 18> types{"script",      "script",       "script",
                                                     "filter",      "filter",       "httpRequest",
                                                     "httpRequest", "httpRequest",  "loop",
                                                     "loop",        "loop",         "elementRequest",
                                                     "request",     "formula",      "elementRequestStream",
                                                     "amqpRequest", "notification", "retryFormulaExecution"};
  const std::size_t count = 1 + dice.below(depth == 0 ? 7 : 4);
  json::array steps;
  for (std::size_t index = 0; index < count; ++index) {
    const std::string type = types.at(dice.below(types.size()));
    steps.push_back({{"name", "s" + std::to_string(index)},
                     {"type", type},
                     {"properties", random_properties(dice, type)},
                     {"onSuccess", random_names(dice, count)},
                     {"onFailure", random_names(dice, count)}});
  }
  json::object trigger{{"type", "manual"}, {"onSuccess", random_names(dice, count)}};
  json::object document{{"id", depth}, {"name", "random"}, {"triggers", json::array{trigger}}, {"steps", steps}};
  if (depth < 2) document["subFormulas"] = json::array{random_template(dice, depth + 1)};
  return document;
}

plan::Answered random_answer(Dice& dice) {
  static constexpr std::array<int, 5> statuses{200, 200, 201, 404, 500};
  static constexpr std::array<const char*, 3> bodies{R"({"n":1})", R"({"list":[1,{"a":2}]})", ""};
  plan::Answered answer{.status = statuses.at(dice.below(statuses.size())), .body = bodies.at(dice.below(3))};
  answer.content_type = "application/json";
  if (dice.one_in(30)) answer.body = std::string(300, 'x');  // too long to stand in a row where it is used
  if (dice.one_in(4)) answer.headers = {{"X-Request", "7"}, {"Set-Cookie", "s=1"}};
  return answer;
}

std::string text_of(const plan::Call& call) {
  if (const auto* request = std::get_if<plan::RequestCall>(&call)) {
    return request->method + ' ' + request->target + ' ' + request->body;
  }
  if (const auto* script = std::get_if<plan::ScriptCall>(&call)) {
    return std::to_string(script->seed) + ' ' + std::to_string(script->now.time_since_epoch().count()) + ' ' +
           script_context(*script->scope);
  }
  return std::to_string(call.index());
}

std::string fingerprint(const plan::Frame& frame) {
  std::string text = frame.identity + ' ' + std::to_string(frame.parent) + ' ' + std::to_string(frame.depth) + ' ' +
                     std::to_string(frame.active) + (frame.any_step_failed ? " failed " : " well ") +
                     (frame.starts_over ? "over " : "on ") + std::to_string(frame.times_started_over) + ' ' +
                     std::to_string(frame.last_step.value_or(999)) + ' ' + script_context(*frame.scope);
  for (const auto count : frame.iterations) text += ' ' + std::to_string(count);
  for (const auto& [key, value] : frame.last_values) text += ' ' + key + '=' + value;
  if (frame.last_error) text += ' ' + frame.last_error->code + ' ' + frame.last_error->message;
  return text;
}

}  // namespace

std::shared_ptr<const Formula> random_formula(Dice& dice) {
  return Formula::from_json(random_template(dice, 0));
}

plan::Outcome random_outcome(Dice& dice, const plan::Call& call) {
  if (dice.one_in(12)) {
    return plan::Broke{.code = dice.one_in(2) ? ErrorCode::timed_out : ErrorCode::internal, .message = "broke"};
  }
  if (dice.one_in(40)) return plan::Answered{.status = 200};
  if (std::holds_alternative<plan::RequestCall>(call)) return random_answer(dice);
  if (std::holds_alternative<plan::StreamCall>(call)) {
    plan::Streamed streamed{.download = random_answer(dice)};
    if (streamed.download.status < 300) streamed.upload = random_answer(dice);
    return streamed;
  }
  if (!std::holds_alternative<plan::ScriptCall>(call)) return plan::Delivered{};
  static constexpr std::array<const char*, 6> values{
      "true", "false", R"({"a":1})", "", R"({"list":[1,2],"n":"x"})", R"({"list":[[1,2],[],[3]],"entry":[1]})"};
  plan::ScriptEnded ended{.ok = !dice.one_in(10), .value = values.at(dice.below(values.size()))};
  if (!ended.ok) ended = {.error = "threw", .error_code = "script.exception", .console = {"line"}};
  return ended;
}

std::string fingerprint(const plan::State& state) {
  std::string text = state.execution_id + ' ' + std::string(plan::name(state.status)) +
                     (state.parked ? " parked " : " ") + std::to_string(state.began.time_since_epoch().count()) + ' ' +
                     std::to_string(state.script_time.time_since_epoch().count()) + ' ' +
                     std::to_string(state.runs_begun) + ' ' + std::to_string(state.scope_bytes) + ' ' +
                     std::to_string(state.values_bytes);
  for (const auto& [id, frame] : state.frames) text += "\nframe " + std::to_string(id) + ' ' + fingerprint(frame);
  for (const auto& [id, loop] : state.loops) {
    text += "\nloop " + std::to_string(id) + ' ' + std::to_string(loop.frame) + ' ' + std::to_string(loop.step) + ' ' +
            std::to_string(loop.outer) + ' ' + std::to_string(loop.next) + ' ' + std::to_string(loop.holders) + ' ' +
            (loop.list == nullptr ? "done" : to_text(*loop.list));
  }
  for (const auto& [id, run] : state.active) {
    text += "\nrun " + std::to_string(id) + ' ' + std::to_string(run.frame) + ' ' + std::to_string(run.step) + ' ' +
            std::to_string(run.loop) + ' ' + std::to_string(run.attempt) + ' ' +
            std::to_string(static_cast<int>(run.waits)) + ' ' + std::to_string(run.started.time_since_epoch().count()) +
            ' ' + std::to_string(run.due.time_since_epoch().count()) + ' ' + run.digest + ' ' + run.idempotency_key +
            ' ' + std::string(plan::name(run.safety)) + ' ' + (run.call == nullptr ? "" : text_of(*run.call));
  }
  return text;
}

std::string fault_in(const plan::State& state) {
  if (state.finished()) return state.active.empty() && state.loops.empty() ? "" : "something is left at the end";
  if (!state.started) return {};
  std::map<RunId, std::size_t> in_frame;
  std::map<RunId, std::size_t> in_loop;
  bool moves = false;
  bool doubted = false;
  for (const auto& [id, run] : state.active) {
    ++in_frame[run.frame];
    if (run.loop != 0) ++in_loop[run.loop];
    moves = moves || run.waits == ActiveRun::Waits::call || run.waits == ActiveRun::Waits::timer;
    doubted = doubted || run.waits == ActiveRun::Waits::person;
    if ((run.waits == ActiveRun::Waits::formula) != (state.frames.count(id) == 1)) return "a run without its frame";
  }
  if (state.active.empty()) return "it neither ended nor does anything";
  if (!moves && !doubted) return "nothing moves";
  if (state.parked != (!moves && doubted)) return "it is parked and not";
  std::size_t bytes = 0;
  for (const auto& [id, frame] : state.frames) {
    if (frame.active != in_frame[id]) return "frame " + std::to_string(id) + " counts its runs wrongly";
    frame.scope->steps.for_each([&bytes](const auto& entry) { bytes += entry.bytes; });
    if (id != 0 && frame.active == 0) return "a frame that has ended is still there";
  }
  if (bytes != state.scope_bytes) return "the outputs take " + std::to_string(bytes) + " bytes";
  for (const auto& [id, loop] : state.loops) {
    if (loop.outer != 0) ++in_loop[loop.outer];
  }
  for (const auto& [id, loop] : state.loops) {
    if (loop.holders != in_loop[id] || loop.holders == 0) return "loop " + std::to_string(id) + " is held wrongly";
  }
  for (const auto& [id, count] : in_loop) {
    if (state.loops.count(id) == 0) return "a run in a loop that is not there";
  }
  return {};
}

}  // namespace formulary::testing

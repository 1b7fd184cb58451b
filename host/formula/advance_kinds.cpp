// The kinds of step that make no call: loops, sub-formulas, and the formula from its beginning again.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "host/formula/advance.hpp"
#include "host/formula/request_builder.hpp"

namespace formulary::plan {
namespace {

StepError bad_input(std::string message) {
  return {.code = std::string(name(ErrorCode::bad_input)), .message = std::move(message)};
}

/// JSON text of an object or array as that; anything else as it is.
json::value read_args(json::value value) {
  const auto* text = value.if_string();
  if (text == nullptr || (!text->starts_with('{') && !text->starts_with('['))) return value;
  try {
    return parse_json(*text, "args");
  } catch (const Error&) {
    return value;  // a text that only looks like JSON
  }
}

Output loop_output(const Step& step, std::size_t index, const json::value& entry, const Limits& limits) {
  const std::string entry_text = to_text(entry);
  const std::string index_text = std::to_string(index);
  std::string text = R"({"index":)" + index_text + R"(,"entry":)" + entry_text + '}';
  Output output{.bytes = text.size()};
  output.value = SharedJson(json::object{{"index", index}, {"entry", entry}}, std::move(text));
  output.values.emplace_back(step.name + ".index", index_text);
  if (entry_text.size() <= limits.value_bytes_max) output.values.emplace_back(step.name + ".entry", entry_text);
  return output;
}

}  // namespace

RunId Advance::passage_through(RunId frame, std::size_t step, RunId loop) const {
  while (loop != 0) {
    const Loop& at = state_.loops.at(loop);
    if (at.frame == frame && at.step == step) return loop;
    loop = at.outer;
  }
  return 0;
}

void Advance::hold(RunId loop) {
  if (loop != 0) ++state_.loops.at(loop).holders;
}

void Advance::release(RunId loop) {
  while (loop != 0) {
    const auto found = state_.loops.find(loop);
    if (found == state_.loops.end() || --found->second.holders > 0) return;
    loop = found->second.outer;
    state_.loops.erase(found);
  }
}

std::shared_ptr<const json::value> Advance::loop_list(const Begun& begun) {
  const auto& kind = std::get<LoopStep>(begun.step.kind);
  auto list = share(kind.list, *frame_of(begun.run).scope, state_.limits.property_bytes_max);
  return list != nullptr && list->is_array() ? list : nullptr;
}

/// For n entries it is executed n + 1 times; the last one only says that there is no more, which is no error.
void Advance::enter_loop(Begun begun, RunId continued) {
  RunId passage = continued;
  if (passage == 0) {
    std::shared_ptr<const json::value> list;
    try {
      list = loop_list(begun);
    } catch (const Error& error) {
      return fail(std::move(begun), {.code = std::string(name(error.code())), .message = error.what()});
    }
    if (list == nullptr) {
      const std::string shown = RequestBuilder::shown(std::get<LoopStep>(begun.step.kind).list);
      return fail(std::move(begun), bad_input("list " + shown + " gives no list"));
    }
    passage = begun.id;
    hold(begun.run.loop);
    state_.loops.emplace(
        passage,
        Loop{.frame = begun.run.frame, .step = begun.run.step, .outer = begun.run.loop, .list = std::move(list)});
  }
  hold(passage);
  Loop& loop = state_.loops.at(passage);
  const json::array& entries = loop.list->as_array();
  begun.run.rounds = Rounds{.done = loop.next, .total = entries.size()};
  if (loop.next < entries.size()) {
    const std::size_t index = loop.next++;
    Output output = loop_output(begun.step, index, entries[index], state_.limits);
    close(std::move(begun), std::move(output), {}, passage);
  } else {
    loop.list = nullptr;
    const RunId outer = loop.outer;
    close(std::move(begun), {.value = SharedJson(json::object())}, {.route = Verdict::Route::failure}, outer);
  }
  release(passage);
}

void Advance::enter_formula(Begun begun) {
  Frame& frame = frame_of(begun.run);
  const auto& kind = std::get<SubFormulaStep>(begun.step.kind);
  const CallInputs inputs{.scope = frame.scope, .property_bytes_max = state_.limits.property_bytes_max};
  Frame inner{.parent = begun.run.frame, .depth = frame.depth + 1, .identity = begun.run.digest};
  auto scope = std::make_shared<Scope>();
  try {
    const RequestBuilder builder(begun.step, inputs);
    inner.formula = frame.formula->find_sub_formula(builder.text(kind.formula_id));
    if (inner.formula == nullptr) {
      builder.fail("formulaId " + RequestBuilder::shown(kind.formula_id) + " is no formula among the subFormulas");
    }
    if (inner.depth > state_.limits.depth_max) {
      throw Error(ErrorCode::limit_reached, "step '" + begun.step.name + "': more than " +
                                                std::to_string(state_.limits.depth_max) +
                                                " sub-formulas in each other; look for one that calls itself");
    }
    scope->trigger =
        SharedJson(json::object{{"args", read_args(builder.resolved(kind.args).value_or(json::object()))}});
    scope->config = frame.scope->config;
    if (const auto given = builder.object(kind.configuration, "subFormulaConfigs")) {
      json::object config = scope->config.value().is_object() ? scope->config.value().as_object() : json::object();
      for (const auto& member : *given) config[member.key()] = member.value();
      scope->config = SharedJson(json::value(std::move(config)));
    }
  } catch (const Error& error) {
    return fail(std::move(begun), {.code = std::string(name(error.code())), .message = error.what()});
  }
  inner.scope = std::move(scope);
  json::object info = *frame.info;
  if (!inner.formula->id().empty()) info["formulaId"] = inner.formula->id();
  const RunId id = begun.id;
  begun.run.waits = ActiveRun::Waits::formula;
  state_.active.emplace(id, std::move(begun.run));
  open_frame(id, std::move(inner), std::move(info));
  start(state_.frames.at(id), id);
}

/// Waits, and when the time has come the frame starts over as soon as nothing in it is out any more.
void Advance::enter_retry(Begun begun) {
  Frame& frame = frame_of(begun.run);
  const CallInputs inputs{.scope = frame.scope, .property_bytes_max = state_.limits.property_bytes_max};
  int attempts = 1;
  try {
    const RequestBuilder builder(begun.step, inputs);
    const auto& property = std::get<RetryExecutionStep>(begun.step.kind).attempts;
    const std::string text = builder.text(property);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), attempts);
    if (!text.empty() && (error != std::errc{} || end != text.data() + text.size() || attempts < 0)) {
      builder.fail("retryAttempts " + RequestBuilder::shown(property) + " is no number");
    }
  } catch (const Error& error) {
    return fail(std::move(begun), {.code = std::string(name(error.code())), .message = error.what()});
  }
  attempts = std::min(attempts, execution_attempts_max);
  if (frame.times_started_over >= attempts) {
    StepError error{.code = "retries_used_up",
                    .message = "the formula was started over " + std::to_string(frame.times_started_over) +
                               " times, and failed each time"};
    const std::string attempt = std::to_string(frame.times_started_over);
    Output output{.value = SharedJson(json::object{{"attempt", frame.times_started_over}}),
                  .values = {{begun.step.name + ".attempt", attempt}},
                  .bytes = attempt.size()};
    return close(std::move(begun), std::move(output), {.route = Verdict::Route::failure, .error = std::move(error)});
  }
  begun.run.attempt = ++frame.times_started_over;
  const auto units = std::llround(std::exp(frame.times_started_over));
  const RunId id = begun.id;
  ActiveRun& run = state_.active.emplace(id, std::move(begun.run)).first->second;
  wait(id, run, state_.limits.retry_unit * units, "the formula starts over");
}

}  // namespace formulary::plan

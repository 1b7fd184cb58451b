#include "host/script/script_runner.hpp"

#include "host/base/error.hpp"
#include "host/base/json.hpp"

namespace formulary {
namespace {

constexpr std::size_t context_max = 64U << 20U;

ScriptInputs::Text text_of(const json::value& value) {
  return std::make_shared<const std::string>(to_text(value));
}

const std::string& or_empty(const ScriptInputs::Text& text) {
  static const std::string empty = "{}";
  return text ? *text : empty;
}

}  // namespace

std::vector<ChainedResult> ScriptRunner::run_chain(const ScriptChain& chain) {
  std::vector<ChainedResult> results;
  results.push_back({.step = 0, .result = run(request_of(chain, 0))});
  return results;
}

ScriptRequest request_of(const ScriptChain& chain, std::size_t index) {
  const ScriptChain::Step& step = chain.steps.at(index);
  ScriptRequest request;
  request.kind = step.kind;
  request.name = step.name;
  request.body = step.body;
  request.seed = step.seed;
  request.now_ms = chain.now_ms;
  request.time_limit = chain.time_limit;
  request.output_max = chain.output_max;
  request.inputs = chain.inputs;
  request.version = chain.version;
  request.returns = step.returns;
  request.stop = chain.stop;
  return request;
}

ScriptInputs split_script_context(const std::string& context) {
  const json::value parsed = parse_json(context, "the context of the script", {.bytes_max = context_max});
  const auto* object = parsed.if_object();
  if (object == nullptr) throw Error(ErrorCode::bad_input, "the context of the script: not a JSON object");
  ScriptInputs inputs;
  for (const auto& member : *object) {
    if (member.key() == "trigger") inputs.trigger = text_of(member.value());
    if (member.key() == "info") inputs.info = text_of(member.value());
    if (member.key() == "config") inputs.config = text_of(member.value());
    const auto* steps = member.key() == "steps" ? member.value().if_object() : nullptr;
    if (steps == nullptr) continue;
    for (const auto& step : *steps) inputs.steps.emplace_back(step.key(), text_of(step.value()));
  }
  return inputs;
}

std::string join_script_context(const ScriptInputs& inputs) {
  std::string context = R"({"trigger":)" + or_empty(inputs.trigger) + R"(,"steps":{)";
  for (const auto& [name, output] : inputs.steps) {
    if (context.back() != '{') context += ',';
    append_json_string(context, name);
    context += ':' + or_empty(output);
  }
  return context + R"(},"info":)" + or_empty(inputs.info) + R"(,"config":)" + or_empty(inputs.config) + '}';
}

}  // namespace formulary

#include <algorithm>
#include <map>
#include <utility>

#include "host/formula/advance.hpp"

namespace formulary::plan {
namespace {

bool is_script(const Step& step) {
  return std::holds_alternative<ScriptStep>(step.kind) || std::holds_alternative<FilterStep>(step.kind);
}

/// Somebody else could change what the links see, or what comes next.
bool others_are_out(const State& state, RunId id) {
  return std::any_of(state.active.begin(), state.active.end(), [id](const auto& active) {
    return active.first != id && active.second.waits != ActiveRun::Waits::formula;
  });
}

class ChainMaker {
 public:
  ChainMaker(const State& state, const Frame& frame, const ScriptCall& first)
      : state_(state), frame_(frame), first_(first) {}

  std::vector<ChainLink> make(std::size_t step, bool one_only) {
    chain_.push_back(link(step, first_));
    at_.emplace(step, 0);
    if (one_only || frame_.starts_over) return std::move(chain_);
    for (std::size_t index = 0; index < chain_.size(); ++index) {
      const Step& from = *chain_[index].step;
      const auto success = follow(from.on_success);
      const auto failure = follow(from.on_failure);
      chain_[index].on_success = success;
      chain_[index].on_failure = failure;
    }
    return std::move(chain_);
  }

 private:
  [[nodiscard]] ChainLink link(std::size_t step, const ScriptCall& call) const {
    return {.step = &frame_.formula->steps()[step],
            .filter = call.filter,
            .must_return = call.must_return,
            .body = call.body,
            .seed = call.seed};
  }

  /// Each step is there once, with the seed of its next run: a second way to it ends the chain.
  std::optional<std::size_t> follow(const std::vector<std::string>& names) {
    const Step* next = names.size() == 1 ? frame_.formula->find_step(names.front()) : nullptr;
    if (next == nullptr || !is_script(*next) || chain_.size() >= chain_links_max) return std::nullopt;
    const auto step = static_cast<std::size_t>(next - frame_.formula->steps().data());
    const auto [at, is_new] = at_.emplace(step, chain_.size());
    if (!is_new) return std::nullopt;
    const std::string digest =
        digest_of({.execution_id = frame_.identity, .step = next->name, .iteration = frame_.iterations[step] + 1});
    const CallInputs inputs{.scope = first_.scope, .digest = digest, .script_time = state_.script_time};
    chain_.push_back(link(step, std::get<ScriptCall>(make_call(*frame_.formula, *next, inputs))));
    return chain_.size() - 1;
  }

  const State& state_;
  const Frame& frame_;
  const ScriptCall& first_;
  std::vector<ChainLink> chain_;
  std::map<std::size_t, std::size_t> at_;  ///< By step: its place in the chain.
};

}  // namespace

std::vector<ChainLink> pure_chain(const State& state, RunId id) {
  const auto found = state.active.find(id);
  if (found == state.active.end() || found->second.waits != ActiveRun::Waits::call) return {};
  const ActiveRun& run = found->second;
  const auto* call = std::get_if<ScriptCall>(run.call.get());
  if (call == nullptr) return {};
  const Frame& frame = state.frames.at(run.frame);
  return ChainMaker(state, frame, *call).make(run.step, others_are_out(state, id));
}

}  // namespace formulary::plan

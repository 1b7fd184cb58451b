/// \file
/// Runs a formula's JavaScript, confined. The host itself links no engine: workers are processes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace formulary {

enum class ScriptKind { step, filter };

/// What scripts see besides their own text, each part as its JSON. Shared, so that a part which many steps see is
/// written once. A part that is not there is {}.
struct ScriptInputs {
  using Text = std::shared_ptr<const std::string>;

  Text trigger;
  Text info;
  Text config;
  std::vector<std::pair<std::string, Text>> steps;  ///< Each finished step once, by name, with its output.
};

struct ScriptRequest {
  ScriptKind kind = ScriptKind::step;
  std::string name;        ///< Step name, for messages.
  std::string body;        ///< The text between the braces of function (trigger, steps, info, config, done).
  std::string context;     ///< If not empty: one JSON object with trigger, steps, info and config, instead of `inputs`.
  std::uint64_t seed = 0;  ///< For Math.random.
  std::int64_t now_ms = 0;  ///< What Date says.
  std::chrono::milliseconds time_limit{30'000};
  std::size_t output_max = 6U << 20U;
  ScriptInputs inputs;
  /// Content id of the formula's version. Runs of one version share frozen global objects, which saves most of a run's
  /// cost. Empty: this run shares nothing.
  std::string version;
  bool returns = false;  ///< A script of engine v1: its result is what it returns, and its messages are that engine's.
  std::stop_token stop;  ///< Ends the run at once, with "script.cancelled".
};

struct ScriptResult {
  bool ok = false;
  std::string value;                 ///< JSON of what done() got; empty if done() had no argument.
  std::string error;                 ///< JavaScript's message, or the limit that was reached; empty if ok.
  std::string error_code;            ///< One of the codes below; empty if ok.
  std::vector<std::string> console;  ///< Logged lines, also of a failed run.
  std::vector<std::string> notify;   ///< JSON objects {to, subject, body}.
};

/// Scripts and filters of one execution that follow each other with nothing between them that acts. The first runs,
/// then the one that its outcome leads to, and so on. Each sees the outputs of those before it in `steps`: the value of
/// a script, {"continue": true or false} of a filter, {"error": message} of one that failed, {} of done() without a
/// value.
struct ScriptChain {
  struct Step {
    ScriptKind kind = ScriptKind::step;
    std::string name;
    std::string body;
    bool returns = false;
    std::uint64_t seed = 0;
    /// Where it goes on in this chain; nothing: the chain ends there. A filter that says false, and a step that failed,
    /// go to `on_failure`.
    std::optional<std::size_t> on_success;
    std::optional<std::size_t> on_failure;
  };

  std::vector<Step> steps;  ///< At least one; [0] is the first to run.
  ScriptInputs inputs;
  std::string version;  ///< As in ScriptRequest.
  std::int64_t now_ms = 0;
  std::chrono::milliseconds time_limit{30'000};  ///< For each step.
  std::size_t output_max = 6U << 20U;            ///< For each step.
  std::stop_token stop;
};

struct ChainedResult {
  std::size_t step = 0;  ///< Its index in ScriptChain::steps.
  ScriptResult result;
};

/// Codes of a failed run:
///
///   script.syntax     the body is no JavaScript; the error names the line
///   script.exception  it threw, or a promise was rejected and nobody handled it
///   script.no_result  it ended without calling done()
///   script.output     what done() got is too large, or JSON cannot say it
///   script.timeout    it did not end in time
///   script.memory     it needed more memory than it may have
///   script.input      the host gave it more than fits, or a context that is no JSON
///   script.cancelled  its stop token was set
///   script.crashed    its process died; no other run is touched
///
/// Any thread may use it; a run blocks its caller until a worker is free and the script ended.
class ScriptRunner {
 public:
  ScriptRunner() = default;
  ScriptRunner(const ScriptRunner&) = delete;
  ScriptRunner& operator=(const ScriptRunner&) = delete;
  virtual ~ScriptRunner() = default;

  /// Never throws for what the script does. Error(unavailable) if no worker can be started.
  [[nodiscard]] virtual ScriptResult run(const ScriptRequest& request) = 0;

  /// Runs the chain's first step and as many of those that follow as it likes, each at most once; the results in the
  /// order in which they ran, at least one. The caller goes on after the last. Fails like run().
  [[nodiscard]] virtual std::vector<ChainedResult> run_chain(const ScriptChain& chain);
};

/// Where a chain goes on after this step ended so; nothing if it ends there.
[[nodiscard]] inline std::optional<std::size_t> next_step(const ScriptChain::Step& step, const ScriptResult& result) {
  const bool succeeded = result.ok && (step.kind == ScriptKind::step || result.value == "true");
  return succeeded ? step.on_success : step.on_failure;
}

/// The request that runs the step `index` of a chain by itself, with the chain's inputs.
[[nodiscard]] ScriptRequest request_of(const ScriptChain& chain, std::size_t index);

/// The parts of a context as ScriptRequest::context has it. Throws Error(bad_input) if it is no JSON object.
[[nodiscard]] ScriptInputs split_script_context(const std::string& context);

/// The opposite.
[[nodiscard]] std::string join_script_context(const ScriptInputs& inputs);

}  // namespace formulary

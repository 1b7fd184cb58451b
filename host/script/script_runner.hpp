/// \file
/// Runs a formula's JavaScript, confined. The host itself links no engine: workers are processes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace formulary {

enum class ScriptKind { step, filter };

struct ScriptRequest {
  ScriptKind kind = ScriptKind::step;
  std::string name;         ///< Step name, for messages.
  std::string body;         ///< The text between the braces of function (trigger, steps, info, config, done).
  std::string context;      ///< JSON object with the members trigger, steps, info, config.
  std::uint64_t seed = 0;   ///< For Math.random.
  std::int64_t now_ms = 0;  ///< What Date says.
  std::chrono::milliseconds time_limit{30'000};
  std::size_t output_max = 6U << 20U;
};

struct ScriptResult {
  bool ok = false;
  std::string value;                 ///< JSON of what done() got; empty if done() had no argument.
  std::string error;                 ///< JavaScript's message, or the limit that was reached; empty if ok.
  std::string error_code;            ///< One of the codes below; empty if ok.
  std::vector<std::string> console;  ///< Logged lines, also of a failed run.
  std::vector<std::string> notify;   ///< JSON objects {to, subject, body}.
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
};

}  // namespace formulary

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
  std::string name;     ///< Step name, for messages.
  std::string body;     ///< The text between the braces of function (trigger, steps, info, config, done).
  std::string context;  ///< JSON object with the members trigger, steps, info, config.
  std::uint64_t seed = 0;                ///< For Math.random.
  std::int64_t now_ms = 0;               ///< What Date says.
  std::chrono::milliseconds time_limit{30'000};
  std::size_t output_max = 6U << 20U;
};

struct ScriptResult {
  bool ok = false;
  std::string value;    ///< JSON of what done() got; empty if done() had no argument.
  std::string error;    ///< JavaScript's message, or the limit that was reached; empty if ok.
  std::string error_code;  ///< "script.exception", "script.syntax", "script.timeout", "script.memory", "script.output", "script.crashed"
  std::vector<std::string> console;  ///< Logged lines, also of a failed run.
  std::vector<std::string> notify;   ///< JSON objects {to, subject, body}.
};

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

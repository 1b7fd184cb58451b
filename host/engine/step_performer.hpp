/// \file
/// Performs one call of a step: asks the plugin, the network or the script worker, and says what came of it.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "host/base/redactor.hpp"
#include "host/engine/ports.hpp"
#include "host/formula/plan.hpp"

namespace formulary {

struct CallOrder {
  std::int64_t formula_instance = 0;  ///< Whose step it is; 0: none's.
  std::string step_name;
  std::string version;  ///< Content id of the formula whose step it is.
  std::shared_ptr<const plan::Call> call;
  int attempt = 1;
  std::string idempotency_key;  ///< Empty if none is needed.
  std::string trace_id;         ///< Of its execution; empty: none.
  std::stop_token stop;
  std::shared_ptr<const Redactor> redactor;
};

/// Any thread may use it; it borrows what the ports borrow.
class StepPerformer {
 public:
  StepPerformer(const RunnerPorts& ports, const RunnerSettings& settings) : ports_(ports), settings_(settings) {}

  /// Blocks until the answer is there or the time limit of its kind has passed. What a plugin reports with an HTTP
  /// status of 400 or more is that answer; any other failure is Broke. Never throws.
  [[nodiscard]] plan::Outcome perform(const CallOrder& order) const noexcept;

  /// How long perform() takes at most, as far as the other side keeps to it.
  [[nodiscard]] std::chrono::milliseconds time_limit(const plan::Call& call) const noexcept;

 private:
  [[nodiscard]] plan::Outcome perform_kind(const CallOrder& order, const plan::RequestCall& call) const;
  [[nodiscard]] plan::Outcome perform_kind(const CallOrder& order, const plan::ScriptCall& call) const;
  [[nodiscard]] plan::Outcome perform_kind(const CallOrder& order, const plan::StreamCall& call) const;
  [[nodiscard]] plan::Outcome perform_kind(const CallOrder& order, const plan::AmqpCall& call) const;
  [[nodiscard]] plan::Outcome perform_kind(const CallOrder& order, const plan::NotifyCall& call) const;
  [[nodiscard]] plan::Outcome half_of_stream(const CallOrder& order, const plan::RequestCall& call) const;
  [[nodiscard]] plan::Answered request(const CallOrder& order, const plan::RequestCall& call) const;
  [[nodiscard]] CallContext context_of(const CallOrder& order) const;
  [[nodiscard]] plan::Answered call_platform(const CallOrder& order, const plan::RequestCall& call) const;
  [[nodiscard]] plan::Answered call_element(const CallOrder& order, const plan::RequestCall& call) const;
  [[nodiscard]] plan::Answered send_http(const CallOrder& order, const plan::RequestCall& call) const;

  RunnerPorts ports_;
  RunnerSettings settings_;
};

}  // namespace formulary

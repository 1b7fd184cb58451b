/// \file
/// Starts executions of formula instances, for whatever cause: a person, a schedule, an event, a call through the API.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/formula_instances.hpp"
#include "host/engine/engine.hpp"
#include "host/events/dispatcher.hpp"

namespace formulary::api {

/// Any thread may use it. What Engine::submit() throws passes.
class FormulaStarter {
 public:
  /// Borrows all. `warn` hears of an instance that cannot be started by itself.
  FormulaStarter(FormulaStore& store, FormulaInstances& instances, Engine& engine,
                 std::function<void(const std::string& sentence)> warn);

  /// By hand: `body` is what a manual trigger gets as its args, what an event trigger gets as a notification (one
  /// execution for each of its events), and what an elementRequest trigger gets as {"request":…,"response":…}. Returns
  /// the ids of the executions. A trigger with async false is waited for, up to 30 seconds.
  std::vector<std::int64_t> start(const FormulaInstanceRecord& instance, const json::value& body,
                                  const std::stop_token& stop = {});
  /// For SchedulerPorts::fire.
  void fire(std::int64_t formula_instance);
  /// How many executions of a formula instance an event started before.
  using StartedBefore = std::function<std::size_t(std::int64_t formula_instance)>;
  /// An event of an element instance starts every active instance of the account whose event trigger names it, by id or
  /// by name, once for each event object. One that cannot be started keeps no other from it. With `before`, as many
  /// event objects as it says, the first ones, start nothing. Throws only what reading the instances does.
  events::StartedFormulas on_event(std::int64_t account, const std::vector<std::string>& selectors,
                                   const json::value& notification, const StartedBefore& before = {});
  /// A call of a resource of an element instance starts every active instance whose elementRequest trigger waits for
  /// it.
  std::vector<std::int64_t> on_element_request(std::int64_t account, const std::vector<std::string>& selectors,
                                               const plan::ElementRequestSeen& seen);

 private:
  template <class Start>
  events::StartedFormulas start_each(std::int64_t account, const Start& start);

  FormulaStore& store_;
  FormulaInstances& instances_;
  Engine& engine_;
  const std::function<void(const std::string& sentence)> warn_;
};

}  // namespace formulary::api

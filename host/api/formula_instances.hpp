/// \file
/// Instances of formulas: checked before they are made, scheduled while they are active, ready to run.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "host/api/formulas.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/scheduler.hpp"

namespace formulary::api {

struct FormulaInstancePorts {
  /// Whether the account has an element instance of that id or name. May be empty: not asked.
  std::function<bool(std::int64_t account, std::string_view selector)> has_element_instance;
  /// Scheduler::put and remove. May be empty: nothing is scheduled.
  std::function<void(Schedule)> put_schedule;
  std::function<void(std::int64_t formula_instance)> remove_schedule;
  /// Hears of an instance whose schedule cannot be put. May be empty.
  std::function<void(const std::string& sentence)> warn;
};

/// Any thread may use it. Every function throws Error(store_failed); those that take an account Error(not_found) for
/// what is not that account's.
class FormulaInstances {
 public:
  /// Borrows all.
  FormulaInstances(FormulaStore& store, Formulas& formulas, const Clock& clock, FormulaInstancePorts ports);

  [[nodiscard]] FormulaInstanceRecord find(std::int64_t account, std::int64_t id) const;
  /// Error(not_found) too if it is not an instance of that formula.
  [[nodiscard]] FormulaInstanceRecord find_of(std::int64_t account, std::int64_t formula, std::int64_t id) const;
  [[nodiscard]] std::vector<FormulaInstanceRecord> list(std::int64_t account) const;  ///< By id.
  [[nodiscard]] std::vector<FormulaInstanceRecord> list_of(std::int64_t account, std::int64_t formula) const;

  /// {"name":"…","configuration":{…},"settings":{…},"active":true,"singleThreaded":false}. Error(formula_invalid) with
  /// all problems (CONTRACT 2.7).
  FormulaInstanceRecord add(const Principal& principal, std::int64_t formula, const json::object& given);
  /// Writes the members that are given, and checks configuration and settings if one of them is.
  FormulaInstanceRecord merge(std::int64_t account, std::int64_t id, const json::object& given);
  FormulaInstanceRecord set_active(std::int64_t account, std::int64_t id, bool active);
  /// Its schedule rests, or goes on.
  FormulaInstanceRecord set_paused(std::int64_t account, std::int64_t id, bool paused);
  void remove(std::int64_t account, std::int64_t id);
  /// For what happens to it by itself. Nothing if there is none any more.
  std::optional<FormulaInstanceRecord> edit(std::int64_t id, const std::function<void(FormulaInstanceRecord&)>& change);

  /// Whether its last execution that ended failed.
  [[nodiscard]] bool has_errors(std::int64_t id) const;

  /// {"id":1,"name":"…","active":true,"configuration":{…},"settings":{…},"formula":{"id":…},…}
  [[nodiscard]] json::object shown(const FormulaInstanceRecord& instance, const KeptFormula& formula) const;
  [[nodiscard]] json::object shown(const FormulaInstanceRecord& instance) const;

  /// What starts it, but for `args`. Error(conflict) if the instance or its formula is not active.
  [[nodiscard]] ExecutionOrder order_of(const FormulaInstanceRecord& instance) const;
  /// When it runs by itself: nothing unless its formula is scheduled and both are active.
  [[nodiscard]] std::optional<Schedule> schedule_of(const FormulaInstanceRecord& instance) const;
  /// Schedules the instances of a formula anew, since it has changed.
  void follow_formula(std::int64_t formula);
  /// Schedules all, when the host starts.
  void schedule_all();
  /// Removes those whose time to live is over (`formula.instance.time.to.live`); how many. To be called every hour.
  std::size_t remove_expired();

 private:
  [[nodiscard]] KeptFormula formula_of(const FormulaInstanceRecord& instance) const;
  void check(const FormulaInstanceRecord& instance, const KeptFormula& formula) const;
  void put_schedule(const FormulaInstanceRecord& instance);
  void schedule(const std::vector<FormulaInstanceRecord>& instances);

  FormulaStore& store_;
  Formulas& formulas_;
  const Clock& clock_;
  const FormulaInstancePorts ports_;
  std::mutex changing_;
};

/// The configuration values that name element instances, as texts, by key.
[[nodiscard]] std::vector<std::string> element_instances_of(const Formula& formula, const json::object& configuration);

/// A property of a trigger, its references to the configuration followed; empty if it is absent.
[[nodiscard]] std::string configured_text(const Property& property, json::object configuration);

}  // namespace formulary::api

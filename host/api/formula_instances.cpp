#include "host/api/formula_instances.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>
#include <utility>

#include "host/api/api_time.hpp"
#include "host/api/formula_document.hpp"
#include "host/api/plain_text.hpp"
#include "host/base/error.hpp"
#include "host/engine/instance_order.hpp"
#include "host/formula/instance_problems.hpp"
#include "host/formula/problems.hpp"
#include "host/formula/scope.hpp"

namespace formulary::api {
namespace {

constexpr std::string_view life_setting = "formula.instance.time.to.live";

[[noreturn]] void no_such(std::int64_t id) {
  throw Error(ErrorCode::not_found, "formula instance " + std::to_string(id) +
                                        ": there is none in this account; GET /formulas/instances lists those there "
                                        "are");
}

json::object object_of(const std::string& text, const std::string& where) {
  return std::move(parse_json(text, where).as_object());
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : to_text(value);
}

/// A member that is an object, as text.
void take_object(const json::object& given, std::string_view member, std::string& into) {
  const json::value* value = given.if_contains(member);
  if (value == nullptr || value->is_null()) return;
  if (!value->is_object()) {
    throw Error(ErrorCode::bad_input, "formula instance." + std::string(member) + ": not an object");
  }
  into = to_text(*value);
}

void take_error_count(const JsonReader& reader, FormulaInstanceRecord& instance) {
  instance.consecutive_errors = reader.integer_or("numberConsecutiveErrors", instance.consecutive_errors);
  instance.warnings = reader.integer_or("numberConsecutiveErrorWarningNotifications", instance.warnings);
  if (!reader.has("firstConsecutiveErrorDate")) return;
  const std::optional<Clock::WallTime> time = parse_time(text_of(reader.value("firstConsecutiveErrorDate")));
  if (!time) {
    throw Error(ErrorCode::bad_input,
                "formula instance.firstConsecutiveErrorDate: not a date; write it as 2018-04-04T20:44:36Z");
  }
  instance.first_error_ms = milliseconds_of(*time);
}

/// The members that are given.
void take_members(const json::object& given, FormulaInstanceRecord& instance) {
  const json::value document(given);
  const JsonReader reader(document, "formula instance");
  if (reader.has("name")) instance.name = without_tags(reader.text("name"));
  instance.active = reader.flag_or("active", instance.active);
  instance.single_threaded = reader.flag_or("singleThreaded", instance.single_threaded);
  take_object(given, "configuration", instance.configuration);
  take_object(given, "settings", instance.settings);
  take_error_count(reader, instance);
}

/// Seconds, or nothing if it lives until it is deleted.
std::optional<std::int64_t> time_to_live(const FormulaInstanceRecord& instance) {
  if (instance.settings.find(life_setting) == std::string::npos) return std::nullopt;
  const json::object settings = object_of(instance.settings, "settings");
  const json::value* value = settings.if_contains(life_setting);
  if (value == nullptr) return std::nullopt;
  const std::string text = text_of(*value);
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = problem == std::errc() && end == text.data() + text.size();
  return is_number && seconds > 0 ? std::optional(seconds) : std::nullopt;
}

}  // namespace

std::vector<std::string> element_instances_of(const Formula& formula, const json::object& configuration) {
  std::vector<std::string> selectors;
  for (const FormulaVariable& variable : formula.configuration()) {
    const json::value* value = configuration.if_contains(variable.key);
    if (variable.type == "elementInstance" && value != nullptr && !value->is_structured() && !value->is_null()) {
      selectors.push_back(text_of(*value));
    }
  }
  return selectors;
}

std::string configured_text(const Property& property, json::object configuration) {
  constexpr std::size_t bytes_max = 4'096;
  Scope scope;
  scope.config = SharedJson(json::value(std::move(configuration)));
  const std::optional<json::value> value = resolve(property, scope, bytes_max);
  return !value || value->is_null() ? std::string() : text_of(*value);
}

FormulaInstances::FormulaInstances(FormulaStore& store, Formulas& formulas, const Clock& clock,
                                   FormulaInstancePorts ports)
    : store_(store), formulas_(formulas), clock_(clock), ports_(std::move(ports)) {}

FormulaInstanceRecord FormulaInstances::find(std::int64_t account, std::int64_t id) const {
  std::optional<FormulaInstanceRecord> record = store_.instance(id);
  if (!record || record->account != account) no_such(id);
  return std::move(*record);
}

FormulaInstanceRecord FormulaInstances::find_of(std::int64_t account, std::int64_t formula, std::int64_t id) const {
  FormulaInstanceRecord record = find(account, id);
  if (record.formula != formula) no_such(id);
  return record;
}

std::vector<FormulaInstanceRecord> FormulaInstances::list(std::int64_t account) const {
  return store_.instances_of_account(account);
}

std::vector<FormulaInstanceRecord> FormulaInstances::list_of(std::int64_t account, std::int64_t formula) const {
  (void)formulas_.find(account, formula);
  return store_.instances(formula);
}

FormulaInstanceRecord FormulaInstances::add(const Principal& principal, std::int64_t formula_id,
                                            const json::object& given) {
  const KeptFormula formula = formulas_.find(principal.account, formula_id);
  FormulaInstanceRecord instance{.formula = formula_id,
                                 .created_ms = milliseconds_of(clock_.wall()),
                                 .updated_ms = milliseconds_of(clock_.wall()),
                                 .account = principal.account,
                                 .user = principal.user};
  take_members(given, instance);
  if (instance.name.empty()) throw Error(ErrorCode::bad_input, "formula instance.name: missing");
  check(instance, formula);
  instance.id = store_.add_instance(instance);
  put_schedule(instance);
  return instance;
}

FormulaInstanceRecord FormulaInstances::merge(std::int64_t account, std::int64_t id, const json::object& given) {
  const std::lock_guard lock(changing_);
  FormulaInstanceRecord instance = find(account, id);
  take_members(given, instance);
  if (instance.name.empty()) throw Error(ErrorCode::bad_input, "formula instance.name: is empty; give it one");
  if (given.contains("configuration") || given.contains("settings")) check(instance, formula_of(instance));
  instance.updated_ms = milliseconds_of(clock_.wall());
  store_.replace_instance(instance);
  put_schedule(instance);
  return instance;
}

FormulaInstanceRecord FormulaInstances::set_active(std::int64_t account, std::int64_t id, bool active) {
  return merge(account, id, {{"active", active}});
}

FormulaInstanceRecord FormulaInstances::set_paused(std::int64_t account, std::int64_t id, bool paused) {
  (void)find(account, id);
  auto instance = edit(id, [paused](FormulaInstanceRecord& record) { record.paused = paused; });
  if (!instance) no_such(id);
  return std::move(*instance);
}

void FormulaInstances::remove(std::int64_t account, std::int64_t id) {
  const std::lock_guard lock(changing_);
  (void)find(account, id);
  if (ports_.remove_schedule) ports_.remove_schedule(id);
  store_.remove_instance(id);
}

std::optional<FormulaInstanceRecord> FormulaInstances::edit(std::int64_t id,
                                                            const std::function<void(FormulaInstanceRecord&)>& change) {
  const std::lock_guard lock(changing_);
  std::optional<FormulaInstanceRecord> instance = store_.instance(id);
  if (!instance) return std::nullopt;
  const bool was_active = instance->active;
  const bool was_paused = instance->paused;
  change(*instance);
  store_.replace_instance(*instance);
  if (instance->active != was_active || instance->paused != was_paused) put_schedule(*instance);
  return instance;
}

bool FormulaInstances::has_errors(std::int64_t id) const {
  const std::optional<FormulaInstanceRecord> instance = store_.instance(id);
  return instance && instance->consecutive_errors != 0;
}

json::object FormulaInstances::shown(const FormulaInstanceRecord& instance, const KeptFormula& formula) const {
  json::object about = to_shown(formula.record, formula.document);
  about.erase("steps");
  about.erase("subFormulas");
  json::object object{{"id", instance.id},
                      {"name", instance.name},
                      {"active", instance.active},
                      {"createdDate", iso8601(time_of(instance.created_ms))},
                      {"updatedDate", iso8601(time_of(instance.updated_ms))},
                      {"formula", std::move(about)},
                      {"configuration", parse_json(instance.configuration, "configuration")},
                      {"settings", parse_json(instance.settings, "settings")},
                      {"singleThreaded", instance.single_threaded},
                      {"accountId", instance.account},
                      {"userId", instance.user},
                      {"numberConsecutiveErrors", instance.consecutive_errors},
                      {"numberConsecutiveErrorWarningNotifications", instance.warnings}};
  if (instance.first_error_ms != 0) object["firstConsecutiveErrorDate"] = iso8601(time_of(instance.first_error_ms));
  return object;
}

json::object FormulaInstances::shown(const FormulaInstanceRecord& instance) const {
  return shown(instance, formula_of(instance));
}

ExecutionOrder FormulaInstances::order_of(const FormulaInstanceRecord& instance) const {
  const std::string where = "formula instance " + std::to_string(instance.id) + ": ";
  if (!instance.active) {
    throw Error(ErrorCode::conflict, where + "it is not active; PUT …/instances/{id}/active makes it so");
  }
  const KeptFormula formula = formula_of(instance);
  if (!formula.record.active) {
    throw Error(ErrorCode::conflict, where + "its formula is not active; PATCH /formulas/{id} with \"active\":true");
  }
  return instance_order(instance, formulas_.runnable(formula));
}

std::optional<Schedule> FormulaInstances::schedule_of(const FormulaInstanceRecord& instance) const {
  if (!instance.active) return std::nullopt;
  const KeptFormula formula = formula_of(instance);
  if (!formula.record.active) return std::nullopt;
  const auto runnable = formulas_.runnable(formula);
  if (runnable->triggers().empty()) return std::nullopt;
  const auto* trigger = std::get_if<ScheduledTrigger>(&runnable->triggers().front().kind);
  if (trigger == nullptr || !runnable->triggers().front().active) return std::nullopt;
  const std::string cron = configured_text(trigger->cron, object_of(instance.configuration, "configuration"));
  if (cron.empty()) return std::nullopt;
  return Schedule{.formula_instance = instance.id, .cron = CronSchedule::parse(cron), .zone = {}};
}

void FormulaInstances::follow_formula(std::int64_t formula) {
  schedule(store_.instances(formula));
}

void FormulaInstances::schedule_all() {
  schedule(store_.instances());
}

void FormulaInstances::schedule(const std::vector<FormulaInstanceRecord>& instances) {
  for (const FormulaInstanceRecord& instance : instances) {
    try {
      put_schedule(instance);
    } catch (const Error& error) {
      // One that is broken keeps no other from running.
      if (ports_.warn) ports_.warn("formula instance " + std::to_string(instance.id) + ": " + error.what());
    }
  }
}

std::size_t FormulaInstances::remove_expired() {
  constexpr std::int64_t second_ms = 1'000;
  const std::int64_t now = milliseconds_of(clock_.wall());
  std::size_t removed = 0;
  for (const FormulaInstanceRecord& instance : store_.instances()) {
    const std::optional<std::int64_t> seconds = time_to_live(instance);
    if (!seconds || (now - instance.created_ms) / second_ms < *seconds) continue;
    remove(instance.account, instance.id);
    ++removed;
  }
  return removed;
}

KeptFormula FormulaInstances::formula_of(const FormulaInstanceRecord& instance) const {
  return formulas_.find(instance.account, instance.formula);
}

void FormulaInstances::check(const FormulaInstanceRecord& instance, const KeptFormula& formula) const {
  InstanceOrder order{.configuration = object_of(instance.configuration, "configuration"),
                      .settings = object_of(instance.settings, "settings")};
  if (ports_.has_element_instance) {
    order.has_element_instance = [this, &instance](std::string_view selector) {
      return ports_.has_element_instance(instance.account, selector);
    };
  }
  std::vector<FormulaProblem> refusing;
  for (FormulaProblem& problem : find_instance_problems(*formulas_.runnable(formula), order)) {
    if (problem.kind != FormulaProblem::Kind::warning) refusing.push_back(std::move(problem));
  }
  if (!refusing.empty()) throw Error(ErrorCode::formula_invalid, to_text(refusing));
}

void FormulaInstances::put_schedule(const FormulaInstanceRecord& instance) {
  if (!ports_.put_schedule) return;
  std::optional<Schedule> schedule = instance.paused ? std::nullopt : schedule_of(instance);
  if (schedule) {
    ports_.put_schedule(std::move(*schedule));
  } else if (ports_.remove_schedule) {
    ports_.remove_schedule(instance.id);
  }
}

}  // namespace formulary::api

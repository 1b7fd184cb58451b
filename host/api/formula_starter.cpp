#include "host/api/formula_starter.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "host/base/error.hpp"

namespace formulary::api {
namespace {

constexpr std::chrono::seconds wait_max{30};

const Trigger* trigger_of(const Formula& formula) {
  return formula.triggers().empty() ? nullptr : &formula.triggers().front();
}

bool names_one_of(const Property& instance, const json::object& configuration,
                  const std::vector<std::string>& selectors) {
  const std::string named = configured_text(instance, configuration);
  return !named.empty() && std::find(selectors.begin(), selectors.end(), named) != selectors.end();
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  path = path.substr(0, path.find('?'));
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
    if (!segment.empty()) segments.push_back(segment);
  }
  // The hub says nothing: /hubs/crm/contacts is /contacts.
  if (segments.size() > 2 && segments.front() == "hubs") segments.erase(segments.begin(), segments.begin() + 2);
  return segments;
}

/// Whether the call is the one that the trigger waits for; "{id}" stands for any segment.
bool is_awaited(const ElementRequestTrigger& trigger, const json::object& configuration,
                const plan::ElementRequestSeen& seen) {
  std::string method = configured_text(trigger.method, configuration);
  std::transform(method.begin(), method.end(), method.begin(),
                 [](char byte) { return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte; });
  if (method != seen.method) return false;
  const std::string api = configured_text(trigger.api, configuration);
  const auto awaited = segments_of(api);
  const auto called = segments_of(seen.path);
  return std::equal(awaited.begin(), awaited.end(), called.begin(), called.end(),
                    [](std::string_view one, std::string_view other) { return one.starts_with('{') || one == other; });
}

}  // namespace

FormulaStarter::FormulaStarter(FormulaStore& store, FormulaInstances& instances, Engine& engine,
                               std::function<void(const std::string& sentence)> warn)
    : store_(store), instances_(instances), engine_(engine), warn_(std::move(warn)) {}

std::vector<std::int64_t> FormulaStarter::start(const FormulaInstanceRecord& instance, const json::value& body,
                                                const std::stop_token& stop) {
  ExecutionOrder order = instances_.order_of(instance);
  const Trigger* trigger = trigger_of(*order.formula);
  if (trigger != nullptr && std::holds_alternative<EventTrigger>(trigger->kind)) return engine_.on_event(order, body);
  order.args = body.is_null() ? json::value(json::object()) : body;
  const std::int64_t id = engine_.submit(order);
  if (trigger != nullptr && !trigger->async) (void)engine_.wait(id, wait_max, stop);
  return {id};
}

void FormulaStarter::fire(std::int64_t formula_instance) {
  const std::optional<FormulaInstanceRecord> instance = store_.instance(formula_instance);
  if (!instance) return;
  engine_.submit(instances_.order_of(*instance));
}

template <class Start>
std::vector<std::int64_t> FormulaStarter::start_each(std::int64_t account, const Start& start) {
  std::vector<std::int64_t> executions;
  for (const FormulaInstanceRecord& instance : instances_.list(account)) {
    if (!instance.active) continue;
    try {
      const ExecutionOrder order = instances_.order_of(instance);
      const Trigger* trigger = trigger_of(*order.formula);
      if (trigger == nullptr || !trigger->active) continue;
      const std::vector<std::int64_t> started = start(order, *trigger);
      executions.insert(executions.end(), started.begin(), started.end());
    } catch (const Error& error) {
      const bool rests = error.code() == ErrorCode::conflict;  // its formula is not active
      if (!rests && warn_) warn_("formula instance " + std::to_string(instance.id) + ": " + error.what());
    }
  }
  return executions;
}

std::vector<std::int64_t> FormulaStarter::on_event(std::int64_t account, const std::vector<std::string>& selectors,
                                                   const json::value& notification) {
  return start_each(account, [&](const ExecutionOrder& order, const Trigger& trigger) {
    const auto* event = std::get_if<EventTrigger>(&trigger.kind);
    const bool is_it = event != nullptr && names_one_of(event->instance, order.configuration, selectors);
    return is_it ? engine_.on_event(order, notification) : std::vector<std::int64_t>();
  });
}

std::vector<std::int64_t> FormulaStarter::on_element_request(std::int64_t account,
                                                             const std::vector<std::string>& selectors,
                                                             const plan::ElementRequestSeen& seen) {
  return start_each(account, [&](const ExecutionOrder& order, const Trigger& trigger) {
    const auto* request = std::get_if<ElementRequestTrigger>(&trigger.kind);
    const bool is_it = request != nullptr && names_one_of(request->instance, order.configuration, selectors) &&
                       is_awaited(*request, order.configuration, seen);
    return is_it ? std::vector{engine_.on_element_request(order, seen)} : std::vector<std::int64_t>();
  });
}

}  // namespace formulary::api

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

/// Nothing if none is left; what has no list of events is one.
std::optional<json::value> without_first_events(json::value notification, std::size_t count) {
  json::value* message = notification.is_object() ? notification.get_object().if_contains("message") : nullptr;
  if (message == nullptr) message = &notification;
  json::value* events = message->is_object() ? message->get_object().if_contains("events") : nullptr;
  if (events == nullptr || !events->is_array() || events->get_array().size() <= count) return std::nullopt;
  json::array& list = events->get_array();
  list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count));
  return notification;
}

bool may_start_later(ErrorCode code) {
  return code == ErrorCode::rate_limited || code == ErrorCode::unavailable || code == ErrorCode::store_failed;
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
events::StartedFormulas FormulaStarter::start_each(std::int64_t account, const Start& start) {
  events::StartedFormulas all;
  for (const FormulaInstanceRecord& instance : instances_.list(account)) {
    if (!instance.active) continue;
    try {
      const ExecutionOrder order = instances_.order_of(instance);
      const Trigger* trigger = trigger_of(*order.formula);
      if (trigger == nullptr || !trigger->active) continue;
      const std::vector<std::int64_t> started = start(order, *trigger);
      all.executions.insert(all.executions.end(), started.begin(), started.end());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::conflict) continue;  // its formula is not active
      all.failures.push_back("formula instance " + std::to_string(instance.id) + ": " + error.what());
      all.again = all.again || may_start_later(error.code());
      if (warn_) warn_(all.failures.back());
    }
  }
  return all;
}

events::StartedFormulas FormulaStarter::on_event(std::int64_t account, const std::vector<std::string>& selectors,
                                                 const json::value& notification, const StartedBefore& before) {
  return start_each(account, [&](const ExecutionOrder& order, const Trigger& trigger) {
    const auto* event = std::get_if<EventTrigger>(&trigger.kind);
    if (event == nullptr || !names_one_of(event->instance, order.configuration, selectors)) {
      return std::vector<std::int64_t>();
    }
    const std::size_t done = before ? before(order.formula_instance) : 0;
    if (done == 0) return engine_.on_event(order, notification);
    // Started in their order, so what was started are the first.
    const std::optional<json::value> rest = without_first_events(notification, done);
    return rest ? engine_.on_event(order, *rest) : std::vector<std::int64_t>();
  });
}

std::vector<std::int64_t> FormulaStarter::on_element_request(std::int64_t account,
                                                             const std::vector<std::string>& selectors,
                                                             const plan::ElementRequestSeen& seen) {
  const events::StartedFormulas started = start_each(account, [&](const ExecutionOrder& order, const Trigger& trigger) {
    const auto* request = std::get_if<ElementRequestTrigger>(&trigger.kind);
    const bool is_it = request != nullptr && names_one_of(request->instance, order.configuration, selectors) &&
                       is_awaited(*request, order.configuration, seen);
    return is_it ? std::vector{engine_.on_element_request(order, seen)} : std::vector<std::int64_t>();
  });
  return started.executions;
}

}  // namespace formulary::api

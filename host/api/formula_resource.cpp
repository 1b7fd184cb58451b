#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "host/api/failure.hpp"
#include "host/api/formula_services.hpp"
#include "host/api/request_json.hpp"
#include "host/base/error.hpp"
#include "host/formula/instance_problems.hpp"
#include "host/formula/web_text.hpp"

namespace formulary::api {
namespace {

constexpr std::string_view instance_header = "elements-formula-instance-id";
constexpr std::chrono::seconds time_limit{30};
/// Headers that prove who asks are no input of a formula.
constexpr std::array<std::string_view, 3> kept_back{"authorization", "cookie", "elements-user-password"};

std::int64_t instance_id(std::string_view text) {
  std::int64_t id = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (problem != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorCode::bad_input, "Elements-Formula-Instance-Id: not an id; ids are whole numbers");
  }
  return id;
}

/// What the instance is called by: its own setting, else what its formula says.
std::optional<FormulaResource> resource_of(const FormulaInstanceRecord& instance, const Formula& formula) {
  const json::value settings = parse_json(instance.settings, "settings");
  const json::value* api = settings.as_object().if_contains("api");
  if (api != nullptr && api->is_string()) {
    if (auto own = parse_api(std::string_view(api->get_string()))) return own;
  }
  return formula.resource();
}

json::object object_of(const NamedValues& values) {
  json::object object;
  for (const auto& [name, value] : values) {
    if (std::find(kept_back.begin(), kept_back.end(), name) == kept_back.end()) object[name] = value;
  }
  return object;
}

/// The body as the formula gets it: JSON where it is some, else its text.
json::value body_of(ApiRequest& request) {
  const std::string text = request.body_text();
  if (text.empty()) return {};
  const std::string_view type = request.header("content-type").value_or("application/json");
  if (type.find("json") != std::string_view::npos) return parse_request_json(text);
  return json::value(text);
}

std::string failure_of(const Execution& execution) {
  if (execution.error) return execution.error->message;
  const auto failed = std::find_if(execution.steps.begin(), execution.steps.end(),
                                   [](const StepExecution& step) { return step.error.has_value(); });
  if (failed == execution.steps.end()) return "the execution failed";
  return "step '" + failed->name + "': " + failed->error->message;
}

/// A formula that failed answers all the same if its last step says what.
bool gives_answer(const Execution& execution) {
  if (execution.status == plan::ExecutionStatus::success) return true;
  const json::object* result = execution.result.if_object();
  return result != nullptr && (result->contains("statusCode") || result->contains("result"));
}

ApiAnswer answer_of(const Execution& execution, const ApiRequest& request) {
  if (execution.status == plan::ExecutionStatus::cancelled) {
    return failure_answer(503, "cancelled", "formula: its execution " + execution.id + " was cancelled",
                          request.request_id);
  }
  if (!gives_answer(execution)) {
    return failure_answer(502, "vendor_failed",
                          "formula: " + failure_of(execution) + " (execution " + execution.id + ")",
                          request.request_id);
  }
  const plan::ResourceReply reply = plan::resource_reply(execution.result);
  ApiAnswer answer = answer_json(reply.body);
  answer.status = reply.status;
  return answer;
}

}  // namespace

std::optional<ApiAnswer> call_formula_resource(const FormulaServices& services, ApiRequest& request) {
  const auto header = request.header(instance_header);
  if (!header) return std::nullopt;
  const FormulaInstanceRecord instance = services.instances->find(request.principal.account, instance_id(*header));
  ExecutionOrder order = services.instances->order_of(instance);
  const auto resource = resource_of(instance, *order.formula);
  if (!resource || resource->uri != request.path || resource->method != request.method) return std::nullopt;
  order.args = plan::resource_args({.method = request.method,
                                    .path = request.path,
                                    .query = object_of(request.query),
                                    .headers = object_of(request.headers),
                                    .body = body_of(request)});
  order.keep_steps = true;
  const std::int64_t id = services.engine->submit(order);
  const std::optional<Execution> execution = services.engine->wait(id, time_limit, request.stop);
  if (execution) return answer_of(*execution, request);
  try {
    services.engine->cancel(id, "nobody waits for its answer any more");
  } catch (const Error&) {
    // It has ended meanwhile.
  }
  throw Error(ErrorCode::timed_out, "formula: it gave no answer within 30 seconds (execution " + std::to_string(id) +
                                        "); let it answer first and do the rest in another formula");
}

}  // namespace formulary::api

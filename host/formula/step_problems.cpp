#include "host/formula/step_problems.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/formula/cron.hpp"
#include "host/formula/script_scan.hpp"
#include "host/formula/web_text.hpp"

namespace formulary {
namespace {

using Kind = FormulaProblem::Kind;

constexpr std::size_t name_bytes_max = 256;

/// Adds problems below one path: "steps[2]" or "triggers[0]".
class Reporter {
 public:
  Reporter(std::string path, std::vector<FormulaProblem>& problems) : path_(std::move(path)), problems_(problems) {}

  void add(Kind kind, std::string_view member, std::string sentence) const {
    problems_.push_back({kind, member.empty() ? path_ : path_ + '.' + std::string(member), std::move(sentence)});
  }

 private:
  std::string path_;
  std::vector<FormulaProblem>& problems_;
};

/// Accepted on the template, refused when an instance is to be made of it.
void check_targets(const Formula& formula, const Reporter& report, const std::string& member,
                   const std::vector<std::string>& names) {
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (names[index].empty() || formula.find_step(names[index]) != nullptr) continue;
    report.add(Kind::incomplete, member + '[' + std::to_string(index) + ']',
               "names the step '" + names[index] + "', which does not exist");
  }
}

std::string joined(const std::vector<Reference::Token>& tokens, std::size_t begin, std::size_t end) {
  std::string key;
  for (std::size_t at = begin; at < end; ++at) key += (at == begin ? "" : ".") + tokens[at].key;
  return key;
}

bool begins_with_step(const Formula& formula, const std::vector<Reference::Token>& tokens, std::size_t begin) {
  for (std::size_t end = tokens.size(); end > begin; --end) {
    if (formula.find_step(joined(tokens, begin, end)) != nullptr) return true;
  }
  return false;
}

bool begins_with_key(const Formula& formula, const std::vector<Reference::Token>& tokens, std::size_t begin) {
  const auto& entries = formula.configuration();
  for (std::size_t end = tokens.size(); end > begin; --end) {
    const std::string key = joined(tokens, begin, end);
    if (std::any_of(entries.begin(), entries.end(), [&key](const auto& entry) { return entry.key == key; }))
      return true;
  }
  return false;
}

/// Why the reference can never find anything; nullopt if it may.
std::optional<std::string> find_reference_fault(const Formula& formula, const Reference& reference) {
  const auto& tokens = reference.tokens;
  const std::string& root = tokens.front().key;
  if (root == "trigger" || root == "info") return std::nullopt;
  const std::string shown = "${" + reference.text + "}";
  if (root == "steps") {
    if (begins_with_step(formula, tokens, 1)) return std::nullopt;
    return shown + " refers to a step that does not exist";
  }
  if (root == "config") {
    if (tokens.size() == 1 || begins_with_key(formula, tokens, 1)) return std::nullopt;
    return shown + " refers to a configuration key that the formula does not have";
  }
  if (begins_with_key(formula, tokens, 0) || begins_with_step(formula, tokens, 0)) return std::nullopt;
  return shown + " is neither a configuration key nor a step";
}

void check_references(const Formula& formula, const Reporter& report, const std::string& member,
                      const Property& property) {
  for (const auto& reference : property.references()) {
    if (auto fault = find_reference_fault(formula, reference)) report.add(Kind::warning, member, *std::move(fault));
  }
}

void check_method(const Reporter& report, const std::string& member, const Property& property) {
  static constexpr std::array<std::string_view, 7> methods{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
  if (property.absent())
    return report.add(Kind::warning, member, "is missing; give GET, POST, PUT, PATCH or DELETE, else the step fails");
  auto method = property.plain_text();
  if (!method) return;
  std::transform(method->begin(), method->end(), method->begin(),
                 [](char byte) { return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte; });
  if (std::find(methods.begin(), methods.end(), *method) == methods.end()) {
    report.add(Kind::warning, member, "is none of GET, POST, PUT, PATCH, DELETE, HEAD and OPTIONS");
  }
}

/// "/hubs/crm/bulk/${...}/contacts" as "hubs", "crm", "bulk", "", "contacts".
std::vector<std::string> path_parts(const Property& target) {
  std::string text;
  for (const auto& segment : target.segments()) {
    if (const auto* plain = std::get_if<std::string>(&segment)) text += *plain;
  }
  std::vector<std::string> parts;
  std::size_t begin = text.starts_with('/') ? 1 : 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find_first_of("/?", begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    if (end == text.size() || text[end] == '?') break;
    begin = end + 1;
  }
  return parts;
}

bool is_bulk_download(const RequestProperties& request) {
  const auto method = request.method.plain_text();
  if (method != "GET" && method != "get") return false;
  const auto parts = path_parts(request.target);
  const std::size_t first = !parts.empty() && parts.front() == "hubs" ? 2 : 0;
  if (parts.size() != first + 3 || parts[first] != "bulk") return false;
  const std::string& last = parts.back();
  return last != "status" && last != "errors" && last != "jobs";
}

/// What depends on the kind of step. `report` is at the step; members are below "properties".
struct KindChecker {
  const Formula& formula;
  const Step& step;
  const Reporter& report;

  void property(const std::string& key, const Property& value) const {
    check_references(formula, report, "properties." + key, value);
  }
  void required(const std::string& key, const Property& value) const {
    if (value.absent()) report.add(Kind::warning, "properties." + key, "is missing; the step fails when it runs");
    property(key, value);
  }
  void request(const std::string& target, const RequestProperties& value) const {
    check_method(report, "properties.method", value.method);
    property("method", value.method);
    required(target, value.target);
    property("headers", value.headers);
    property("query", value.query);
    property("path", value.path);
    property("body", value.body);
    property("form", value.form);
  }
  /// Only scripts that say v2 are held to its rules: published templates have others without a done() that work.
  void script(const std::string& body, const std::string& engine, ScriptEnding result) const {
    if (body.find_first_not_of(" \t\r\n") == std::string::npos) {
      return report.add(Kind::warning, "properties.body", "is missing; give the JavaScript of the step");
    }
    const ScriptScan scan = scan_script(body);
    const bool says_v2 = engine == "v2";
    if (says_v2 && !scan.calls_done) {
      report.add(Kind::invalid, "properties.body", "never calls done(); a script gives its result through done()");
    } else if (result == ScriptEnding::optional) {
      report.add(Kind::warning, "properties.body",
                 "never calls done(); the step ends without values when the code has run");
    }
    if (says_v2 && scan.top_level_return_line) {
      report.add(Kind::invalid, "properties.body",
                 "has a return outside of any function in line " + std::to_string(*scan.top_level_return_line) +
                     "; give the result through done()");
    }
    if (!engine.empty() && engine != "v1" && !says_v2) {
      report.add(Kind::warning, "properties.scriptEngine", "is neither v1 nor v2; v2 is taken");
    }
  }
  void half(const std::string& half, const Property& instance, const RequestProperties& value) const {
    required(half + "ElementInstanceId", instance);
    check_method(report, "properties." + half + "Method", value.method);
    property(half + "Method", value.method);
    required(half + "Api", value.target);
    property(half + "Headers", value.headers);
    property(half + "Query", value.query);
    property(half + "Path", value.path);
  }

  void operator()(const ScriptStep& kind) const { script(kind.body, kind.engine, kind.result); }
  void operator()(const FilterStep& kind) const { script(kind.body, kind.engine, kind.result); }
  void operator()(const ElementRequestStep& kind) const {
    required("elementInstanceId", kind.instance);
    request("api", kind.request);
    if (is_bulk_download(kind.request)) {
      report.add(Kind::invalid, "properties.api", "downloads a bulk file; use a step of type elementRequestStream");
    }
  }
  void operator()(const HttpRequestStep& kind) const { request("url", kind.request); }
  void operator()(const PlatformRequestStep& kind) const { request("api", kind.request); }
  void operator()(const ElementStreamStep& kind) const {
    half("download", kind.download_instance, kind.download);
    half("upload", kind.upload_instance, kind.upload);
    property("uploadFormData", kind.form_data);
    property("uploadFormDataName", kind.form_data_name);
  }
  void operator()(const LoopStep& kind) const { required("list", kind.list); }
  void operator()(const SubFormulaStep& kind) const {
    required("formulaId", kind.formula_id);
    const auto id = kind.formula_id.plain_text();
    if (id && formula.find_sub_formula(*id) == nullptr) {
      report.add(Kind::warning, "properties.formulaId",
                 "names the formula '" + *id + "', which is not among the subFormulas; the step fails when it runs");
    }
    property("args", kind.args);
    property("subFormulaConfigs", kind.configuration);
  }
  void operator()(const RetryExecutionStep& kind) const {
    const auto text = kind.attempts.plain_text();
    const bool is_digit = text && text->size() == 1 && (*text)[0] >= '0' && (*text)[0] <= '0' + execution_attempts_max;
    if (text && !is_digit) {
      report.add(Kind::invalid, "properties.retryAttempts",
                 "retryAttempts must be a number from 0 to " + std::to_string(execution_attempts_max));
    }
    property("retryAttempts", kind.attempts);
  }
  void operator()(const AmqpRequestStep& kind) const {
    required("url", kind.url);
    property("queue", kind.queue);
    property("exchange", kind.exchange);
    property("body", kind.body);
  }
  void operator()(const NotificationStep& kind) const {
    property("body", kind.body);
    if (!formula.says_v3()) return;
    report.add(Kind::invalid, "type", "Invalid formula for the v3 engine: it has no steps of type 'notification'");
  }
  void operator()(const UnknownStep&) const {
    if (step.type.empty()) return report.add(Kind::invalid, "type", "is missing");
    report.add(Kind::invalid, "type", "Invalid formula for the v3 engine: there is no step type '" + step.type + "'");
  }
};

void check_name(const Formula& formula, std::size_t index, const Reporter& report) {
  const Step& step = formula.steps()[index];
  if (step.name.empty()) return report.add(Kind::invalid, "name", "is missing");
  if (step.name.size() > name_bytes_max || has_control_characters(step.name)) {
    report.add(Kind::invalid, "name",
               "is longer than " + std::to_string(name_bytes_max) + " bytes or has control characters");
  }
  if (formula.find_step(step.name) != &step) {
    report.add(Kind::invalid, "name", "'" + step.name + "' is the name of an earlier step; step names must differ");
  }
}

}  // namespace

void find_step_problems(const Formula& formula, std::size_t index, std::vector<FormulaProblem>& problems) {
  const Step& step = formula.steps()[index];
  const Reporter report("steps[" + std::to_string(index) + ']', problems);
  check_name(formula, index, report);
  std::visit(KindChecker{.formula = formula, .step = step, .report = report}, step.kind);
  check_targets(formula, report, "onSuccess", step.on_success);
  check_targets(formula, report, "onFailure", step.on_failure);
}

void find_trigger_problems(const Formula& formula, std::size_t index, std::vector<FormulaProblem>& problems) {
  const Trigger& trigger = formula.triggers()[index];
  const Reporter report("triggers[" + std::to_string(index) + ']', problems);
  const auto instance = [&](const Property& property) {
    if (property.absent()) {
      report.add(Kind::warning, "properties.elementInstanceId", "is missing; only a person can start the formula");
    }
    check_references(formula, report, "properties.elementInstanceId", property);
  };
  if (const auto* event = std::get_if<EventTrigger>(&trigger.kind)) {
    instance(event->instance);
  } else if (const auto* request = std::get_if<ElementRequestTrigger>(&trigger.kind)) {
    instance(request->instance);
  } else if (const auto* scheduled = std::get_if<ScheduledTrigger>(&trigger.kind)) {
    const auto cron = scheduled->cron.plain_text();
    const auto fault = cron ? find_cron_fault(*cron) : std::nullopt;
    if (fault) report.add(Kind::invalid, "properties.cron", *fault);
    if (scheduled->cron.absent()) {
      report.add(Kind::warning, "properties.cron", "is missing; only a person can start the formula");
    }
    check_references(formula, report, "properties.cron", scheduled->cron);
  } else if (std::holds_alternative<UnknownTrigger>(trigger.kind)) {
    report.add(Kind::invalid, "type", "is none of event, elementRequest, scheduled and manual");
  }
  if (trigger.on_success.empty()) report.add(Kind::warning, "onSuccess", "starts no step");
  check_targets(formula, report, "onSuccess", trigger.on_success);
  check_targets(formula, report, "onFailure", trigger.on_failure);
}

}  // namespace formulary

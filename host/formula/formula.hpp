/// \file
/// A formula template: parsed once, immutable, known by its content.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/base/json.hpp"
#include "host/formula/reference.hpp"
#include "host/formula/request_policy.hpp"

namespace formulary {

/// JavaScript is kept as written: `${...}` in it belongs to JavaScript.
struct ScriptStep {
  std::string body;
  std::string engine;  ///< "v1", "v2" or empty.
};
struct FilterStep {
  std::string body;
  std::string engine;
};
/// What the four kinds of request have in common.
struct RequestProperties {
  Property method;
  Property target;  ///< `api`, or `url` of an httpRequest.
  Property headers;
  Property query;
  Property path;  ///< Values for {variables} in `target`.
  Property body;
  Property form;
  RequestPolicy policy;
};
struct ElementRequestStep {
  Property instance;
  RequestProperties request;
};
struct PlatformRequestStep {
  RequestProperties request;
};
struct HttpRequestStep {
  RequestProperties request;
};
struct ElementStreamStep {
  Property download_instance;
  RequestProperties download;
  Property upload_instance;
  RequestProperties upload;
  Property form_data;
  Property form_data_name;
};
struct LoopStep {
  Property list;
};
struct SubFormulaStep {
  Property formula_id;
  Property args;
  Property configuration;
};
struct RetryExecutionStep {
  Property attempts;
};
struct AmqpRequestStep {
  Property url;
  Property queue;
  Property exchange;
  Property body;
};
struct NotificationStep {
  Property body;
};
struct UnknownStep {};

using StepKind =
    std::variant<ScriptStep, FilterStep, ElementRequestStep, PlatformRequestStep, HttpRequestStep, ElementStreamStep,
                 LoopStep, SubFormulaStep, RetryExecutionStep, AmqpRequestStep, NotificationStep, UnknownStep>;

struct Step {
  std::string name;
  std::string type;  ///< As written, also when unknown.
  StepKind kind;
  std::vector<std::string> on_success;  ///< Step names; several are parallel branches.
  std::vector<std::string> on_failure;
};

struct EventTrigger {
  Property instance;
};
struct ElementRequestTrigger {
  Property instance;
  Property method;
  Property api;
};
struct ScheduledTrigger {
  Property cron;
};
struct ManualTrigger {};
struct UnknownTrigger {};
using TriggerKind = std::variant<EventTrigger, ElementRequestTrigger, ScheduledTrigger, ManualTrigger, UnknownTrigger>;

struct Trigger {
  std::string name;  ///< "trigger" if the template gives none.
  std::string type;
  TriggerKind kind;
  std::vector<std::string> on_success;
};

/// One entry of the template's `configuration`: what an instance of the formula must be given.
struct FormulaVariable {
  std::string key;
  std::string name;
  std::string type;  ///< "value" or "elementInstance".
  bool required = false;
};

/// Something about a template that a person should know.
struct FormulaProblem {
  enum class Kind {
    invalid,      ///< The template is refused.
    conflict,     ///< The same, where the platform answers 409: a configuration key that is there twice.
    incomplete,   ///< The template is accepted, but nothing can run it.
    unsupported,  ///< Proper, but this version cannot run it yet.
    warning,      ///< Runs, probably not as meant.
  };
  Kind kind = Kind::invalid;
  std::string path;      ///< "steps[2].onSuccess[0]"; empty for the template itself.
  std::string sentence;  ///< "names the step 'b', which does not exist"
};
/// "invalid", "conflict", ...
[[nodiscard]] std::string_view name(FormulaProblem::Kind kind) noexcept;

/// Immutable; any thread may use it. Executions share the version that they began with.
class Formula {
 public:
  /// Throws Error(bad_input) if the text is not a JSON object, Error(limit_reached) beyond the JSON limits. Everything
  /// else that is wrong is kept for find_problems(). `where` begins the sentence: a file's name.
  [[nodiscard]] static std::shared_ptr<const Formula> parse(std::string_view text, std::string_view where = "formula");
  [[nodiscard]] static std::shared_ptr<const Formula> from_json(json::value document,
                                                                std::string_view where = "formula");

  /// SHA-256 of the template's canonical text, 64 hexadecimal digits: the same for the same members in any order.
  [[nodiscard]] const std::string& content_id() const noexcept { return content_id_; }
  /// The template with all its members, also those that mean nothing here.
  [[nodiscard]] const json::value& document() const noexcept { return document_; }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& engine() const noexcept { return engine_; }  ///< "v3" if the template gives none.
  [[nodiscard]] const std::vector<Trigger>& triggers() const noexcept { return triggers_; }
  [[nodiscard]] const std::vector<Step>& steps() const noexcept { return steps_; }
  [[nodiscard]] const std::vector<FormulaVariable>& configuration() const noexcept { return configuration_; }
  /// The first step of that name, or nullptr.
  [[nodiscard]] const Step* find_step(std::string_view name) const;
  /// Members that do not have the shape of a template's: found while parsing.
  [[nodiscard]] const std::vector<FormulaProblem>& shape_problems() const noexcept { return shape_problems_; }

 private:
  Formula() = default;

  json::value document_;
  std::string content_id_;
  std::string name_;
  std::string engine_;
  std::vector<Trigger> triggers_;
  std::vector<Step> steps_;
  std::vector<FormulaVariable> configuration_;
  std::map<std::string, std::size_t, std::less<>> step_index_;
  std::vector<FormulaProblem> shape_problems_;
};

}  // namespace formulary

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
#include "host/formula/script_scan.hpp"
#include "host/formula/upgrade.hpp"

namespace formulary {

/// JavaScript is kept as written: `${...}` in it belongs to JavaScript.
struct ScriptStep {
  std::string body;
  std::string engine;  ///< "v1", "v2" or empty.
  ScriptEnding result = ScriptEnding::done;
};
struct FilterStep {
  std::string body;
  std::string engine;
  ScriptEnding result = ScriptEnding::done;
};
/// What the four kinds of request have in common. A stream's halves have no form.
struct RequestProperties {
  Property method;
  Property target;  ///< `api`, or `url` of an httpRequest.
  Property headers;
  Property query;
  Property path;  ///< Values for {variables} in `target`.
  Property body;
  Property form;
  /// What the template gives literally. `policy_properties` has what it gives by reference: see resolve_policy().
  RequestPolicy policy;
  RequestPolicyProperties policy_properties;
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
/// Both halves have the policy that the step gives.
struct ElementStreamStep {
  Property download_instance;
  RequestProperties download;
  Property upload_instance;
  RequestProperties upload;
  Property form_data;       ///< Fields that go with the file: an object, or JSON text of one.
  Property form_data_name;  ///< Of the file's part; absent: "file".
};
struct LoopStep {
  Property list;
};
struct SubFormulaStep {
  Property formula_id;  ///< A number or its text: see Formula::find_sub_formula().
  Property args;
  Property configuration;
};
struct RetryExecutionStep {
  Property attempts;  ///< From 0 to `execution_attempts_max` if it is given literally.
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
  std::vector<std::string> on_failure;
  bool async = true;   ///< false: whoever starts an execution waits for its end.
  bool active = true;  ///< false: nothing but a person starts the formula.
};

/// A formula that is called like a resource of the platform.
struct FormulaResource {
  std::string method;  ///< Upper case.
  std::string uri;     ///< "/employees"
};

/// Whether the values of steps are recorded.
struct DebugLogging {
  bool enabled = true;
  std::string expires;  ///< As the template writes it, "2020-05-05T20:09:20Z"; empty: never.
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

class ShapeReader;

inline constexpr std::size_t sub_formula_depth_max = 16;
inline constexpr std::size_t sub_formulas_max = 1'000;  ///< In one template.

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
  /// The template as it came, with all its members, also those that mean nothing here; for export.
  [[nodiscard]] const json::value& document() const noexcept { return document_; }
  /// What upgrade_to_v3() changed, in the parsed steps only: `document()` is as it came.
  [[nodiscard]] const std::vector<FormulaChange>& changes() const noexcept { return changes_; }

  /// The template's `id` as text; empty if it has none.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& description() const noexcept { return description_; }
  /// As the template writes it, "v3" if it gives none. Whatever it says, the parsed steps mean what they do in v3.
  [[nodiscard]] const std::string& engine() const noexcept { return engine_; }
  /// Whether it says v3 itself; templates that say nothing are of either age.
  [[nodiscard]] bool says_v3() const noexcept { return says_v3_; }
  /// One execution of an instance at a time.
  [[nodiscard]] bool single_threaded() const noexcept { return single_threaded_; }
  [[nodiscard]] const DebugLogging& debug_logging() const noexcept { return debug_logging_; }
  /// Set if the formula is called like a resource: `method` and `uri`, or `api` alone ("GET /employees").
  [[nodiscard]] const std::optional<FormulaResource>& resource() const noexcept { return resource_; }
  [[nodiscard]] const std::vector<Trigger>& triggers() const noexcept { return triggers_; }
  [[nodiscard]] const std::vector<Step>& steps() const noexcept { return steps_; }
  [[nodiscard]] const std::vector<FormulaVariable>& configuration() const noexcept { return configuration_; }
  /// The first step of that name, or nullptr.
  [[nodiscard]] const Step* find_step(std::string_view name) const;
  /// The templates below `subFormulas`, in order. They live as long as this formula.
  [[nodiscard]] const std::vector<std::unique_ptr<const Formula>>& sub_formulas() const noexcept {
    return sub_formulas_;
  }
  /// What a step of type formula runs: the sub-formula with that `id`, among those of this template or of one that it
  /// is embedded in, nearest first, or one of those templates itself; nullptr if there is none. Lives as long as the
  /// outermost formula.
  [[nodiscard]] const Formula* find_sub_formula(std::string_view id) const;
  /// Members that do not have the shape of a template's: found while parsing.
  [[nodiscard]] const std::vector<FormulaProblem>& shape_problems() const noexcept { return shape_problems_; }

 private:
  Formula() = default;
  Formula(const Formula&) = delete;
  void read(json::value document, std::size_t depth);
  void read_steps();
  void read_sub_formulas(ShapeReader& json, std::size_t depth);

  json::value document_;
  std::vector<FormulaChange> changes_;
  std::string content_id_;
  std::string id_;
  std::string name_;
  std::string description_;
  std::string engine_;
  bool says_v3_ = false;
  bool single_threaded_ = false;
  DebugLogging debug_logging_;
  std::optional<FormulaResource> resource_;
  std::vector<Trigger> triggers_;
  std::vector<Step> steps_;
  std::vector<FormulaVariable> configuration_;
  std::map<std::string, std::size_t, std::less<>> step_index_;
  std::vector<FormulaProblem> shape_problems_;
  const Formula* embedded_in_ = nullptr;
  std::vector<std::unique_ptr<const Formula>> sub_formulas_;
};

}  // namespace formulary

#include "host/formula/formula.hpp"

#include <algorithm>
#include <utility>

#include "host/base/digest.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/formula/canonical_text.hpp"
#include "host/formula/shape_reader.hpp"
#include "host/formula/step_parser.hpp"

namespace formulary {
namespace {

FormulaVariable parse_variable(ShapeReader json) {
  return {
      .key = json.text("key"),
      .name = json.text("name"),
      .type = json.text("type"),
      .required = json.flag("required"),
  };
}

/// `method` and `uri`, else `api`, which is both.
std::optional<FormulaResource> parse_resource(ShapeReader& json) {
  FormulaResource resource{.method = json.text("method"), .uri = json.text("uri")};
  if (resource.method.empty() || resource.uri.empty()) {
    const std::string api = json.text("api");
    const std::size_t blank = std::min(api.find(' '), api.size());
    resource = {.method = api.substr(0, blank), .uri = api.substr(std::min(blank + 1, api.size()))};
  }
  for (char& byte : resource.method) {
    if (byte >= 'a' && byte <= 'z') byte = static_cast<char>(byte - 'a' + 'A');
  }
  return resource.method.empty() || resource.uri.empty() ? std::nullopt : std::optional(std::move(resource));
}

}  // namespace

std::string_view name(FormulaProblem::Kind kind) noexcept {
  switch (kind) {
    case FormulaProblem::Kind::invalid:
      return "invalid";
    case FormulaProblem::Kind::conflict:
      return "conflict";
    case FormulaProblem::Kind::incomplete:
      return "incomplete";
    case FormulaProblem::Kind::unsupported:
      return "unsupported";
    case FormulaProblem::Kind::warning:
      return "warning";
  }
  return "invalid";
}

std::shared_ptr<const Formula> Formula::parse(std::string_view text, std::string_view where) {
  return from_json(parse_json(text, where), where);
}

std::shared_ptr<const Formula> Formula::from_json(json::value document, std::string_view where) {
  if (!document.is_object()) {
    throw Error(ErrorCode::bad_input, std::string(where) + ": is not a JSON object; a formula template is one");
  }
  std::shared_ptr<Formula> formula(new Formula());
  formula->read(std::move(document), 0);
  return formula;
}

void Formula::read(json::value document, std::size_t depth) {
  document_ = std::move(document);
  content_id_ = to_hex(sha256(canonical_text(document_)));
  ShapeReader json(document_, "", shape_problems_);
  id_ = json.text("id");
  name_ = json.text("name");
  description_ = json.text("description");
  engine_ = json.text("engine");
  says_v3_ = engine_ == "v3";
  if (engine_.empty()) engine_ = "v3";
  single_threaded_ = json.flag("singleThreaded");
  debug_logging_ = {.enabled = json.flag("debugLoggingEnabled", true), .expires = json.text("debugLoggingExpires")};
  resource_ = parse_resource(json);
  for (auto& entry : json.objects("configuration")) configuration_.push_back(parse_variable(entry));
  for (auto& entry : json.objects("triggers")) triggers_.push_back(parse_trigger(entry));
  read_steps();
  for (std::size_t index = 0; index < steps_.size(); ++index) step_index_.emplace(steps_[index].name, index);
  read_sub_formulas(json, depth);
}

void Formula::read_steps() {
  json::object own;  // what the upgrade looks at, without the sub-formulas
  for (const char* key : {"engine", "configuration", "steps"}) {
    if (const json::value* member = document_.as_object().if_contains(key)) own.emplace(key, *member);
  }
  FormulaUpgrade upgrade = upgrade_steps(std::move(own));
  changes_ = std::move(upgrade.changes);
  ShapeReader json(upgrade.document, "", shape_problems_);
  for (auto& entry : json.objects("steps")) steps_.push_back(parse_step(entry));
}

void Formula::read_sub_formulas(ShapeReader& json, std::size_t depth) {
  const auto entries = json.objects("subFormulas");
  if (!entries.empty() && depth == sub_formula_depth_max) {
    return json.report("subFormulas", "are nested deeper than " + std::to_string(sub_formula_depth_max),
                       FormulaProblem::Kind::invalid);
  }
  if (entries.size() > sub_formulas_max) {
    json.report("subFormulas", "has more than " + std::to_string(sub_formulas_max) + " entries",
                FormulaProblem::Kind::invalid);
  }
  for (std::size_t index = 0; index < std::min(entries.size(), sub_formulas_max); ++index) {
    const json::value& entry = document_.as_object().at("subFormulas").as_array()[index];
    if (!entry.is_object()) continue;  // reported by the reader
    std::unique_ptr<Formula> formula(new Formula());
    formula->embedded_in_ = this;
    formula->read(entry, depth + 1);
    sub_formulas_.push_back(std::move(formula));
  }
}

const Step* Formula::find_step(std::string_view name) const {
  const auto found = step_index_.find(name);
  return found == step_index_.end() ? nullptr : &steps_[found->second];
}

const Formula* Formula::find_sub_formula(std::string_view id) const {
  if (id.empty()) return nullptr;
  for (const Formula* at = this; at != nullptr; at = at->embedded_in_) {
    for (const auto& formula : at->sub_formulas_) {
      if (formula->id_ == id) return formula.get();
    }
    if (at->id_ == id) return at;
  }
  return nullptr;
}

}  // namespace formulary

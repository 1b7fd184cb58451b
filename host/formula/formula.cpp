#include "host/formula/formula.hpp"

#include <utility>

#include "host/base/digest.hpp"
#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/formula/content_digest.hpp"
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
  formula->document_ = std::move(document);
  formula->content_id_ = to_hex(sha256(canonical_text(formula->document_)));

  ShapeReader json(formula->document_, "", formula->shape_problems_);
  formula->name_ = json.text("name");
  formula->engine_ = json.text("engine");
  if (formula->engine_.empty()) formula->engine_ = "v3";
  for (auto& entry : json.objects("configuration")) formula->configuration_.push_back(parse_variable(entry));
  for (auto& entry : json.objects("triggers")) formula->triggers_.push_back(parse_trigger(entry));
  for (auto& entry : json.objects("steps")) formula->steps_.push_back(parse_step(entry));
  for (std::size_t index = 0; index < formula->steps_.size(); ++index) {
    formula->step_index_.emplace(formula->steps_[index].name, index);
  }
  return formula;
}

const Step* Formula::find_step(std::string_view name) const {
  const auto found = step_index_.find(name);
  return found == step_index_.end() ? nullptr : &steps_[found->second];
}

}  // namespace formulary

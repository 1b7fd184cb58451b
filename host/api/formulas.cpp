#include "host/api/formulas.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "host/api/formula_document.hpp"
#include "host/base/error.hpp"
#include "host/formula/problems.hpp"
#include "host/formula/upgrade.hpp"

namespace formulary::api {
namespace {

/// Parsed templates that are kept for the next execution.
constexpr std::size_t parsed_max = 512;

std::int64_t milliseconds(Clock::WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

[[noreturn]] void no_such(std::int64_t id) {
  throw Error(ErrorCode::not_found,
              "formula " + std::to_string(id) + ": there is none in this account; GET /formulas lists those there are");
}

std::optional<std::int64_t> id_of(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  if (!value->is_string()) return std::nullopt;
  const std::string_view text = value->get_string();
  std::int64_t id = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
  return problem == std::errc() && end == text.data() + text.size() ? std::optional(id) : std::nullopt;
}

/// What the steps of type formula name literally, each once.
std::vector<std::int64_t> named_formulas(const json::object& document) {
  std::vector<std::int64_t> ids;
  const json::value* steps = document.if_contains("steps");
  if (steps == nullptr || !steps->is_array()) return ids;
  for (const json::value& entry : steps->get_array()) {
    const json::object* step = entry.if_object();
    const json::value* type = step == nullptr ? nullptr : step->if_contains("type");
    const json::value* properties = step == nullptr ? nullptr : step->if_contains("properties");
    if (type == nullptr || *type != json::value("formula") || properties == nullptr || !properties->is_object()) {
      continue;
    }
    const auto id = id_of(properties->get_object().if_contains("formulaId"));
    if (id && std::find(ids.begin(), ids.end(), *id) == ids.end()) ids.push_back(*id);
  }
  return ids;
}

/// The template of that id that came embedded in `document`.
const json::object* embedded_formula(const json::object& document, std::int64_t id) {
  const json::value* list = document.if_contains("subFormulas");
  if (list == nullptr || !list->is_array()) return nullptr;
  for (const json::value& entry : list->get_array()) {
    if (entry.is_object() && id_of(entry.get_object().if_contains("id")) == id) return &entry.get_object();
  }
  return nullptr;
}

/// Of a document that was checked.
std::string name_of(const json::object& document) {
  return std::string(document.at("name").as_string());
}

/// Whether the account's formula is the one that was embedded, rather than another one that has its number here.
bool is_the_embedded(const FormulaRecord& record, const json::object* embedded) {
  if (embedded == nullptr) return true;
  const json::value* name = embedded->if_contains("name");
  return name != nullptr && name->is_string() && std::string_view(name->get_string()) == record.name;
}

/// What came embedded and no step names literally may be named by a reference.
void add_unnamed(const json::object& document, json::array& subs) {
  const json::value* given = document.if_contains("subFormulas");
  if (given == nullptr || !given->is_array()) return;
  for (const json::value& entry : given->get_array()) {
    const auto id = entry.is_object() ? id_of(entry.get_object().if_contains("id")) : std::nullopt;
    const bool is_there = id && std::any_of(subs.begin(), subs.end(), [&id](const json::value& sub) {
                            return id_of(sub.as_object().if_contains("id")) == id;
                          });
    if (!is_there) subs.push_back(entry);
  }
}

}  // namespace

KeptFormula Formulas::read(FormulaRecord record) const {
  json::value document = parse_json(record.document, "formula " + std::to_string(record.id));
  // The command line keeps templates as they are.
  for (const std::string_view part : {"configuration", "triggers", "steps"}) {
    json::value& list = document.as_object()[part];
    if (!list.is_array()) list = json::array();
  }
  return {.record = std::move(record), .document = std::move(document.as_object())};
}

KeptFormula Formulas::find(std::int64_t account, std::int64_t id) const {
  std::optional<FormulaRecord> record = store_.formula(id);
  if (!record || record->account != account) no_such(id);
  return read(std::move(*record));
}

std::vector<KeptFormula> Formulas::list(std::int64_t account) const {
  std::vector<KeptFormula> all;
  for (FormulaRecord& record : store_.formulas(account)) all.push_back(read(std::move(record)));
  return all;
}

std::set<std::int64_t> Formulas::called_by(const KeptFormula& formula) const {
  std::set<std::int64_t> called;
  std::vector<std::int64_t> waiting = named_formulas(formula.document);
  while (!waiting.empty()) {
    const std::int64_t id = waiting.back();
    waiting.pop_back();
    const std::optional<FormulaRecord> record = store_.formula(id);
    if (!record || record->account != formula.record.account || !called.insert(id).second) continue;
    for (const std::int64_t next : named_formulas(read(*record).document)) waiting.push_back(next);
  }
  return called;
}

json::object Formulas::keep(json::object given, const json::object& before) {
  return to_kept(std::move(given), before, [this] { return store_.next_part_id(); });
}

KeptFormula Formulas::add(const Principal& principal, json::object given) {
  KeptFormula formula;
  const json::value* active = given.if_contains("active");
  formula.record.active = active == nullptr || !active->is_bool() || active->get_bool();
  formula.record.account = principal.account;
  formula.record.user = principal.user;
  formula.record.created_ms = milliseconds(clock_.wall());
  formula.record.updated_ms = formula.record.created_ms;
  formula.document = keep(std::move(given), {});
  check(formula);
  const std::string text = to_text(formula.document);
  formula.record.name = name_of(formula.document);
  formula.record.version = store_.put_version(Formula::from_json(formula.document)->content_id(), text);
  formula.record.id = store_.add_formula(formula.record);
  return formula;
}

KeptFormula Formulas::change(std::int64_t account, std::int64_t id, const std::function<void(KeptFormula&)>& edit) {
  const std::lock_guard lock(changing_);
  KeptFormula formula = find(account, id);
  const json::object before = formula.document;
  edit(formula);
  formula.document = keep(std::move(formula.document), before);
  check(formula);
  write(formula);
  return formula;
}

void Formulas::remove(std::int64_t account, std::int64_t id) {
  const std::lock_guard lock(changing_);
  (void)find(account, id);
  store_.remove_formula(id);
}

KeptFormula Formulas::upgrade(std::int64_t account, std::int64_t id) {
  const std::lock_guard lock(changing_);
  KeptFormula formula = find(account, id);
  const std::int64_t before = formula.record.version;
  FormulaUpgrade upgraded = upgrade_to_v3(formula.document);
  formula.document = keep(std::move(upgraded.document.as_object()), formula.document);
  check(formula);
  if (formula.record.original == 0) formula.record.original = before;
  write(formula);
  return formula;
}

KeptFormula Formulas::roll_back(std::int64_t account, std::int64_t id) {
  const std::lock_guard lock(changing_);
  KeptFormula formula = find(account, id);
  const auto original = formula.record.original == 0 ? std::nullopt : store_.version(formula.record.original);
  if (!original) {
    throw Error(ErrorCode::bad_input,
                "formula " + std::to_string(id) + ": it was not upgraded, so there is nothing to restore");
  }
  formula.document = parse_json(*original, "formula " + std::to_string(id)).as_object();
  formula.record.original = 0;
  write(formula);
  return formula;
}

void Formulas::write(KeptFormula& formula) {
  formula.record.name = name_of(formula.document);
  formula.record.updated_ms = milliseconds(clock_.wall());
  formula.record.document = to_text(formula.document);
  formula.record.version =
      store_.put_version(Formula::from_json(formula.document)->content_id(), formula.record.document);
  store_.replace_formula(formula.record);
}

void Formulas::check(const KeptFormula& formula) const {
  const std::vector<FormulaProblem> problems = find_problems(*Formula::from_json(shown(formula)));
  if (!refuses_template(problems)) return;
  std::vector<FormulaProblem> refusing;
  bool only_conflicts = true;
  for (const FormulaProblem& problem : problems) {
    if (problem.kind != FormulaProblem::Kind::invalid && problem.kind != FormulaProblem::Kind::conflict) continue;
    only_conflicts = only_conflicts && problem.kind == FormulaProblem::Kind::conflict;
    refusing.push_back(problem);
  }
  throw Error(only_conflicts ? ErrorCode::conflict : ErrorCode::formula_invalid, to_text(refusing));
}

json::object Formulas::with_sub_formulas(const KeptFormula& formula, std::set<std::int64_t>& outer,
                                         Versions& versions) const {
  versions.emplace_back(formula.record.id, formula.record.version);
  json::object document = to_shown(formula.record, formula.document);
  json::array subs;
  for (const std::int64_t id : named_formulas(formula.document)) {
    if (outer.contains(id)) continue;  // embedded further out already, where a step finds it too
    const json::object* embedded = embedded_formula(formula.document, id);
    const std::optional<FormulaRecord> record = store_.formula(id);
    if (record && record->account == formula.record.account && is_the_embedded(*record, embedded)) {
      if (outer.size() >= sub_formula_depth_max) continue;
      outer.insert(id);
      subs.emplace_back(with_sub_formulas(read(*record), outer, versions));
      outer.erase(id);
    } else {
      versions.emplace_back(id, record ? record->version : 0);  // so that one that comes later is seen
      if (embedded != nullptr) subs.emplace_back(*embedded);
    }
  }
  add_unnamed(formula.document, subs);
  if (!subs.empty()) document["subFormulas"] = std::move(subs);
  return document;
}

json::object Formulas::shown(const KeptFormula& formula) const {
  std::set<std::int64_t> outer{formula.record.id};
  Versions versions;
  return with_sub_formulas(formula, outer, versions);
}

std::shared_ptr<const Formula> Formulas::runnable(const KeptFormula& formula) const {
  {
    const std::lock_guard lock(parsed_mutex_);
    const auto found = parsed_.find(formula.record.id);
    if (found != parsed_.end()) {
      const Versions& versions = found->second.versions;
      const bool is_current = std::all_of(versions.begin(), versions.end(), [&](const auto& part) {
        if (part.first == formula.record.id) return part.second == formula.record.version;
        const std::optional<FormulaRecord> record = store_.formula(part.first);
        return part.second == (record ? record->version : 0);
      });
      if (is_current) return found->second.formula;
    }
  }
  std::set<std::int64_t> outer{formula.record.id};
  Parsed parsed;
  json::object document = with_sub_formulas(formula, outer, parsed.versions);
  // A date would make another version of each change that changes nothing.
  for (const std::string_view member : {"createdDate", "updatedDate", "active", "userId", "accountId"}) {
    document.erase(member);
  }
  parsed.formula = Formula::from_json(std::move(document), "formula " + std::to_string(formula.record.id));
  std::shared_ptr<const Formula> made = parsed.formula;
  const std::lock_guard lock(parsed_mutex_);
  if (parsed_.size() >= parsed_max) parsed_.clear();
  parsed_.insert_or_assign(formula.record.id, std::move(parsed));
  return made;
}

}  // namespace formulary::api

#include <string>
#include <string_view>
#include <utility>

#include "host/api/formula_document.hpp"
#include "host/api/formula_services.hpp"
#include "host/base/error.hpp"
#include "host/formula/upgrade.hpp"

namespace formulary::api {
namespace {

/// One of the three lists of a template.
struct Part {
  std::string_view list;    ///< Its member and its segment of the path.
  std::string_view name;    ///< The member that names an entry.
  std::string_view word;    ///< For people.
  std::string_view schema;  ///< Of openapi_schemas.hpp.
};
constexpr Part steps{.list = "steps", .name = "name", .word = "step", .schema = "Step"};
constexpr Part triggers{.list = "triggers", .name = "name", .word = "trigger", .schema = "Trigger"};
constexpr Part configuration{
    .list = "configuration", .name = "key", .word = "configuration entry", .schema = "FormulaConfiguration"};

std::string text_of(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::object& part_of(json::object& document, const Part& part, std::int64_t formula, std::int64_t id) {
  if (json::object* entry = find_part(document, part.list, id)) return *entry;
  throw Error(ErrorCode::not_found, "formula " + std::to_string(formula) + ": it has no " + std::string(part.word) +
                                        " " + std::to_string(id));
}

ApiAnswer list_parts(const FormulaServices& services, const Part& part, const ApiRequest& request) {
  const KeptFormula formula = services.formulas->find(request.principal.account, request.id("id"));
  return answer_json(formula.document.at(part.list));
}

ApiAnswer show_part(const FormulaServices& services, const Part& part, const ApiRequest& request) {
  KeptFormula formula = services.formulas->find(request.principal.account, request.id("id"));
  return answer_json(part_of(formula.document, part, formula.record.id, request.id("part")));
}

ApiAnswer add_part(const FormulaServices& services, const Part& part, ApiRequest& request) {
  const std::int64_t id = request.id("id");
  (void)services.formulas->find(request.principal.account, id);
  json::value given = request.body_object();
  given.as_object().erase("id");
  const KeptFormula formula = services.formulas->change(request.principal.account, id, [&](KeptFormula& kept) {
    if (part.list == steps.list) given = with_script_engine(json::value(kept.document), std::move(given));
    kept.document[part.list].as_array().push_back(std::move(given));
  });
  services.instances->follow_formula(id);
  return answer_json(formula.document.at(part.list).as_array().back());
}

/// What refers to the entry by its name follows.
void replace_part(json::object& document, const Part& part, json::object& entry, json::object given) {
  const std::string before = text_of(entry, part.name);
  if (!given.contains(part.name) && !before.empty()) given[part.name] = before;
  given["id"] = entry["id"];
  const std::string after = text_of(given, part.name);
  entry = std::move(given);
  if (after == before || before.empty()) return;
  if (part.list == steps.list) rename_step(document, before, after);
  if (part.list == configuration.list) rename_configuration_key(document, before, after);
}

ApiAnswer put_part(const FormulaServices& services, const Part& part, ApiRequest& request) {
  const std::int64_t id = request.id("id");
  const std::int64_t part_id = request.id("part");
  KeptFormula formula = services.formulas->find(request.principal.account, id);
  (void)part_of(formula.document, part, id, part_id);
  json::object given = request.body_object();
  formula = services.formulas->change(request.principal.account, id, [&](KeptFormula& kept) {
    json::object& entry = part_of(kept.document, part, id, part_id);
    replace_part(kept.document, part, entry, std::move(given));
  });
  services.instances->follow_formula(id);
  return answer_json(part_of(formula.document, part, id, part_id));
}

ApiAnswer remove_part(const FormulaServices& services, const Part& part, const ApiRequest& request) {
  const std::int64_t id = request.id("id");
  const std::int64_t part_id = request.id("part");
  services.formulas->change(request.principal.account, id, [&](KeptFormula& kept) {
    const std::string name = text_of(part_of(kept.document, part, id, part_id), part.name);
    json::array others;
    for (json::value& entry : kept.document[part.list].as_array()) {
      const json::value* entry_id = entry.as_object().if_contains("id");
      if (entry_id == nullptr || *entry_id != json::value(part_id)) others.push_back(std::move(entry));
    }
    kept.document[part.list] = std::move(others);
    if (part.list == steps.list) remove_step_name(kept.document, name);
  });
  services.instances->follow_formula(id);
  return answer_empty();
}

void add_routes_of(Router& router, const FormulaServices& services, const Part& part) {
  const std::string all = "/formulas/{id}/" + std::string(part.list);
  const std::string one = all + "/{part}";
  const std::string word(part.word);
  const std::string schema(part.schema);
  router.add({.method = "GET",
              .pattern = all,
              .summary = "Each " + word + " of a formula",
              .answer = schema + "[]",
              .handler = [services, part](ApiRequest& request) { return list_parts(services, part, request); }});
  router.add({.method = "POST",
              .pattern = all,
              .summary = "Adds a " + word,
              .body = schema,
              .answer = schema,
              .failures = {409},
              .handler = [services, part](ApiRequest& request) { return add_part(services, part, request); }});
  router.add({.method = "GET",
              .pattern = one,
              .summary = "One " + word,
              .answer = schema,
              .handler = [services, part](ApiRequest& request) { return show_part(services, part, request); }});
  router.add({.method = "PUT",
              .pattern = one,
              .summary = "Replaces a " + word + "; what names it follows",
              .body = schema,
              .answer = schema,
              .failures = {409},
              .handler = [services, part](ApiRequest& request) { return put_part(services, part, request); }});
  router.add({.method = "DELETE",
              .pattern = one,
              .summary = "Takes a " + word + " out",
              .handler = [services, part](ApiRequest& request) { return remove_part(services, part, request); }});
}

}  // namespace

void add_formula_parts_routes(Router& router, const FormulaServices& services) {
  for (const Part& part : {steps, triggers, configuration}) add_routes_of(router, services, part);
}

}  // namespace formulary::api

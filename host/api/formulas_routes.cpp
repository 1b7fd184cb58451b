#include <string>
#include <string_view>
#include <utility>

#include "host/api/ceql.hpp"
#include "host/api/formula_document.hpp"
#include "host/api/formula_services.hpp"
#include "host/api/paging.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

ApiAnswer list_formulas(const FormulaServices& services, const ApiRequest& request) {
  const std::int64_t account = request.principal.account;
  const bool abridged = request.query_flag("abridged");
  (void)request.query_flag("includeSystem");  // the platform has no formulas of its own here
  const std::optional<std::int64_t> caller = request.query_integer("callableBy", INT64_MIN, INT64_MAX);
  if (caller) (void)services.formulas->find(account, *caller);
  const Ceql where = Ceql::parse(request.query_value("where").value_or(""));
  json::array all;
  for (const KeptFormula& formula : services.formulas->list(account)) {
    const std::int64_t id = formula.record.id;
    // A formula that calls the caller would call itself through it.
    if (caller && (id == *caller || services.formulas->called_by(formula).contains(*caller))) continue;
    json::object shown = to_shown(formula.record, formula.document);
    if (!where.holds(shown)) continue;
    if (abridged) {
      shown.erase("steps");
      shown.erase("subFormulas");
    }
    all.emplace_back(std::move(shown));
  }
  return answer_page(std::move(all), page_order(request));
}

/// Gives the document and the record what the request's body says of them.
void take_active(KeptFormula& formula, const json::object& given) {
  const json::value* active = given.if_contains("active");
  if (active == nullptr || active->is_null()) return;
  if (!active->is_bool()) throw Error(ErrorCode::bad_input, "formula.active: neither true nor false");
  formula.record.active = active->get_bool();
}

/// A body without any part of the graph is a change of what it has; one with parts is the whole template.
void put_members(KeptFormula& formula, json::object given) {
  take_active(formula, given);
  const bool is_whole = given.contains("steps") || given.contains("triggers") || given.contains("configuration");
  if (is_whole) {
    if (!given.contains("name")) given["name"] = formula.document["name"];
    formula.document = std::move(given);
    return;
  }
  for (auto& member : given) formula.document[member.key()] = std::move(member.value());
}

/// `method` and `uri` null: the formula is no resource any more, and neither are they there.
void patch_members(KeptFormula& formula, json::object given) {
  take_active(formula, given);
  for (auto& member : given) {
    if (member.value().is_null()) {
      formula.document.erase(member.key());
    } else {
      formula.document[member.key()] = std::move(member.value());
    }
  }
  if (!formula.document.contains("method") || !formula.document.contains("uri")) {
    if (given.contains("method") || given.contains("uri")) formula.document.erase("api");
  }
}

ApiAnswer change_formula(const FormulaServices& services, ApiRequest& request,
                         void (*take)(KeptFormula&, json::object)) {
  const std::int64_t id = request.id("id");
  (void)services.formulas->find(request.principal.account, id);
  json::object given = request.body_object();
  const KeptFormula formula = services.formulas->change(
      request.principal.account, id, [&given, take](KeptFormula& kept) { take(kept, std::move(given)); });
  services.instances->follow_formula(id);
  return answer_json(services.formulas->shown(formula));
}

ApiAnswer export_formula(const FormulaServices& services, const ApiRequest& request) {
  const KeptFormula formula = services.formulas->find(request.principal.account, request.id("id"));
  ApiAnswer answer = answer_json(services.formulas->shown(formula));
  answer.headers.emplace_back("Content-Disposition",
                              "attachment; filename=\"formula-" + std::to_string(formula.record.id) + ".json\"");
  return answer;
}

/// The formula as a resource, in Swagger 2.0: one path, one method.
ApiAnswer describe_formula(const FormulaServices& services, const ApiRequest& request) {
  const KeptFormula kept = services.formulas->find(request.principal.account, request.id("id"));
  const auto formula = services.formulas->runnable(kept);
  if (!formula->resource()) {
    throw Error(ErrorCode::not_found, "formula " + std::to_string(kept.record.id) +
                                          ": it is no resource, so it has no docs; give it a method and a uri");
  }
  std::string method = formula->resource()->method;
  for (char& byte : method) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
  }
  const json::array parameters{
      json::object{{"name", "Elements-Formula-Instance-Id"}, {"in", "header"}, {"type", "integer"}, {"required", true}},
      json::object{{"name", "body"}, {"in", "body"}, {"required", false}, {"schema", {{"type", "object"}}}}};
  const json::object operation{{"summary", formula->name()},
                               {"description", formula->description()},
                               {"operationId", method + std::to_string(kept.record.id)},
                               {"consumes", json::array{"application/json"}},
                               {"produces", json::array{"application/json"}},
                               {"parameters", parameters},
                               {"responses", {{"200", {{"description", "The formula's result"}}}}}};
  return answer_json(json::object{{"swagger", "2.0"},
                                  {"info", {{"title", formula->name()}, {"version", "1.0"}}},
                                  {"basePath", "/elements/api-v2"},
                                  {"paths", {{formula->resource()->uri, {{method, operation}}}}}});
}

/// Whether the platform's own people watch it. Source: OPERATIONS, "monitored".
ApiAnswer set_monitored(const FormulaServices& services, const ApiRequest& request, bool monitored) {
  if (request.principal.role != UserRole::system_admin) {
    throw Error(ErrorCode::permission_denied, request.path + ": only a system administrator may do this");
  }
  const KeptFormula formula =
      services.formulas->change(request.principal.account, request.id("id"),
                                [monitored](KeptFormula& kept) { kept.document["monitored"] = monitored; });
  return answer_json(services.formulas->shown(formula));
}

void add_upgrade_routes(Router& router, const FormulaServices& services) {
  router.add({.method = "PUT",
              .pattern = "/formulas/{id}/upgrade/v3",
              .summary = "Makes a template of the first engine one of engine v3",
              .answer = "Formula",
              .handler = [services](ApiRequest& request) {
                return answer_json(
                    services.formulas->shown(services.formulas->upgrade(request.principal.account, request.id("id"))));
              }});
  router.add({.method = "DELETE",
              .pattern = "/formulas/{id}/upgrade/v3",
              .summary = "Restores the template as it was before the upgrade",
              .answer = "Formula",
              .handler = [services](ApiRequest& request) {
                return answer_json(services.formulas->shown(
                    services.formulas->roll_back(request.principal.account, request.id("id"))));
              }});
  for (const bool monitored : {true, false}) {
    router.add({.method = monitored ? "PUT" : "DELETE",
                .pattern = "/formulas/{id}/monitored",
                .summary = monitored ? "Marks a formula as one to watch" : "Takes that mark off",
                .answer = "Formula",
                .handler = [services, monitored](ApiRequest& request) {
                  return set_monitored(services, request, monitored);
                }});
  }
}

}  // namespace

void add_formulas_routes(Router& router, const FormulaServices& services) {
  router.add({.method = "GET",
              .pattern = "/formulas",
              .summary = "The account's formula templates",
              .query = {"abridged", "callableBy", "includeSystem", "where", "pageSize", "nextPage"},
              .answer = "Formula[]",
              .handler = [services](ApiRequest& request) { return list_formulas(services, request); }});
  router.add({.method = "POST",
              .pattern = "/formulas",
              .summary = "Makes a formula of a template",
              .body = "Formula",
              .answer = "Formula",
              .failures = {409},
              .handler = [services](ApiRequest& request) {
                return answer_json(
                    services.formulas->shown(services.formulas->add(request.principal, request.body_object())));
              }});
  router.add({.method = "GET",
              .pattern = "/formulas/{id}",
              .summary = "One formula template, with those that its steps call",
              .answer = "Formula",
              .handler = [services](ApiRequest& request) {
                return answer_json(
                    services.formulas->shown(services.formulas->find(request.principal.account, request.id("id"))));
              }});
  router.add(
      {.method = "PUT",
       .pattern = "/formulas/{id}",
       .summary = "Replaces the template; members alone, without steps, triggers and configuration, are changed alone",
       .body = "Formula",
       .answer = "Formula",
       .failures = {409},
       .handler = [services](ApiRequest& request) { return change_formula(services, request, put_members); }});
  router.add({.method = "PATCH",
              .pattern = "/formulas/{id}",
              .summary = "Changes members of the template; null takes one out",
              .body = "Formula",
              .answer = "Formula",
              .failures = {409},
              .handler = [services](ApiRequest& request) { return change_formula(services, request, patch_members); }});
  router.add({.method = "DELETE",
              .pattern = "/formulas/{id}",
              .summary = "Deletes the formula, unless it has instances",
              .failures = {409},
              .handler = [services](ApiRequest& request) {
                services.formulas->remove(request.principal.account, request.id("id"));
                return answer_empty();
              }});
  router.add({.method = "GET",
              .pattern = "/formulas/{id}/export",
              .summary = "The template as a file",
              .answer = "Formula",
              .handler = [services](ApiRequest& request) { return export_formula(services, request); }});
  router.add({.method = "GET",
              .pattern = "/formulas/{id}/docs",
              .summary = "Swagger of a formula that is called like a resource",
              .answer = "Any",
              .handler = [services](ApiRequest& request) { return describe_formula(services, request); }});
  add_upgrade_routes(router, services);
}

}  // namespace formulary::api

#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "host/api/formula_services.hpp"
#include "host/api/paging.hpp"
#include "host/base/error.hpp"

namespace formulary::api {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; });
  return lower;
}

/// Instances as documents; formulas are read once each.
class ShownInstances {
 public:
  ShownInstances(const FormulaServices& services, std::int64_t account) : services_(services), account_(account) {}

  const KeptFormula& formula_of(const FormulaInstanceRecord& instance) {
    const auto known = formulas_.find(instance.formula);
    if (known != formulas_.end()) return known->second;
    return formulas_.emplace(instance.formula, services_.formulas->find(account_, instance.formula)).first->second;
  }
  json::object shown(const FormulaInstanceRecord& instance) {
    return services_.instances->shown(instance, formula_of(instance));
  }

 private:
  const FormulaServices& services_;
  std::int64_t account_;
  std::map<std::int64_t, KeptFormula> formulas_;
};

/// Which instances GET /formulas/instances is asked for.
struct Wanted {
  std::string element_instance;  ///< Empty: of any.
  std::string text;              ///< Part of the name, in lower case.
  bool inactive = false;
};

bool is_wanted(const FormulaServices& services, const FormulaInstanceRecord& instance, const KeptFormula& formula,
               const Wanted& wanted) {
  if (!instance.active && !wanted.inactive) return false;
  if (!wanted.text.empty() && lower_case(instance.name).find(wanted.text) == std::string::npos) return false;
  if (wanted.element_instance.empty()) return true;
  const json::value configuration = parse_json(instance.configuration, "configuration");
  const auto selectors = element_instances_of(*services.formulas->runnable(formula), configuration.as_object());
  return std::find(selectors.begin(), selectors.end(), wanted.element_instance) != selectors.end();
}

ApiAnswer list_all(const FormulaServices& services, const ApiRequest& request) {
  const Wanted wanted{.element_instance = std::string(request.query_value("elementInstanceId").value_or("")),
                      .text = lower_case(request.query_value("searchText").value_or("")),
                      .inactive = request.query_flag("includeInactive")};
  ShownInstances shown(services, request.principal.account);
  json::array all;
  for (const FormulaInstanceRecord& instance : services.instances->list(request.principal.account)) {
    if (is_wanted(services, instance, shown.formula_of(instance), wanted)) all.emplace_back(shown.shown(instance));
  }
  return answer_page(std::move(all), page_order(request));
}

ApiAnswer list_of_formula(const FormulaServices& services, const ApiRequest& request, std::int64_t formula) {
  ShownInstances shown(services, request.principal.account);
  json::array all;
  for (const FormulaInstanceRecord& instance : services.instances->list_of(request.principal.account, formula)) {
    all.emplace_back(shown.shown(instance));
  }
  return answer_page(std::move(all), page_order(request));
}

FormulaInstanceRecord found(const FormulaServices& services, const ApiRequest& request) {
  const std::int64_t account = request.principal.account;
  if (!request.parameters.contains("formula")) return services.instances->find(account, request.id("instance"));
  return services.instances->find_of(account, request.id("formula"), request.id("instance"));
}

void add_list_routes(Router& router, const FormulaServices& services) {
  router.add({.method = "GET",
              .pattern = "/formulas/instances",
              .summary = "The account's formula instances",
              .query = {"elementInstanceId", "searchText", "includeInactive", "pageSize", "nextPage"},
              .answer = "FormulaInstance[]",
              .handler = [services](ApiRequest& request) { return list_all(services, request); }});
  router.add({.method = "GET",
              .pattern = "/formulas/{formula}/instances",
              .summary = "The instances of a formula",
              .query = {"pageSize", "nextPage"},
              .answer = "FormulaInstance[]",
              .handler = [services](ApiRequest& request) {
                return list_of_formula(services, request, request.id("formula"));
              }});
  router.add({.method = "GET",
              .pattern = "/accounts/{account}/formulas/{formula}/instances",
              .summary = "The instances that an account has of a formula",
              .query = {"pageSize", "nextPage"},
              .answer = "FormulaInstance[]",
              .handler = [services](ApiRequest& request) {
                if (request.id("account") != request.principal.account) {
                  throw Error(ErrorCode::not_found, request.path + ": it is not your account");
                }
                return list_of_formula(services, request, request.id("formula"));
              }});
}

void add_routes_of_one(Router& router, const FormulaServices& services, const std::string& pattern) {
  router.add({.method = "GET",
              .pattern = pattern,
              .summary = "One formula instance",
              .answer = "FormulaInstance",
              .handler = [services](ApiRequest& request) {
                return answer_json(services.instances->shown(found(services, request)));
              }});
  router.add({.method = "PUT",
              .pattern = pattern,
              .summary = "Changes the members that are given",
              .body = "FormulaInstance",
              .answer = "FormulaInstance",
              .handler = [services](ApiRequest& request) {
                const std::int64_t id = found(services, request).id;
                return answer_json(services.instances->shown(
                    services.instances->merge(request.principal.account, id, request.body_object())));
              }});
  router.add({.method = "DELETE",
              .pattern = pattern,
              .summary = "Deletes a formula instance",
              .handler = [services](ApiRequest& request) {
                services.instances->remove(request.principal.account, found(services, request).id);
                return answer_empty();
              }});
  for (const bool active : {true, false}) {
    router.add({.method = active ? "PUT" : "DELETE",
                .pattern = pattern + "/active",
                .summary = active ? "Makes an instance active" : "Makes an instance inactive: nothing starts it",
                .answer = "FormulaInstance",
                .handler = [services, active](ApiRequest& request) {
                  const std::int64_t id = found(services, request).id;
                  return answer_json(
                      services.instances->shown(services.instances->set_active(request.principal.account, id, active)));
                }});
  }
}

}  // namespace

void add_formula_instances_routes(Router& router, const FormulaServices& services) {
  add_list_routes(router, services);
  router.add({.method = "POST",
              .pattern = "/formulas/{formula}/instances",
              .summary = "Makes an instance of a formula",
              .body = "FormulaInstance",
              .answer = "FormulaInstance",
              .handler = [services](ApiRequest& request) {
                const std::int64_t formula = request.id("formula");
                (void)services.formulas->find(request.principal.account, formula);
                return answer_json(services.instances->shown(
                    services.instances->add(request.principal, formula, request.body_object())));
              }});
  add_routes_of_one(router, services, "/formulas/{formula}/instances/{instance}");
  add_routes_of_one(router, services, "/formulas/instances/{instance}");
}

}  // namespace formulary::api

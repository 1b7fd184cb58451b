#include "host/api/instance_docs_routes.hpp"

#include <functional>
#include <string>
#include <utility>

#include "host/api/account_elements.hpp"
#include "host/api/element_swagger.hpp"
#include "host/api/instances_routes.hpp"

namespace formulary::api {
namespace {

using Elements = std::shared_ptr<const AccountElements>;

json::object documentation(Store& store, const Elements& elements, const ApiRequest& request, std::int64_t id,
                           const std::string& operation) {
  const InstanceRecord instance = instance_of_account(store, id, request.principal);
  SwaggerOptions options = swagger_options(request);
  options.title = instance.name;
  if (!operation.empty()) options.operation = operation;
  return swagger_of_element(elements->find(request.principal.account, instance.element_key).document, options);
}

ApiAnswer definitions(const json::object& documented) {
  if (const json::value* models = documented.if_contains("definitions")) return answer_json(*models);
  const json::value* components = documented.if_contains("components");
  const json::value* schemas =
      components == nullptr || !components->is_object() ? nullptr : components->get_object().if_contains("schemas");
  return answer_json(schemas == nullptr ? json::value(json::object()) : *schemas);
}

using Answer = std::function<ApiAnswer(const ApiRequest& request, std::int64_t instance)>;

void add_both(Router& router, const std::string& below, const std::string& summary, const Answer& answer) {
  Route by_id{.method = "GET",
              .pattern = "/instances/{id}/docs" + below,
              .summary = summary,
              .query = {"operationId", "version", "baseUrl", "discovery", "basic", "resolveReferences"}};
  Route by_token = by_id;
  by_token.pattern = "/instances/docs" + below;
  by_token.access = RouteAccess::element;
  by_id.handler = [answer](ApiRequest& request) { return answer(request, request.id("id")); };
  by_token.handler = [answer](ApiRequest& request) { return answer(request, request.principal.instance.value_or(0)); };
  router.add(std::move(by_id));
  router.add(std::move(by_token));
}

}  // namespace

void add_instance_docs_routes(Router& router, Store& store, const Elements& elements) {
  add_both(router, "", "What the instance can be asked, in Swagger 2.0 or OpenAPI 3.1",
           [&store, elements](const ApiRequest& request, std::int64_t id) {
             return answer_json(documentation(store, elements, request, id, {}));
           });
  add_both(router, "/{operationId}", "The same of one operation",
           [&store, elements](const ApiRequest& request, std::int64_t id) {
             return answer_json(documentation(store, elements, request, id, request.parameter("operationId")));
           });
  add_both(router, "/{operationId}/definitions", "The models of one operation",
           [&store, elements](const ApiRequest& request, std::int64_t id) {
             return definitions(documentation(store, elements, request, id, request.parameter("operationId")));
           });
}

}  // namespace formulary::api

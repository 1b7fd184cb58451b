#include <utility>

#include "host/api/account_elements.hpp"
#include "host/api/element_document.hpp"
#include "host/api/element_swagger.hpp"
#include "host/api/elements_routes.hpp"
#include "host/api/paging.hpp"

namespace formulary::api {
namespace {

using Elements = std::shared_ptr<const AccountElements>;

ApiAnswer show_docs(const Elements& elements, const ApiRequest& request) {
  return answer_json(swagger_of_element(elements->find(request).document, swagger_options(request)));
}

ApiAnswer show_operation_docs(const Elements& elements, const ApiRequest& request) {
  SwaggerOptions options = swagger_options(request);
  options.operation = request.parameter("operationId");
  return answer_json(swagger_of_element(elements->find(request).document, options));
}

ApiAnswer show_object_docs(const Elements& elements, const ApiRequest& request) {
  SwaggerOptions options = swagger_options(request);
  options.object = request.parameter("objectName");
  return answer_json(swagger_of_element(elements->find(request).document, options));
}

ApiAnswer list_operations(const Elements& elements, const ApiRequest& request) {
  const AccountElements::Found found = elements->find(request);
  json::array shown;
  for (const ElementOperation& operation : operations_of(found.document)) {
    shown.push_back(json::object{{"id", operation.id},
                                 {"operationId", operation.id},
                                 {"method", operation.method},
                                 {"path", operation.path},
                                 {"description", text_member(*operation.resource, "description")}});
  }
  return answer_page(std::move(shown), page_order(request, 5'000));
}

ApiAnswer list_versions(const Elements& elements, const ApiRequest& request) {
  const AccountElements::Found found = elements->find(request);
  const std::string_view version = text_member(found.document, "version");
  return answer_json(json::array{json::object{{"id", found.id},
                                              {"key", found.key},
                                              {"version", version.empty() ? "1.0.0" : version},
                                              {"active", found.document.at("active")}}});
}

}  // namespace

void add_element_docs_routes(Router& router, const Elements& elements) {
  const auto add = [&router, &elements](Route route, ApiAnswer (*handle)(const Elements&, const ApiRequest&)) {
    route.method = "GET";
    route.handler = [elements, handle](ApiRequest& request) { return handle(elements, request); };
    router.add(std::move(route));
  };
  const std::string element = "/elements/{keyOrId}";
  add({.pattern = element + "/docs",
       .summary = "Documents an element's resources, in Swagger 2.0 or OpenAPI 3.1",
       .query = {"operationId", "version", "baseUrl"}},
      show_docs);
  add({.pattern = element + "/operations",
       .summary = "Lists what can be called of an element",
       .query = {"pageSize", "nextPage"},
       .answer = "Operation[]"},
      list_operations);
  add({.pattern = element + "/operations/{operationId}/docs",
       .summary = "Documents one operation of an element",
       .query = {"version", "baseUrl"}},
      show_operation_docs);
  add({.pattern = element + "/objects/{objectName}/docs",
       .summary = "Documents the resources of one object of an element",
       .query = {"version", "baseUrl"}},
      show_object_docs);
  add({.pattern = element + "/versions", .summary = "Lists the versions of an element that there are"}, list_versions);
}

}  // namespace formulary::api

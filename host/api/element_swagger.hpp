/// \file
/// The documentation of an element's resources: Swagger 2.0 and OpenAPI 3.1. Pure, no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_request.hpp"
#include "host/base/json.hpp"

namespace formulary::api {

enum class SwaggerVersion { swagger_2_0, openapi_3_1 };

struct SwaggerOptions {
  SwaggerVersion version = SwaggerVersion::swagger_2_0;
  std::string base_url;   ///< "https://foo.bar" or "https://foo.bar/elements/api-v2". Empty: wherever the reader is.
  std::string title;      ///< Empty: the element's name.
  std::string operation;  ///< Only the operation of that id. Empty: all.
  std::string object;     ///< Only resources below /hubs/{hub}/<object>. Empty: all.
};

/// From `baseUrl`, `operationId` and `version` ("3.1" and the like; everything else that is a number is Swagger 2.0).
/// Error(bad_input) for one that is none.
[[nodiscard]] SwaggerOptions swagger_options(const ApiRequest& request);

/// A resource of an element that people may call.
struct ElementOperation {
  std::string id;      ///< "getCandidatesById": one of a kind in its element, the same as long as its resources are.
  std::string method;  ///< Upper case.
  std::string path;    ///< "/hubs/crm/candidates/{id}"
  const json::object* resource = nullptr;  ///< Borrowed of the element.
};
[[nodiscard]] std::vector<ElementOperation> operations_of(const json::object& element);

/// `element`: as GET /elements/{key} shows it, or an instance's. Models become definitions; of two with one name and
/// different content the later is renamed. Error(not_found) if there is no such operation or object.
[[nodiscard]] json::object swagger_of_element(const json::object& element, const SwaggerOptions& options = {});

}  // namespace formulary::api

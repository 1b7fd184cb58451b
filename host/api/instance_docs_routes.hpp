/// \file
/// What an instance can be asked: the documentation of its element, as that instance's. Source: CONTRACT 1.4.
#pragma once

#include <memory>

#include "host/api/elements_routes.hpp"
#include "host/api/router.hpp"
#include "host/store/store.hpp"

namespace formulary::api {

/// GET /instances/{id}/docs, /instances/{id}/docs/{operationId} and .../definitions, and the same without the id for
/// the instance whose token comes along. `store` is borrowed.
void add_instance_docs_routes(Router& router, Store& store, const std::shared_ptr<const AccountElements>& elements);

}  // namespace formulary::api

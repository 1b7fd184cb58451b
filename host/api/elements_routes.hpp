/// \file
/// /elements and /hubs. Source: CONTRACT 1.3, 1.5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "host/api/authorizer.hpp"
#include "host/api/router.hpp"
#include "host/base/clock.hpp"
#include "host/plugin/catalogue.hpp"
#include "host/store/element_store.hpp"

namespace formulary::api {

/// Borrowed by the routes, which the router keeps.
struct ElementsPorts {
  const Catalogue* catalogue = nullptr;
  ElementStore* store = nullptr;
  const Clock* clock = nullptr;
  /// Of open paths, which show more to who is known. May be nullptr.
  Authorizer* authorizer = nullptr;
  /// How many instances an account has of its own element, which is not deleted before they are. May be empty.
  std::function<std::size_t(std::int64_t account, std::string_view key)> instances_of;
};

/// What every route of these shares.
class AccountElements;
[[nodiscard]] std::shared_ptr<const AccountElements> account_elements(ElementsPorts ports);

/// Adds all of them.
void add_elements_routes(Router& router, ElementsPorts ports);

void add_element_part_routes(Router& router, const std::shared_ptr<const AccountElements>& elements);
void add_element_docs_routes(Router& router, const std::shared_ptr<const AccountElements>& elements);
void add_hub_routes(Router& router, const std::shared_ptr<const AccountElements>& elements);

}  // namespace formulary::api

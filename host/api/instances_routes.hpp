/// \file
/// /instances: element instances made, shown, changed and deleted. Source: CONTRACT 1.4.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "host/api/router.hpp"
#include "host/element/instances.hpp"
#include "host/store/store.hpp"

namespace formulary::api {

/// Everything is borrowed and must outlive the router.
struct InstancePorts {
  Instances* instances = nullptr;
  Store* store = nullptr;
  /// Key of the element that a client names by key or number. Throws Error(not_found).
  std::function<std::string(std::string_view key_or_id, const Principal&)> element_key;
  /// Name and address of a user, for the instance's `user`. May be empty.
  std::function<InstanceOwner(const Principal&)> owner;
  /// Time limit, cancellation and trace of the calls that a request makes.
  std::function<CallContext(const ApiRequest&)> call_context;
};

void add_instances_routes(Router& router, const InstancePorts& ports);

/// The instance of that id if the account has it; its `token` and `secrets` are left empty. Error(not_found)
[[nodiscard]] InstanceRecord instance_of_account(Store& store, std::int64_t id, const Principal& principal);

}  // namespace formulary::api

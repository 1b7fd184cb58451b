/// \file
/// An instance's configuration as a list of entries. Source: CONTRACT 1.4, `/instances/{id}/configuration`.
#pragma once

#include <string_view>

#include "host/base/json.hpp"
#include "host/plugin/manifest.hpp"

namespace formulary::api {

/// [{"id","name","key","description","propertyValue","active","required","type","hideFromConsole"}] in the order of the
/// manifest, then the platform's own entries. `instance` is the document as shown, so secrets are masked.
[[nodiscard]] json::array configuration_entries(const json::object& instance, const Manifest& manifest);

/// The entry of that id or key. Error(not_found)
[[nodiscard]] json::object find_configuration_entry(const json::array& entries, std::string_view id_or_key);

}  // namespace formulary::api

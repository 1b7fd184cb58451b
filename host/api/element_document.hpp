/// \file
/// An element as the platform's API shows it. Pure, no I/O. Source: CONTRACT 5.
#pragma once

#include <cstdint>
#include <string_view>

#include "host/base/json.hpp"
#include "host/plugin/manifest.hpp"

namespace formulary::api {

/// The lists of an element that have members with ids.
inline constexpr std::string_view element_lists[] = {"configuration", "resources", "objects",
                                                     "models",        "hooks",     "parameters"};

/// The element of a plugin, with every member that the platform always gives. Ids are derived from the key and the
/// names of things, so that they are the same in every process and after every upgrade; they are from 2^30 to 2^31-1.
[[nodiscard]] json::object element_document(const Manifest& manifest);

/// Without what is long: as an instance names its element.
[[nodiscard]] json::object abridged_element(const json::object& element);
/// What the element can: {"id", "name", "key", "events": {"supported", "methods", ...}, "bulk", ...}.
[[nodiscard]] json::object element_metadata(const json::object& element);

/// With the resources, objects and models that an account added, and marked so.
[[nodiscard]] json::object extended_element(json::object element, const json::object& extension);

/// Whether values of this configuration entry are secrets.
[[nodiscard]] bool is_secret_entry(const json::object& entry);
/// Default values that are secrets, masked.
void mask_defaults(json::object& element);

/// The list of that name; an empty one if it has none.
[[nodiscard]] const json::array& list_of(const json::object& element, std::string_view name);
/// The text of that member; empty if it is none.
[[nodiscard]] std::string_view text_member(const json::object& object, std::string_view name);
/// The number of that member; 0 if it is none.
[[nodiscard]] std::int64_t id_member(const json::object& object, std::string_view name = "id");

}  // namespace formulary::api

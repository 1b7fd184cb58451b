/// \file
/// What the platform does with the JSON of a template: ids for its parts, names that follow each other. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "host/base/json.hpp"
#include "host/store/formula_store.hpp"

namespace formulary::api {

/// The template as it is kept: all its members, also those that mean nothing here, but those that the record has
/// (`id`, `accountId`, `active`, dates). Steps, triggers and configuration are always there, and each entry has an id:
/// that of the entry of the same name (key, of configuration; place, of a trigger without a name) in `before`, else a
/// new one. Error(bad_input) if one of them is no list of objects.
[[nodiscard]] json::object to_kept(json::object given, const json::object& before,
                                   const std::function<std::int64_t()>& next_id);
/// The opposite: with the record's members in front.
[[nodiscard]] json::object to_shown(const FormulaRecord& record, const json::object& kept);

/// The entry with that id of the list `part` ("steps"), or nullptr.
[[nodiscard]] json::object* find_part(json::object& kept, std::string_view part, std::int64_t id);

/// Takes the step's name out of every onSuccess and onFailure.
void remove_step_name(json::object& kept, std::string_view name);
/// Follows a step that was given another name, in onSuccess and onFailure. Scripts stay as they are.
void rename_step(json::object& kept, std::string_view from, const std::string& to);
/// `${from}` and `${config.from}` in the properties of triggers and steps; scripts stay as they are, since `${...}` in
/// them is JavaScript's.
void rename_configuration_key(json::object& kept, const std::string& from, const std::string& to);

}  // namespace formulary::api

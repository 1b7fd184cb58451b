/// \file
/// What the host does to the JSON of an element's answer: select, sort, leave nulls out. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"

namespace formulary {

/// Takes null members out, at any depth; nulls in arrays stay, since their place means something.
void remove_nulls(json::value& value);

/// "id,name,address.city" -> the members to keep. Error(bad_input) for an empty or overlong list.
[[nodiscard]] std::vector<std::string> parse_fields(std::string_view text);
/// Of an object, or of each object in a list, only those members; "a.b" keeps b in a.
void select_fields(json::value& value, const std::vector<std::string>& fields);

/// "name", "name desc", "name asc, id desc".
struct SortKey {
  std::string path;
  bool descending = false;
};
[[nodiscard]] std::vector<SortKey> parse_order(std::string_view text);
/// A list's objects, stably: absent first, then flags, numbers, texts. Anything else stays as it is.
void sort_by(json::value& value, const std::vector<SortKey>& keys);

}  // namespace formulary

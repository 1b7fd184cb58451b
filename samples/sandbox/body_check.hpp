/// \file
/// Checks JSON bodies against a table of members: what the vendor's documents demand of them.
#pragma once

#include <boost/json/object.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

#include "router.hpp"

namespace sandbox {

enum class Kind { text, number, boolean, object, array, instant, email };

struct Member {
  std::string_view path;  ///< Dotted: "location.city". A nested member is looked at only if its parent is there.
  Kind kind = Kind::text;
  bool required = false;
  std::size_t length_min = 0;
  std::size_t length_max = 25'000;
  std::vector<std::string_view> one_of = {};
};

/// Throws `call.invalid(path, reason)` for the first member that is missing, of another type, out of its length or not
/// among `one_of`. Members that the table does not name are ignored, as the vendor ignores them.
void check_members(const Call& call, const json::object& body, const std::vector<Member>& members);

/// The text at a dotted path, or `otherwise`.
[[nodiscard]] std::string text_at(const json::object& from, std::string_view path, std::string_view otherwise = {});

/// Copies the members of that name that `from` has.
void copy_members(const json::object& from, json::object& to, std::initializer_list<std::string_view> names);

}  // namespace sandbox

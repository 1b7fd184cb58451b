/// \file
/// What clients send of elements and of the things in them: checked, completed, numbered. Pure, no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "host/base/json.hpp"

namespace formulary::api {

inline constexpr std::size_t element_bytes_max = 8U << 20U;
inline constexpr std::size_t element_list_max = 4'096;  ///< Members of one list.

/// How many ids that document may need: one for itself and for each thing in it, however deep.
[[nodiscard]] std::size_t count_parts(const json::value& posted);

/// What every part needs that is made. Borrows the document before, whose parts keep their ids and dates.
class PartMaking {
 public:
  /// `first`: the first of as many ids as count_parts() said.
  PartMaking(std::int64_t first, std::string now, std::int64_t account)
      : next_(first), now_(std::move(now)), account_(account) {}

  /// Parts that are there already: what is posted with the id (or as configuration with the key) of one of them is a
  /// change of it.
  void know(const json::object& before);

  [[nodiscard]] std::int64_t next_id() { return next_++; }
  /// The part before, once; nullptr if what is posted is new.
  [[nodiscard]] const json::object* take(const json::object& posted);
  [[nodiscard]] const json::object* take_configuration(std::string_view key);
  [[nodiscard]] const std::string& now() const noexcept { return now_; }
  [[nodiscard]] std::int64_t account() const noexcept { return account_; }

 private:
  std::int64_t next_;
  std::string now_;
  std::int64_t account_;
  std::map<std::int64_t, const json::object*> known_;
  std::map<std::string, const json::object*, std::less<>> known_configuration_;
};

/// Each throws Error(bad_input) with the path of the first member that cannot be ("body.resources[3].path: ...").
/// Members that the platform does not define are kept. `owner`: id of the element, or of the resource.
[[nodiscard]] json::object make_element(json::object posted, PartMaking& making, const std::string& where);
[[nodiscard]] json::object make_configuration(json::object posted, PartMaking& making, const std::string& where);
[[nodiscard]] json::object make_resource(json::object posted, std::string_view hub, PartMaking& making,
                                         const std::string& where);
/// `owner_name`: "elementId" or "resourceId".
[[nodiscard]] json::object make_parameter(json::object posted, std::string_view owner_name, std::int64_t owner,
                                          PartMaking& making, const std::string& where);
[[nodiscard]] json::object make_hook(json::object posted, std::string_view owner_name, std::int64_t owner,
                                     PartMaking& making, const std::string& where);
/// An object of an element, or a model: both have a name and fields.
[[nodiscard]] json::object make_object(json::object posted, PartMaking& making, const std::string& where);
[[nodiscard]] json::object make_field(json::object posted, PartMaking& making, const std::string& where);
/// {"name", "transform", "swagger"}: the model of a resource.
[[nodiscard]] json::object make_resource_model(json::object posted, const std::string& where);

/// "Churros DB element" -> "churrosdbelement".
[[nodiscard]] std::string key_of_name(std::string_view name);

}  // namespace formulary::api

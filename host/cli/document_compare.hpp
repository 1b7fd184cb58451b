/// \file
/// What a file says and what a server has, in forms that are the same where they mean the same. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/base/json.hpp"
#include "host/cli/file_documents.hpp"

namespace formulary::cli {

/// What a server has, by which ids in its documents become names. A name that several have is left out.
struct ServerNames {
  std::map<std::string, std::string> instances;  ///< Id to name.
  std::map<std::string, std::string> formulas;
};

/// Without what servers add to it: ids, dates, owners, nulls; and without default values that are secrets.
[[nodiscard]] json::object plain_element(const json::object& element);
enum class Falses { drop, keep };
/// A template without what servers add, and without what says nothing: nulls, empty lists and objects, `false`.
[[nodiscard]] json::object plain_formula(const json::value& formula, Falses falses = Falses::drop);
/// {"name","formula":{"name"},"configuration","settings","active","singleThreaded"}, element instances by name. `shown`
/// is the server's document or, with `formula`'s variables beside it, a file's.
[[nodiscard]] json::object plain_formula_instance(const json::object& shown, const json::value& formula,
                                                  const ServerNames& names);

/// Keys of a formula's variables of type elementInstance.
[[nodiscard]] std::vector<std::string> element_instance_keys(const json::value& formula);

/// Both sides, members sorted. `kept` has of what the server has only that which the file speaks of: where a file names
/// no member, any value is right. Formulas (but for `active`) and formula instances' configuration are compared whole.
struct ComparedDocument {
  json::value wanted;
  json::value kept;  ///< Null: the server has none.
  [[nodiscard]] bool is_same() const { return wanted == kept; }
};
/// `kept` null: the server has none. `formula`: the template of a formula instance, else null.
[[nodiscard]] ComparedDocument compare_document(const FileDocument& document, const json::value& kept,
                                                const json::value& formula, const ServerNames& names);

/// The value with the members of all objects sorted by name.
[[nodiscard]] json::value sorted_members(const json::value& value);

/// Keys of an element's configuration whose values are secrets.
[[nodiscard]] std::vector<std::string> secret_keys(const json::value& element);
/// Whether a variable of a formula is, by its name, likely to hold a secret: servers do not say.
[[nodiscard]] bool sounds_secret(std::string_view key);

}  // namespace formulary::cli

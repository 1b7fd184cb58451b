#include "host/cli/server_documents.hpp"

#include <set>

#include "host/base/error.hpp"
#include "host/base/text.hpp"

namespace formulary::cli {
namespace {

const json::value& nothing() {
  static const json::value none;
  return none;
}

template <class Is>
const json::value& only_one(const json::array& all, const std::string& label, const Is& is) {
  const json::value* found = nullptr;
  for (const json::value& one : all) {
    if (!is(one)) continue;
    if (found != nullptr) {
      throw Error(ErrorCode::conflict, "the server has several of the name of " + label + ", " +
                                           member_text(*found, "id") + " and " + member_text(one, "id") +
                                           " among them; rename or delete one");
    }
    found = &one;
  }
  return found == nullptr ? nothing() : *found;
}

std::map<std::string, std::string> names_by_id(const json::array& all) {
  std::map<std::string, std::string> names;
  std::set<std::string> seen;
  std::set<std::string> several;
  for (const json::value& one : all) {
    const std::string name = member_text(one, "name");
    if (!seen.insert(name).second) several.insert(name);
    names[member_text(one, "id")] = name;
  }
  std::erase_if(names, [&several](const auto& entry) { return several.contains(entry.second); });
  return names;
}

std::string formula_name_of(const json::value& formula_instance) {
  const json::object* object = formula_instance.if_object();
  const json::value* formula = object == nullptr ? nullptr : object->if_contains("formula");
  return formula == nullptr ? std::string() : member_text(*formula, "name");
}

}  // namespace

const json::array& ServerDocuments::instances() {
  if (!instances_) {
    instances_ = remote_.list("/instances");
    for (json::value& one : *instances_) hide_secrets(one);
  }
  return *instances_;
}

const json::array& ServerDocuments::formulas() {
  if (!formulas_) formulas_ = remote_.list("/formulas");
  return *formulas_;
}

const json::array& ServerDocuments::formula_instances() {
  if (!formula_instances_) formula_instances_ = remote_.list("/formulas/instances", {{"includeInactive", "true"}});
  return *formula_instances_;
}

const json::value& ServerDocuments::element(const std::string& key) {
  if (const auto known = elements_.find(key); known != elements_.end()) return known->second;
  json::value element;
  try {
    element = remote_.get("/elements/" + percent_encode(key));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
  }
  return elements_[key] = std::move(element);
}

json::array ServerDocuments::own_elements() {
  json::array own;
  for (const json::value& one : remote_.list("/elements", {{"abridged", "true"}})) {
    if (member_text(one, "private") != "true") continue;
    own.push_back(remote_.get("/elements/" + percent_encode(member_text(one, "id")) + "/export"));
  }
  return own;
}

const json::value& ServerDocuments::formula(const std::string& name) {
  return only_one(formulas(), "formula \"" + printable(name) + '"',
                  [&name](const json::value& one) { return member_text(one, "name") == name; });
}

const json::value& ServerDocuments::find(const FileDocument& document) {
  switch (document.kind) {
    case DocumentKind::element:
      return element(document.name);
    case DocumentKind::instance:
      return only_one(instances(), document_label(document),
                      [&document](const json::value& one) { return member_text(one, "name") == document.name; });
    case DocumentKind::formula_instance:
      return only_one(formula_instances(), document_label(document), [&document](const json::value& one) {
        return member_text(one, "name") == document.name && formula_name_of(one) == document.of;
      });
    default:
      return formula(document.name);
  }
}

const ServerNames& ServerDocuments::names() {
  if (!names_) names_ = ServerNames{.instances = names_by_id(instances()), .formulas = names_by_id(formulas())};
  return *names_;
}

}  // namespace formulary::cli

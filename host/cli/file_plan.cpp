#include "host/cli/file_plan.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "host/base/error.hpp"
#include "host/element/platform_configuration.hpp"
#include "host/formula/problems.hpp"

namespace formulary::cli {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

const json::object* object_member(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member == nullptr ? nullptr : member->if_object();
}

class Planner {
 public:
  Planner(ServerDocuments& server, const std::vector<FileDocument>& documents, std::vector<FormulaProblem>& problems)
      : server_(server), problems_(problems) {
    for (const FileDocument& document : documents) {
      if (document.kind == DocumentKind::element || document.kind == DocumentKind::formula) {
        bodies_[document.kind][document.name] = document.body;
      } else if (document.kind == DocumentKind::instance) {
        instances_.insert(document.name);
      }
    }
    for (const auto& [id, name] : server.names().instances) instances_.insert(name);
  }

  [[nodiscard]] PlannedDocument plan(FileDocument document, bool with_secrets) {
    PlannedDocument planned{.document = std::move(document)};
    const FileDocument& file = planned.document;
    try {
      planned.kept = server_.find(file);
      json::value formula;
      if (file.kind == DocumentKind::element) check_element(planned);
      if (file.kind == DocumentKind::instance) check_instance(planned);
      if (file.kind == DocumentKind::formula) check_calls(file);
      if (file.kind == DocumentKind::formula_instance) {
        formula = template_of(file.of);
        check_formula_instance(file, formula);
      }
      planned.compared = compare_document(file, planned.kept, formula, server_.names());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::conflict) throw;
      add(file, "", error.what());
    }
    planned.asks_for_secrets = !file.secrets.empty() && (with_secrets || planned.kept.is_null());
    return planned;
  }

 private:
  void add(const FileDocument& file, const std::string& member, const std::string& sentence) {
    problems_.push_back({FormulaProblem::Kind::invalid, file.file + (member.empty() ? "" : ": " + member), sentence});
  }

  [[nodiscard]] json::value body_or(DocumentKind kind, const std::string& name, const json::value& otherwise) {
    const auto file = bodies_[kind].find(name);
    return file == bodies_[kind].end() ? otherwise : json::value(file->second);
  }
  [[nodiscard]] json::value template_of(const std::string& name) {
    return body_or(DocumentKind::formula, name, server_.formula(name));
  }

  void check_element(const PlannedDocument& planned) {
    if (!planned.kept.is_object() || member_text(planned.kept, "private") != "false") return;
    add(planned.document, "key", "is that of an element that is not the account's own; choose another");
  }

  void check_instance(const PlannedDocument& planned) {
    const FileDocument& file = planned.document;
    const json::value element = body_or(DocumentKind::element, file.of, server_.element(file.of));
    if (element.is_null()) {
      add(file, "element.key", "'" + file.of + "' is an element of neither the server nor the files");
      return;
    }
    const json::object* kept = planned.kept.if_object();
    const json::object* kept_element = kept == nullptr ? nullptr : object_member(*kept, "element");
    const std::string kept_key = kept_element == nullptr ? file.of : member_text(*kept_element, "key");
    if (kept_key != file.of) {
      add(file, "element.key", "the server has an instance of this name of '" + kept_key + "'; rename or delete one");
    }
    const json::object* configuration = object_member(file.body, "configuration");
    if (configuration == nullptr) return;
    for (const auto& member : *configuration) check_no_secret(file, element, std::string(member.key()));
  }

  void check_no_secret(const FileDocument& file, const json::value& element, const std::string& key) {
    bool is_secret = is_platform_secret(key);
    for (const std::string& one : secret_keys(element)) is_secret = is_secret || one == key;
    if (is_secret) {
      add(file, "configuration." + key,
          "is a secret, which does not stand in these files; write \"secrets\": {\"" + key + "\": \"@FILE\"}");
    }
  }

  void check_calls(const FileDocument& file) {
    for (const std::string& name : called_formulas(file.body)) {
      if (is_number(name) || name.empty() || name.find("${") != std::string::npos) continue;
      if (template_of(name).is_null()) {
        add(file, "steps", "one calls the formula '" + name + "', which neither the server nor the files have");
      }
    }
  }

  void check_formula_instance(const FileDocument& file, const json::value& formula) {
    if (formula.is_null()) {
      add(file, "formula.name", "'" + file.of + "' is a formula of neither the server nor the files");
      return;
    }
    const json::object* given = object_member(file.body, "configuration");
    json::object configuration = given == nullptr ? json::object() : *given;
    for (const auto& [key, source] : file.secrets) configuration[key] = source;  // there, whatever it is
    for (const FormulaProblem& problem : find_problems(*Formula::from_json(formula, file.of), configuration)) {
      if (refuses_template({problem})) add(file, problem.path, problem.sentence);
    }
    for (const std::string& key : element_instance_keys(formula)) {
      const json::value* value = configuration.if_contains(key);
      if (value == nullptr || file.secrets.contains(key)) continue;
      const std::string name = member_text(configuration, key);
      if (instances_.contains(name) || is_number(name)) continue;
      add(file, "configuration." + key,
          "'" + name + "' is the name of an instance of neither the server nor the files, or of several");
    }
  }

  ServerDocuments& server_;
  std::vector<FormulaProblem>& problems_;
  std::map<DocumentKind, std::map<std::string, json::object>> bodies_;
  std::set<std::string> instances_;  ///< Names of those there are or will be.
};

}  // namespace

std::string_view PlannedDocument::change() const noexcept {
  if (kept.is_null()) return "created";
  return compared.is_same() && !asks_for_secrets ? "unchanged" : "updated";
}

std::vector<PlannedDocument> plan_documents(ServerDocuments& server, std::vector<FileDocument> documents,
                                            bool with_secrets, std::vector<FormulaProblem>& problems) {
  Planner planner(server, documents, problems);
  std::vector<PlannedDocument> planned;
  planned.reserve(documents.size());
  for (FileDocument& document : documents) planned.push_back(planner.plan(std::move(document), with_secrets));
  return planned;
}

}  // namespace formulary::cli

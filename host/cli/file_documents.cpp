#include "host/cli/file_documents.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <tuple>
#include <utility>

#include "host/base/error.hpp"
#include "host/cli/formula_input.hpp"
#include "host/cli/remote_api.hpp"
#include "host/element/instance_document.hpp"

namespace formulary::cli {
namespace {

using Problems = std::vector<FormulaProblem>;

constexpr std::array<DocumentKind, 4> all_kinds = {DocumentKind::element, DocumentKind::instance, DocumentKind::formula,
                                                   DocumentKind::formula_instance};

/// Writes down what is wrong with one file.
class Complaints {
 public:
  Complaints(std::string file, Problems& problems) : file_(std::move(file)), problems_(problems) {}
  void add(const std::string& member, const std::string& message) {
    problems_.push_back({FormulaProblem::Kind::invalid, file_ + (member.empty() ? "" : ": ") + member, message});
  }
  /// Its sentence begins with the file's name, which the problem's path has.
  void add(const Error& error) {
    const std::string_view said = error.what();
    const bool has_file = said.starts_with(file_ + ": ");
    add("", std::string(has_file ? said.substr(file_.size() + 2) : said));
  }

 private:
  std::string file_;
  Problems& problems_;
};

std::optional<DocumentKind> kind_of(const json::object& document, Complaints& complaints) {
  const json::value* given = document.if_contains("kind");
  if (given == nullptr) return DocumentKind::formula;
  for (const DocumentKind kind : all_kinds) {
    if (given->is_string() && given->get_string() == json::string_view(kind_word(kind))) return kind;
  }
  complaints.add("kind", "is none of element, instance, formula, formulaInstance");
  return std::nullopt;
}

/// Typing errors in what is small enough to know all members of.
void check_members(const FileDocument& document, Complaints& complaints) {
  static const std::set<std::string_view> of_instance = {"name", "element", "tags", "configuration"};
  static const std::set<std::string_view> of_formula_instance = {"name",     "formula", "configuration",
                                                                 "settings", "active",  "singleThreaded"};
  const bool is_instance = document.kind == DocumentKind::instance;
  if (!is_instance && document.kind != DocumentKind::formula_instance) return;
  for (const auto& member : document.body) {
    const std::string key(member.key());
    if (!(is_instance ? of_instance : of_formula_instance).contains(key)) {
      complaints.add(key, "is no member of this kind of document; take it out");
    }
  }
}

void check_configuration(const FileDocument& document, Complaints& complaints) {
  const json::value* given = document.body.if_contains("configuration");
  if (document.kind == DocumentKind::element || document.kind == DocumentKind::formula || given == nullptr) return;
  if (!given->is_object()) {
    complaints.add("configuration", "is no object; give values by key");
    return;
  }
  for (const auto& member : given->get_object()) {
    const std::string key(member.key());
    if (document.secrets.contains(key)) complaints.add("configuration." + key, "is among the secrets, too");
    if (member.value() == json::value(json::string_view(secret_mask))) {
      complaints.add("configuration." + key, "is a mask; take it out and say under secrets which file has the value");
    }
  }
}

std::string text_in(const json::object& object, std::string_view member, const std::string& path,
                    Complaints& complaints) {
  const json::value* value = object.if_contains(member);
  if (value != nullptr && value->is_string() && !value->get_string().empty()) return std::string(value->get_string());
  complaints.add(path, value == nullptr ? "missing" : "is no text");
  return {};
}

/// {"element":{"key":"x"}}, {"formula":{"name":"x"}}
std::string named_in(const json::object& body, const std::string& member, const std::string& by,
                     Complaints& complaints) {
  const json::value* named = body.if_contains(member);
  if (named == nullptr || !named->is_object()) {
    complaints.add(member, R"(missing; say which: ")" + member + R"(": {")" + by + R"(": "..."})");
    return {};
  }
  return text_in(named->get_object(), by, member + "." + by, complaints);
}

void take_secrets(FileDocument& document, Complaints& complaints) {
  if (document.kind == DocumentKind::element || document.kind == DocumentKind::formula) return;
  const json::value* given = document.body.if_contains("secrets");
  if (given == nullptr) return;
  if (!given->is_object()) {
    complaints.add("secrets", R"(is no object; write "secrets": {"KEY": "@FILE"})");
    return;
  }
  for (const auto& member : given->get_object()) {
    const std::string key(member.key());
    const std::string text = member.value().is_string() ? std::string(member.value().get_string()) : std::string();
    // The value is not repeated: it may be the secret itself.
    if (text.size() < 2 || text.front() != '@' || text == "@-") {
      complaints.add("secrets." + key, "is no file; write \"@FILE\", and the secret alone into that file");
      continue;
    }
    document.secrets[key] = (std::filesystem::path(document.file).parent_path() / text.substr(1)).string();
  }
  document.body.erase("secrets");
}

void check_formula(const FileDocument& document, Complaints& complaints) {
  try {
    const auto formula = Formula::from_json(document.body, document.file);
    for (const FormulaProblem& problem : find_problems(*formula)) {
      if (refuses_template({problem})) complaints.add(problem.path, problem.sentence);
    }
  } catch (const Error& error) {
    complaints.add(error);
  }
}

template <class Visit>
void visit_called(json::object& formula, const Visit& visit) {
  json::value* steps = formula.if_contains("steps");
  if (steps == nullptr || !steps->is_array()) return;
  for (json::value& step : steps->get_array()) {
    json::object* object = step.if_object();
    if (object == nullptr || member_text(step, "type") != "formula") continue;
    json::value* properties = object->if_contains("properties");
    if (properties == nullptr || !properties->is_object()) continue;
    if (json::value* called = properties->get_object().if_contains("formulaId")) visit(*called);
  }
}

/// Called formulas first; those that call each other stand by name.
class FormulaOrder {
 public:
  explicit FormulaOrder(const std::vector<FileDocument>& documents) {
    for (std::size_t at = 0; at < documents.size(); ++at) {
      if (documents[at].kind != DocumentKind::formula) continue;
      by_name_[documents[at].name] = at;
      called_[at] = called_formulas(documents[at].body);
    }
    for (const auto& [name, at] : by_name_) place(at);
  }
  [[nodiscard]] std::size_t of(std::size_t at) const {
    const auto known = places_.find(at);
    return known == places_.end() ? 0 : known->second;
  }

 private:
  // Bounded by the depth of calls among the files; a ring ends at the first that was seen.
  void place(std::size_t at) {
    if (!seen_.insert(at).second) return;
    for (const std::string& name : called_[at]) {
      if (const auto known = by_name_.find(name); known != by_name_.end()) place(known->second);
    }
    places_[at] = places_.size() + 1;
  }

  std::map<std::string, std::size_t> by_name_;
  std::map<std::size_t, std::vector<std::string>> called_;
  std::set<std::size_t> seen_;
  std::map<std::size_t, std::size_t> places_;
};

}  // namespace

std::string_view kind_word(DocumentKind kind) noexcept {
  switch (kind) {
    case DocumentKind::element:
      return "element";
    case DocumentKind::instance:
      return "instance";
    case DocumentKind::formula_instance:
      return "formulaInstance";
    default:
      return "formula";
  }
}

std::string_view kind_sentence_word(DocumentKind kind) noexcept {
  return kind == DocumentKind::formula_instance ? "formula instance" : kind_word(kind);
}

std::string document_label(const FileDocument& document) {
  const bool is_of_formula = document.kind == DocumentKind::formula_instance;
  return std::string(kind_sentence_word(document.kind)) + " \"" + printable(document.name) + '"' +
         (is_of_formula ? " of \"" + printable(document.of) + '"' : std::string());
}

std::optional<FileDocument> parse_document(std::string_view text, const std::string& file, Problems& problems) {
  Complaints complaints(file, problems);
  json::value parsed;
  try {
    parsed = parse_json(text, file);
  } catch (const Error& error) {
    complaints.add(error);
    return std::nullopt;
  }
  if (!parsed.is_object()) {
    complaints.add("", "is no JSON object; write one document into each file");
    return std::nullopt;
  }
  const std::optional<DocumentKind> kind = kind_of(parsed.get_object(), complaints);
  if (!kind) return std::nullopt;
  FileDocument document{.kind = *kind, .file = file, .body = std::move(parsed.get_object())};
  document.body.erase("kind");
  take_secrets(document, complaints);
  const std::string name_member = *kind == DocumentKind::element ? "key" : "name";
  document.name = text_in(document.body, name_member, name_member, complaints);
  if (*kind == DocumentKind::instance) document.of = named_in(document.body, "element", "key", complaints);
  if (*kind == DocumentKind::formula_instance) document.of = named_in(document.body, "formula", "name", complaints);
  check_members(document, complaints);
  check_configuration(document, complaints);
  if (*kind == DocumentKind::formula) check_formula(document, complaints);
  if (document.name.empty()) return std::nullopt;
  return document;
}

void order_documents(std::vector<FileDocument>& documents, Problems& problems) {
  const auto by_name = [](const FileDocument& a, const FileDocument& b) {
    return std::tie(a.kind, a.name, a.of, a.file) < std::tie(b.kind, b.name, b.of, b.file);
  };
  std::sort(documents.begin(), documents.end(), by_name);
  for (std::size_t at = 1; at < documents.size(); ++at) {
    const FileDocument& one = documents[at - 1];
    const FileDocument& other = documents[at];
    const bool is_same = one.kind == other.kind && one.name == other.name &&
                         (one.kind != DocumentKind::formula_instance || one.of == other.of);
    if (is_same) Complaints(other.file, problems).add("", document_label(other) + " is in " + one.file + ", too");
  }
  const FormulaOrder order(documents);
  std::vector<std::pair<std::size_t, FileDocument>> placed;
  placed.reserve(documents.size());
  for (std::size_t at = 0; at < documents.size(); ++at) placed.emplace_back(order.of(at), std::move(documents[at]));
  std::stable_sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.kind, a.first) < std::tie(b.second.kind, b.first);
  });
  for (std::size_t at = 0; at < documents.size(); ++at) documents[at] = std::move(placed[at].second);
}

std::vector<std::string> called_formulas(const json::object& formula) {
  std::vector<std::string> called;
  json::object copy = formula;
  visit_called(copy, [&called](const json::value& value) {
    called.push_back(value.is_string() ? std::string(value.get_string()) : to_text(value));
  });
  return called;
}

void rename_called_formulas(json::object& formula, const std::map<std::string, std::string>& names) {
  visit_called(formula, [&names](json::value& value) {
    const auto name = names.find(value.is_string() ? std::string(value.get_string()) : to_text(value));
    if (name != names.end()) value = name->second;
  });
}

std::string safe_file_name(std::string_view name) {
  constexpr std::size_t longest = 80;
  constexpr std::string_view taken = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  std::string safe;
  for (const char c : name) {
    const bool is_taken = taken.find(c) != std::string_view::npos && !(c == '.' && safe.empty());
    if (is_taken) {
      safe += c;
    } else if (!safe.empty() && safe.back() != '-') {
      safe += '-';
    }
  }
  if (safe.size() > longest) safe.resize(longest);
  while (!safe.empty() && (safe.back() == '-' || safe.back() == '.')) safe.pop_back();
  return safe.empty() ? "unnamed" : safe;
}

}  // namespace formulary::cli

#include <string>
#include <string_view>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/cli/commands_remote.hpp"
#include "host/cli/file_plan.hpp"
#include "host/cli/formula_input.hpp"
#include "host/cli/input.hpp"
#include "host/cli/line_diff.hpp"
#include "host/element/secret_json.hpp"

namespace formulary::cli {
namespace {

using Problems = std::vector<FormulaProblem>;

/// A document with its secrets' values, by key; wiped at the end.
struct ReadyDocument {
  PlannedDocument planned;
  json::value secrets = json::object();

  explicit ReadyDocument(PlannedDocument one) : planned(std::move(one)) {}
  ReadyDocument(const ReadyDocument&) = delete;
  ReadyDocument(ReadyDocument&&) = default;
  ReadyDocument& operator=(const ReadyDocument&) = delete;
  ReadyDocument& operator=(ReadyDocument&&) = delete;
  ~ReadyDocument() { wipe(secrets); }
};

void refuse(Problems problems) {
  if (problems.empty()) return;
  const std::string count = std::to_string(problems.size()) + (problems.size() == 1 ? " problem" : " problems");
  throw FormulaRefusal("files: " + count + "; nothing was changed; correct the files at those paths",
                       std::move(problems));
}

/// A FormulaRefusal has what is wrong with the files in themselves and what does not fit the server, together.
std::vector<PlannedDocument> plan_of(Session& session, ServerDocuments& server, const std::string& path,
                                     bool with_secrets) {
  Problems problems;
  std::vector<FileDocument> documents = read_documents(session.io(), path, problems);
  std::vector<PlannedDocument> planned = plan_documents(server, std::move(documents), with_secrets, problems);
  refuse(std::move(problems));
  return planned;
}

std::vector<ReadyDocument> with_secrets_read(const Io& io, std::vector<PlannedDocument> planned) {
  Problems problems;
  std::vector<ReadyDocument> ready;
  ready.reserve(planned.size());
  for (PlannedDocument& one : planned) {
    ReadyDocument& document = ready.emplace_back(std::move(one));
    if (!document.planned.asks_for_secrets) continue;
    for (const auto& [key, file] : document.planned.document.secrets) {
      try {
        auto [same_key, value] = read_secret(io, std::string(key).append("=@").append(file));
        const WipeAtExit guard(value);
        document.secrets.get_object()[key] = value;
      } catch (const Error& error) {
        problems.push_back(
            {FormulaProblem::Kind::invalid, document.planned.document.file + ": secrets." + key, error.what()});
      }
    }
  }
  refuse(std::move(problems));
  return ready;
}

json::object object_in(const json::value& document, std::string_view member) {
  const json::object* object = document.if_object();
  const json::value* value = object == nullptr ? nullptr : object->if_contains(member);
  return value != nullptr && value->is_object() ? value->get_object() : json::object();
}

std::map<std::string, std::string> ids_by_name(const std::map<std::string, std::string>& names) {
  std::map<std::string, std::string> ids;
  for (const auto& [id, name] : names) ids[name] = id;
  return ids;
}

/// Sends documents, and learns the ids of what it makes.
class Applier {
 public:
  Applier(RemoteApi& remote, ServerDocuments& server)
      : remote_(remote),
        instances_(ids_by_name(server.names().instances)),
        formulas_(ids_by_name(server.names().formulas)) {}

  /// Its id.
  std::string apply(const ReadyDocument& ready) {
    const FileDocument& document = ready.planned.document;
    std::string kept = member_text(ready.planned.kept, "id");
    if (document.kind == DocumentKind::formula) templates_[document.name] = document.body;
    if (ready.planned.change() == "unchanged") return kept;
    json::value body = body_of(ready);
    const WipeJsonAtExit guard(body);
    const std::string list = path_of(document);
    if (!kept.empty()) {
      const std::string path = list + '/' + percent_encode(kept);
      (void)remote_.send_json(document.kind == DocumentKind::instance ? "PATCH" : "PUT", path, body);
      return kept;
    }
    json::value made = remote_.send_json("POST", list, body);
    const WipeJsonAtExit made_guard(made);
    std::string id = member_text(made, "id");
    if (document.kind == DocumentKind::instance) instances_[document.name] = id;
    if (document.kind == DocumentKind::formula) formulas_[document.name] = id;
    return id;
  }

 private:
  [[nodiscard]] std::string path_of(const FileDocument& document) const {
    switch (document.kind) {
      case DocumentKind::element:
        return "/elements";
      case DocumentKind::instance:
        return "/instances";
      case DocumentKind::formula_instance:
        return "/formulas/" + percent_encode(formulas_.at(document.of)) + "/instances";
      default:
        return "/formulas";
    }
  }

  [[nodiscard]] json::value body_of(const ReadyDocument& ready) {
    const FileDocument& document = ready.planned.document;
    json::object body = document.body;
    if (document.kind == DocumentKind::formula) rename_called_formulas(body, formulas_);
    if (document.kind == DocumentKind::element || document.kind == DocumentKind::formula) return body;
    json::object configuration = object_in(document.body, "configuration");
    if (document.kind == DocumentKind::formula_instance) {
      body.erase("formula");
      name_instances_by_id(document, configuration);
      // It is replaced whole: what is not to be read again stays as it is.
      const json::object kept = object_in(ready.planned.kept, "configuration");
      for (const auto& [key, file] : document.secrets) {
        if (kept.contains(key)) configuration[key] = kept.at(key);
      }
    } else if (ready.planned.kept.is_object()) {
      body.erase("element");
    }
    for (const auto& secret : ready.secrets.get_object()) configuration[secret.key()] = secret.value();
    body["configuration"] = std::move(configuration);
    return body;
  }

  void name_instances_by_id(const FileDocument& document, json::object& configuration) {
    const auto file = templates_.find(document.of);
    const json::value formula =
        file != templates_.end() ? json::value(file->second) : remote_.get("/formulas/" + formulas_.at(document.of));
    for (const std::string& key : element_instance_keys(formula)) {
      json::value* value = configuration.if_contains(key);
      if (value == nullptr) continue;
      const auto id = instances_.find(member_text(configuration, key));
      if (id != instances_.end()) *value = id->second;
    }
  }

  RemoteApi& remote_;
  std::map<std::string, std::string> instances_;  ///< Name to id.
  std::map<std::string, std::string> formulas_;
  std::map<std::string, json::object> templates_;
};

/// Lines for people as it goes on; one list for programs at the end.
class Outcomes {
 public:
  explicit Outcomes(const Session& session) : session_(session) {}
  void add(const FileDocument& document, std::string_view done, const std::string& id) {
    if (session_.json()) {
      json::object one{{"kind", kind_word(document.kind)}, {"name", document.name}, {"file", document.file}};
      if (!document.of.empty()) one["of"] = document.of;
      if (!id.empty()) one["id"] = id;
      one["done"] = done;
      all_.push_back(std::move(one));
      return;
    }
    session_.io().out << done << '\t' << document_label(document) << (id.empty() ? "" : "\t" + id) << '\n'
                      << std::flush;
  }
  void finish() const {
    if (session_.json()) write_json(session_.io(), all_);
  }

 private:
  const Session& session_;
  json::array all_;
};

void apply_all(const Session& session, const std::vector<ReadyDocument>& ready, Applier& applier, Outcomes& outcomes) {
  std::size_t at = 0;
  try {
    for (; at < ready.size(); ++at) {
      refuse_interrupted(session.io(), "files were applied; run it again to go on");
      const std::string id = applier.apply(ready[at]);
      outcomes.add(ready[at].planned.document, ready[at].planned.change(), id);
    }
  } catch (const Error& error) {
    const FileDocument& failed = ready[at].planned.document;
    outcomes.add(failed, "failed", {});
    for (++at; at < ready.size(); ++at) outcomes.add(ready[at].planned.document, "not done", {});
    outcomes.finish();
    throw Error(error.code(), failed.file + ": " + error.what());
  }
}

}  // namespace

ExitCode apply_files(Session& session, const ApplyFiles& options) {
  RemoteApi remote = open_remote(session);
  ServerDocuments server(remote);
  std::vector<PlannedDocument> planned = plan_of(session, server, options.path, options.with_secrets);
  const std::vector<ReadyDocument> ready = with_secrets_read(session.io(), std::move(planned));
  Outcomes outcomes(session);
  if (options.dry_run) {
    for (const ReadyDocument& one : ready) {
      outcomes.add(one.planned.document, one.planned.change(), member_text(one.planned.kept, "id"));
    }
    if (!session.json()) session.io().err << "dry run: nothing was changed\n";
  } else {
    Applier applier(remote, server);
    apply_all(session, ready, applier, outcomes);
  }
  outcomes.finish();
  return ExitCode::done;
}

ExitCode diff_files(Session& session, const std::string& path) {
  RemoteApi remote = open_remote(session);
  ServerDocuments server(remote);
  const Io& io = session.io();
  json::array all;
  bool differs = false;
  for (const PlannedDocument& one : plan_of(session, server, path, false)) {
    const bool is_new = one.kept.is_null();
    differs = differs || is_new || !one.compared.is_same();
    const std::string before = is_new ? std::string() : to_pretty_text(one.compared.kept) + '\n';
    const std::string lines = line_diff(before, to_pretty_text(one.compared.wanted) + '\n');
    if (session.json()) {
      all.push_back(json::object{{"kind", kind_word(one.document.kind)},
                                 {"name", one.document.name},
                                 {"file", one.document.file},
                                 {"change", one.change()},
                                 {"diff", lines}});
    } else if (!lines.empty()) {
      io.out << "--- " << (is_new ? "nothing" : document_label(one.document)) << " at "
             << printable(remote.context().url) << "\n+++ " << printable(one.document.file) << '\n';
      for (std::size_t at = 0; at < lines.size();) {  // printable() would take the line breaks
        const std::size_t end = lines.find('\n', at);
        io.out << printable(std::string_view(lines).substr(at, end - at)) << '\n';
        at = end + 1;
      }
    }
  }
  if (session.json()) write_json(io, all);
  return differs ? ExitCode::differs : ExitCode::done;
}

}  // namespace formulary::cli

/// \file
/// Formulas that are kept in the data folder.
#include <algorithm>
#include <string>
#include <vector>

#include "host/base/error.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/formula_input.hpp"
#include "host/cli/output.hpp"
#include "host/cli/stored_formulas.hpp"
#include "host/formula/problems.hpp"

namespace formulary::cli {
namespace {

json::object document_of(const FormulaRecord& record, std::size_t instances) {
  const auto formula = Formula::parse(record.document);
  return {{"id", record.id},
          {"name", record.name},
          {"trigger", formula->triggers().empty() ? "" : formula->triggers().front().type},
          {"steps", formula->steps().size()},
          {"instances", instances},
          {"active", record.active},
          {"createdDate", iso8601(Clock::WallTime(std::chrono::milliseconds(record.created_ms)))},
          {"updatedDate", iso8601(Clock::WallTime(std::chrono::milliseconds(record.updated_ms)))}};
}

Row row_of(const json::object& document) {
  Row row;
  for (const char* key : {"id", "name", "trigger", "steps", "instances", "active", "updatedDate"}) {
    const json::value& value = document.at(key);
    row.push_back(value.is_string() ? std::string(value.as_string()) : to_text(value));
  }
  return row;
}

}  // namespace

ExitCode apply_formula(Session& session, const std::string& file) {
  const Io& io = session.io();
  const auto formula = read_formula(io, file);
  const auto problems = find_problems(*formula);
  write_problems(io, problems);
  if (refuses_template(problems)) {
    throw Error(ErrorCode::formula_invalid, file + ": is refused; correct it at the paths above");
  }
  FormulaStore& store = session.formulas();
  const std::string document = to_text(formula->document());
  const std::int64_t now = now_ms(session);
  FormulaRecord record{.version = store.put_version(formula->content_id(), document),
                       .name = formula->name(),
                       .document = document,
                       .created_ms = now,
                       .updated_ms = now};
  const auto known = store.formulas();
  const auto same =
      std::find_if(known.begin(), known.end(), [&](const FormulaRecord& one) { return one.name == record.name; });
  const bool is_new = same == known.end();
  if (is_new) {
    record.id = store.add_formula(record);
  } else {
    record.id = same->id;
    record.active = same->active;
    record.created_ms = same->created_ms;
    if (same->version != record.version) (void)store.replace_formula(record);
  }
  if (session.json()) {
    write_json(io, document_of(record, store.instances(record.id).size()));
    return ExitCode::done;
  }
  const char* what = is_new ? "created" : same->version == record.version ? "unchanged" : "replaced";
  io.out << record.id << '\t' << printable(record.name) << '\t' << what << '\n';
  if (is_new) io.err << "next:  formulary formulas instances create " << record.id << " --name NAME\n";
  return ExitCode::done;
}

ExitCode list_formulas(Session& session) {
  json::array documents;
  std::vector<Row> rows;
  for (const FormulaRecord& record : session.formulas().formulas()) {
    json::object document = document_of(record, session.formulas().instances(record.id).size());
    rows.push_back(row_of(document));
    documents.push_back(std::move(document));
  }
  if (session.json()) {
    write_json(session.io(), documents);
    return ExitCode::done;
  }
  write_table(session.io(), {"ID", "NAME", "TRIGGER", "STEPS", "INSTANCES", "ACTIVE", "CHANGED"}, rows);
  if (rows.empty()) session.io().err << "no formulas yet; formulary formulas apply FILE\n";
  return ExitCode::done;
}

ExitCode show_formula(Session& session, const std::string& selector) {
  const FormulaRecord record = stored_formula(session, selector);
  const json::object document = document_of(record, session.formulas().instances(record.id).size());
  if (session.json()) {
    json::object whole = document;
    whole["template"] = Formula::parse(record.document)->document();
    write_json(session.io(), whole);
    return ExitCode::done;
  }
  std::vector<Row> pairs;
  for (const auto& member : document) {
    pairs.push_back({std::string(member.key()),
                     member.value().is_string() ? std::string(member.value().as_string()) : to_text(member.value())});
  }
  write_pairs(session.io(), pairs);
  return ExitCode::done;
}

ExitCode delete_formula(Session& session, const std::string& selector) {
  const FormulaRecord record = stored_formula(session, selector);
  (void)session.formulas().remove_formula(record.id);
  return report_deleted(session, record.id, record.name);
}

}  // namespace formulary::cli

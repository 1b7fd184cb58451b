#include "host/cli/stored_formulas.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/cli/output.hpp"

namespace formulary::cli {
namespace {

template <class Record>
Record chosen_from(std::vector<Record> all, const std::string& selector, const std::string& kind,
                   const std::string& lister) {
  std::vector<Record> named;
  for (Record& record : all) {
    if (std::to_string(record.id) == selector) return std::move(record);
    if (record.name == selector) named.push_back(std::move(record));
  }
  if (named.size() == 1) return std::move(named.front());
  const std::string where = kind + " '" + selector.substr(0, 100) + "': ";
  if (named.empty()) {
    throw Error(ErrorCode::not_found, where + "there is none; `formulary " + lister + "` shows those that there are");
  }
  throw Error(ErrorCode::conflict, where + std::to_string(named.size()) + " have that name; give the id of one, from " +
                                       "`formulary " + lister + "`");
}

}  // namespace

FormulaRecord stored_formula(Session& session, const std::string& selector) {
  return chosen_from(session.formulas().formulas(), selector, "formula", "formulas list");
}

FormulaInstanceRecord stored_formula_instance(Session& session, const std::string& selector) {
  return chosen_from(session.formulas().instances(), selector, "formula instance", "formulas instances list");
}

std::int64_t now_ms(const Session& session) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(session.clock().wall().time_since_epoch()).count();
}

ExitCode report_deleted(Session& session, std::int64_t id, const std::string& name) {
  if (session.json()) {
    write_json(session.io(), json::object{{"deleted", true}, {"id", id}, {"name", name}});
  } else {
    session.io().err << "deleted " << id << " \"" << printable(name) << "\"\n";
  }
  return ExitCode::done;
}

}  // namespace formulary::cli

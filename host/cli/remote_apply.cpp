#include <string>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/cli/commands_remote.hpp"
#include "host/cli/document_compare.hpp"
#include "host/cli/formula_input.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/problems.hpp"

namespace formulary::cli {

ExitCode apply_remote_formula(Session& session, const std::string& file) {
  const auto formula = read_formula(session.io(), file);
  std::vector<FormulaProblem> problems = find_problems(*formula);
  if (refuses_template(problems)) {
    throw FormulaRefusal(file + ": nothing was sent; correct it at the paths of its problems", std::move(problems));
  }
  RemoteApi remote = open_remote(session);
  const json::value* kept = nullptr;
  const json::array all = remote.list("/formulas");
  for (const json::value& one : all) {
    if (member_text(one, "name") != formula->name()) continue;
    if (kept != nullptr) {
      throw Error(ErrorCode::conflict,
                  "formula '" + formula->name() + "': the server has several of this name; rename one");
    }
    kept = &one;
  }
  std::string done = "unchanged";
  std::string id = kept == nullptr ? std::string() : member_text(*kept, "id");
  if (kept == nullptr) {
    done = "created";
    id = member_text(remote.send_json("POST", "/formulas", formula->document()), "id");
  } else if (plain_formula(*kept) != plain_formula(formula->document())) {
    done = "updated";
    (void)remote.send_json("PUT", "/formulas/" + percent_encode(id), formula->document());
  }
  if (session.json()) {
    write_json(session.io(), json::object{{"id", id}, {"name", formula->name()}, {"done", done}});
  } else {
    session.io().out << done << "\tformula " << id << " \"" << printable(formula->name()) << "\"\n";
  }
  return ExitCode::done;
}

}  // namespace formulary::cli

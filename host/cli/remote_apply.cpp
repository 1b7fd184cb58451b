#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/cli/commands_remote.hpp"
#include "host/cli/formula_input.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/problems.hpp"

namespace formulary::cli {
namespace {

/// Members that a server gives a formula or one of its parts, and that no template needs.
constexpr std::array<std::string_view, 8> of_server = {"id",          "userId",      "accountId", "createdDate",
                                                       "updatedDate", "subFormulas", "api",       "monitored"};

bool is_empty(const json::value& value) {
  return value.is_null() || value == json::value(false) || (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty());
}

json::object without_server_members(const json::object& given) {
  json::object plain;
  for (const auto& member : given) {
    const bool is_servers = std::find(of_server.begin(), of_server.end(), member.key()) != of_server.end();
    if (!is_servers && !is_empty(member.value())) plain[member.key()] = member.value();
  }
  return plain;
}

/// A template as it is compared: without what servers add, and without what says nothing.
json::object comparable(const json::value& formula) {
  json::object plain = without_server_members(formula.as_object());
  plain.erase("debugLoggingEnabled");
  if (!plain.contains("active")) plain["active"] = member_text(formula, "active") != "false";
  for (const std::string_view part : {"configuration", "triggers", "steps"}) {
    json::value* list = plain.if_contains(part);
    if (list == nullptr || !list->is_array()) continue;
    for (json::value& entry : list->get_array()) {
      if (entry.is_object()) entry = without_server_members(entry.get_object());
    }
  }
  return plain;
}

}  // namespace

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
  } else if (comparable(*kept) != comparable(formula->document())) {
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

#include <algorithm>
#include <string>
#include <utility>

#include "host/base/text.hpp"
#include "host/cli/commands_remote.hpp"
#include "host/cli/input.hpp"

namespace formulary::cli {
namespace {

constexpr const char* executions_path = "/formulas/instances/executions/";

std::string path_of(const std::string& id) {
  if (id.empty() || id.find_first_not_of("0123456789") != std::string::npos) {
    throw UsageError("execution '" + id + "': is no id, which is a number; formulary executions list shows them");
  }
  return executions_path + id;
}

/// The newest of one formula instance, at most `limit`: one page.
json::array newest(RemoteApi& remote, const std::string& instance, std::size_t limit) {
  json::value page = remote.get("/formulas/instances/" + percent_encode(instance) + "/executions",
                                {{"pageSize", std::to_string(limit)}});
  return page.is_array() ? std::move(page.get_array()) : json::array();
}

void write_steps(const Session& session, const json::value& document) {
  const json::object* object = document.if_object();
  const json::value* steps = object == nullptr ? nullptr : object->if_contains("stepExecutions");
  if (steps == nullptr || !steps->is_array()) return;
  std::vector<Row> rows;
  for (const json::value& step : steps->get_array()) {
    rows.push_back({member_text(step, "id"), member_text(step, "stepName"), member_text(step, "status"),
                    member_text(step, "createdDate")});
  }
  session.io().out << '\n';
  write_table(session.io(), {"STEP ID", "STEP", "STATUS", "STARTED"}, rows);
}

void write_execution(const Session& session, const json::value& document) {
  if (session.json()) {
    write_json(session.io(), document);
    return;
  }
  write_pairs(session.io(), {{"id", member_text(document, "id")},
                             {"formula instance", member_text(document, "formulaInstanceId")},
                             {"status", member_text(document, "status")},
                             {"created", member_text(document, "createdDate")},
                             {"updated", member_text(document, "updatedDate")}});
  write_steps(session, document);
}

}  // namespace

ExitCode list_remote_executions(Session& session, const ListExecutions& options) {
  if (!options.before.empty()) throw UsageError("--before: is not there against a server; use --limit and --status");
  constexpr std::size_t limit_max = 1'000;
  if (options.limit == 0 || options.limit > limit_max)
    throw UsageError("--limit: is not from 1 to 1000; write --limit 50");
  RemoteApi remote = open_remote(session);
  std::vector<json::value> all;
  for (const json::value& instance : remote.list("/formulas/instances", {{"includeInactive", "true"}})) {
    for (json::value& one : newest(remote, member_text(instance, "id"), options.limit)) {
      if (options.status.empty() || member_text(one, "status") == options.status) all.push_back(std::move(one));
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const json::value& a, const json::value& b) {
    return member_text(a, "createdDate") > member_text(b, "createdDate");
  });
  if (all.size() > options.limit) all.resize(options.limit);
  if (session.json()) {
    write_json(session.io(), json::array(all.begin(), all.end()));
    return ExitCode::done;
  }
  std::vector<Row> rows;
  rows.reserve(all.size());
  for (const json::value& one : all) {
    rows.push_back({member_text(one, "id"), member_text(one, "formulaInstanceId"), member_text(one, "status"),
                    member_text(one, "createdDate")});
  }
  write_table(session.io(), {"ID", "FORMULA INSTANCE", "STATUS", "CREATED"}, rows);
  return ExitCode::done;
}

ExitCode show_remote_execution(Session& session, const ShowExecution& options) {
  RemoteApi remote = open_remote(session);
  const std::string path = path_of(options.id);
  if (options.step.empty() && !options.values) {
    write_execution(session, remote.get(path));
    return ExitCode::done;
  }
  json::array shown;
  for (json::value& step : remote.list(path + "/steps", {{"includeValues", "true"}})) {
    if (options.step.empty() || member_text(step, "stepName") == options.step) shown.push_back(std::move(step));
  }
  write_json(session.io(), shown);
  return ExitCode::done;
}

ExitCode cancel_remote_execution(Session& session, const std::string& id) {
  RemoteApi remote = open_remote(session);
  (void)remote.send_json("PATCH", path_of(id), json::object{{"status", "cancelled"}});
  session.io().err << "cancelled " << id << '\n';
  return ExitCode::done;
}

ExitCode rerun_remote_execution(Session& session, const std::string& id) {
  RemoteApi remote = open_remote(session);
  const json::value answer = remote.send_json("PUT", path_of(id) + "/retries", nullptr);
  write_execution(session, answer.is_array() && !answer.get_array().empty() ? answer.get_array().front() : answer);
  return ExitCode::done;
}

}  // namespace formulary::cli

#include <string>
#include <utility>
#include <vector>

#include "host/base/advised.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/formula_input.hpp"
#include "host/cli/input.hpp"
#include "host/cli/output.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/rerun.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/graph_text.hpp"
#include "host/formula/problems.hpp"
#include "host/formula/upgrade.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t args_bytes_max = 8U << 20U;

json::object read_configuration(const RunFormula& options) {
  json::object configuration;
  for (const std::string& option : options.configuration) {
    auto [key, value] = key_and_value(option, "--config");
    configuration[key] = value;
  }
  return configuration;
}

/// FormulaRefusal with all problems if one of them keeps the formula from running; otherwise they are told on stderr.
void refuse_what_cannot_run(Session& session, const ExecutionOrder& order, const std::string& file) {
  std::vector<FormulaProblem> problems = find_problems(*order.formula);
  for (FormulaProblem& problem : find_problems(*order.formula, order.configuration))
    problems.push_back(std::move(problem));
  if (!prevents_running(problems)) return write_problems(session.io(), problems);
  throw FormulaRefusal(file +
                           ": cannot be run; correct it at the paths of its problems, or give the missing --config "
                           "KEY=VALUE",
                       std::move(problems));
}

/// Whether the template is at fault, and not its reading.
bool is_a_problem(ErrorCode code) {
  return code == ErrorCode::formula_invalid || code == ErrorCode::bad_input || code == ErrorCode::limit_reached;
}

json::value read_args(const Io& io, const std::string& file) {
  if (file.empty()) return json::object{};
  const std::string text = read_input(io, file, args_bytes_max);
  try {
    return parse_json(text, "--args");
  } catch (const Error& error) {
    throw advised(error, "correct it in '" + file + "', which must hold one JSON value for trigger.args");
  }
}

}  // namespace

ExitCode validate_formulas(Session& session, const std::vector<std::string>& files) {
  const Io& io = session.io();
  json::array documents;
  std::size_t refused = 0;
  for (const std::string& file : files) {
    std::vector<FormulaProblem> problems;
    try {
      problems = find_problems(*read_formula(io, file));
    } catch (const Error& error) {
      if (!is_a_problem(error.code())) throw;
      problems.push_back({.path = "", .sentence = error.what()});
    }
    const bool valid = !prevents_running(problems);
    if (!valid) ++refused;
    documents.push_back({{"file", file}, {"valid", valid}, {"problems", problems_document(problems)}});
    if (session.json()) continue;
    io.out << (valid ? "valid" : "invalid") << '\t' << printable(file) << '\n';
    write_problems(io, problems);
  }
  if (session.json()) write_json(io, documents);
  return refused == 0 ? ExitCode::done : ExitCode::invalid;
}

ExitCode run_formula(Session& session, const RunFormula& options) {
  const Io& io = session.io();
  if (options.file == "-" && options.args_file == "-") {
    throw UsageError("formulas run: standard input cannot be both the template and --args; give one of them as a file");
  }
  ExecutionOrder order;
  order.formula = read_formula(io, options.file);
  order.configuration = read_configuration(options);
  order.args = read_args(io, options.args_file);
  refuse_what_cannot_run(session, order, options.file);
  StepLines lines(io);
  order.observe = [&lines](const StepLine& line) { lines.write(line); };
  order.keep_steps = true;
  Execution execution = session.engine().run(order, io.interrupted);
  lines.finish();
  return report_execution(session, execution);
}

ExitCode draw_formula(Session& session, const std::string& file, const std::string& form) {
  const auto known = parse_graph_form(form);
  if (!known) throw UsageError("formulas graph: --as " + form + ": there is no such form; use text, dot or mermaid");
  session.io().out << draw_graph(*read_formula(session.io(), file), *known);
  return ExitCode::done;
}

ExitCode export_formula(Session& session, const ExportFormula& options) {
  json::value document;
  if (!options.file.empty()) {
    document = read_formula(session.io(), options.file)->document();
  } else {
    document = rerun_order(*session.storage(), session.formulas(), execution_id(options.execution)).formula->document();
  }
  if (options.upgrade) document = upgrade_to_v3(document).document;
  write_json(session.io(), document);
  return ExitCode::done;
}

}  // namespace formulary::cli

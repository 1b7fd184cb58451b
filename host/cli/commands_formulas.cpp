#include <string>
#include <utility>
#include <vector>

#include "host/cli/commands.hpp"
#include "host/cli/formula_input.hpp"
#include "host/cli/input.hpp"
#include "host/engine/runner.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/problems.hpp"

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

/// Knows the secrets of every instance that the formula is given, since their vendors may repeat one in an answer.
Redactor redactor_of(Session& session, const Formula& formula, const json::object& configuration) {
  std::vector<std::string> selectors;
  for (const FormulaVariable& variable : formula.configuration()) {
    const json::value* value = configuration.if_contains(variable.key);
    if (variable.type == "elementInstance" && value != nullptr && value->is_string()) {
      selectors.emplace_back(value->as_string());
    }
  }
  return session.instances().redactor(selectors);
}

/// All problems on stderr, and an Error if one of them keeps the formula from running.
void refuse_what_cannot_run(Session& session, const FormulaRun& order, const std::string& file) {
  std::vector<FormulaProblem> problems = find_problems(*order.formula);
  for (FormulaProblem& problem : find_problems(*order.formula, order.configuration))
    problems.push_back(std::move(problem));
  write_problems(session.io(), problems);
  if (!prevents_running(problems)) return;
  throw Error(ErrorCode::formula_invalid,
              file + ": cannot be run; correct it at the paths above, or give the missing --config KEY=VALUE");
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
      if (error.code() == ErrorCode::not_found) throw;
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
  FormulaRun order;
  order.formula = read_formula(io, options.file);
  order.configuration = read_configuration(options);
  order.args = options.args_file.empty() ? json::value(json::object{})
                                         : parse_json(read_input(io, options.args_file, args_bytes_max), "--args");
  refuse_what_cannot_run(session, order, options.file);
  order.redactor = redactor_of(session, *order.formula, order.configuration);
  order.stop = io.interrupted;
  StepLines lines(io);
  order.observe = [&lines](const StepLine& line) { lines.write(line); };

  SystemTimers timers;
  RunnerPorts ports;
  ports.call_element = [&session](std::string_view selector, const ResourceRequest& request,
                                  const CallContext& context) {
    return session.instances().call(selector, request, context);
  };
  ports.transport = &session.transport();
  ports.scripts = &session.script_runner();
  ports.timers = &timers;
  ports.clock = &session.clock();
  RunnerSettings settings;
  settings.request_time_limit = std::chrono::milliseconds(session.settings().integer("http.time_limit_ms"));
  settings.script_time_limit = std::chrono::milliseconds(session.settings().integer("script.time_limit_ms"));
  Runner runner(ports, settings);
  return report_execution(session, runner.run(order));
}

}  // namespace formulary::cli

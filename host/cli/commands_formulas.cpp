#include <string>
#include <utility>
#include <vector>

#include "host/cli/commands.hpp"
#include "host/cli/input.hpp"
#include "host/engine/runner.hpp"
#include "host/formula/formula.hpp"
#include "host/formula/problems.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t template_bytes_max = 8U << 20U;
constexpr std::size_t args_bytes_max = 8U << 20U;
constexpr std::size_t name_width = 24;

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

const char* mark(const StepLine& line) {
  if (line.kind == StepLine::Kind::waits) return "…";
  return line.status == plan::StepStatus::success ? "✓" : "✗";
}

/// "✓ get-job                 178 ms", "✗ post-employee           12 ms  422 ...".
void write_step_line(const Io& io, const StepLine& line) {
  if (line.kind == StepLine::Kind::started) return;
  std::string text = std::string(mark(line)) + ' ' + padded(printable(line.name), name_width) + ' ' +
                     padded(std::string(plan::name(line.status)), 9) + ' ';
  const std::string duration = std::to_string(line.duration.count()) + " ms";
  if (duration.size() < 9) text.append(9 - duration.size(), ' ');
  text += duration;
  if (line.attempt > 1) text += "  attempt " + std::to_string(line.attempt);
  if (!line.error.empty()) text += "  " + printable(line.error);
  io.err << text + '\n' << std::flush;
}

json::object read_configuration(const RunFormula& options) {
  json::object configuration;
  for (const std::string& option : options.configuration) {
    auto [key, value] = key_and_value(option, "--config");
    configuration[key] = value;
  }
  return configuration;
}

/// All problems on stderr, each with its path; says whether the formula cannot be run.
bool report_problems(const Io& io, const std::vector<FormulaProblem>& problems) {
  if (problems.empty()) return false;
  for (const FormulaProblem& problem : problems) {
    io.err << name(problem.kind) << ": " << printable(problem.path) << (problem.path.empty() ? "" : ": ")
           << printable(problem.sentence) << '\n';
  }
  return prevents_running(problems);
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

ExitCode report_execution(Session& session, const Execution& execution) {
  const Io& io = session.io();
  if (session.json()) {
    write_json(io, to_json(execution));
  } else if (!execution.result.is_null()) {
    write_json(io, execution.result);
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(execution.ended - execution.started);
  io.err << "execution " << execution.id << " ended: " << plan::name(execution.status) << ", " << execution.steps.size()
         << " steps, " << took.count() << " ms\n";
  if (execution.error)
    io.err << "error: " << printable(execution.error->message) << '\n' << "       " << execution.error->code << '\n';
  switch (execution.status) {
    case plan::ExecutionStatus::success:
      return ExitCode::done;
    case plan::ExecutionStatus::cancelled:
      return ExitCode::interrupted;
    default:
      io.err << "next:  correct what the failed step names, then run the command again; --output json shows each "
                "step's values\n";
      return ExitCode::failed;
  }
}

}  // namespace

ExitCode run_formula(Session& session, const RunFormula& options) {
  const Io& io = session.io();
  if (options.file == "-" && options.args_file == "-") {
    throw UsageError("formulas run: standard input cannot be both the template and --args; give one of them as a file");
  }
  FormulaRun order;
  order.formula = Formula::parse(read_input(io, options.file, template_bytes_max), options.file);
  order.configuration = read_configuration(options);
  order.args = options.args_file.empty() ? json::value(json::object{})
                                         : parse_json(read_input(io, options.args_file, args_bytes_max), "--args");
  std::vector<FormulaProblem> problems = find_problems(*order.formula);
  for (FormulaProblem& problem : find_problems(*order.formula, order.configuration))
    problems.push_back(std::move(problem));
  if (report_problems(io, problems)) {
    throw Error(
        ErrorCode::formula_invalid,
        options.file + ": cannot be run; correct it at the paths above, or give the missing --config KEY=VALUE");
  }
  order.redactor = redactor_of(session, *order.formula, order.configuration);
  order.stop = io.interrupted;
  order.observe = [&io](const StepLine& line) { write_step_line(io, line); };

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

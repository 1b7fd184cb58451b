#include "host/cli/formula_input.hpp"

#include <charconv>
#include <chrono>

#include "host/base/advised.hpp"
#include "host/cli/input.hpp"
#include "host/cli/output.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t name_width = 24;

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

/// The platform calls the last execution of a loop failed; to a person it is the end of the rounds.
bool ends_a_loop(const StepLine& line) {
  return line.type == "loop" && line.status == plan::StepStatus::failed && line.error.empty();
}

const char* mark(const StepLine& line) {
  if (line.kind == StepLine::Kind::waits) return "…";
  if (ends_a_loop(line)) return "✓";
  return line.status == plan::StepStatus::success ? "✓" : "✗";
}

std::string line_text(const StepLine& line) {
  std::string text = std::string(mark(line)) + ' ' + padded(printable(line.name), name_width) + ' ' +
                     padded(ends_a_loop(line) ? "rounds over" : std::string(plan::name(line.status)), 11) + ' ';
  const std::string duration = std::to_string(line.duration.count()) + " ms";
  if (duration.size() < 9) text.append(9 - duration.size(), ' ');
  text += duration;
  if (line.attempt > 1) text += "  attempt " + std::to_string(line.attempt);
  if (!line.error.empty()) text += "  " + printable(line.error);
  return text;
}

}  // namespace

std::shared_ptr<const Formula> read_formula(const Io& io, const std::string& file) {
  const std::string text = read_input(io, file, template_bytes_max);
  try {
    return Formula::parse(text, file);
  } catch (const Error& error) {
    throw advised(error, "correct the template there");
  }
}

std::int64_t execution_id(const std::string& word) {
  std::int64_t id = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (problem != std::errc() || end != word.data() + word.size() || id <= 0) {
    throw UsageError("execution '" + word.substr(0, 100) + "': no id; `formulary executions list` shows the ids");
  }
  return id;
}

void write_problems(const Io& io, const std::vector<FormulaProblem>& problems) {
  for (const FormulaProblem& problem : problems) {
    io.err << name(problem.kind) << ": " << printable(problem.path) << (problem.path.empty() ? "" : ": ")
           << printable(problem.sentence) << '\n';
  }
}

json::array problems_document(const std::vector<FormulaProblem>& problems) {
  json::array document;
  for (const FormulaProblem& problem : problems) {
    document.push_back({{"kind", name(problem.kind)}, {"path", problem.path}, {"message", problem.sentence}});
  }
  return document;
}

void StepLines::write(const StepLine& line) {
  if (line.kind == StepLine::Kind::started) return;
  finish();
  io_.err << line_text(line) + '\n' << std::flush;
}

void StepLines::finish() {
  if (bar_open_) io_.err << '\n';
  bar_open_ = false;
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

}  // namespace formulary::cli

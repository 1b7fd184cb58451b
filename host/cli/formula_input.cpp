#include "host/cli/formula_input.hpp"

#include <charconv>
#include <chrono>

#include "host/base/advised.hpp"
#include "host/cli/input.hpp"
#include "host/cli/output.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t name_width = 24;
constexpr std::size_t bar_cells = 20;
constexpr const char* clear_line = "\r\x1b[K";

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

/// `word` takes the place of the status, if it is not empty.
std::string line_text(const StepLine& line, const std::string& word) {
  std::string text = std::string(mark(line)) + ' ' + padded(printable(line.name), name_width) + ' ' +
                     padded(word.empty() ? std::string(plan::name(line.status)) : word, 11) + ' ';
  const std::string duration = std::to_string(line.duration.count()) + " ms";
  if (duration.size() < 9) text.append(9 - duration.size(), ' ');
  text += duration;
  if (line.attempt > 1) text += "  attempt " + std::to_string(line.attempt);
  if (!line.error.empty()) text += "  " + printable(line.error);
  return text;
}

std::string bar_text(const StepLine& line) {
  const auto [done, total] = *line.rounds;
  const std::size_t full = total == 0 ? bar_cells : bar_cells * done / total;
  std::string text = "↻ " + padded(printable(line.name), name_width) + ' ';
  for (std::size_t cell = 0; cell < bar_cells; ++cell) text += cell < full ? "█" : "░";
  return text + ' ' + std::to_string(done) + '/' + std::to_string(total);
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
  const std::string rounds = line.type == "loop" ? rounds_of(line) : "";
  if (io_.err_is_terminal) {
    const bool fine =
        line.kind == StepLine::Kind::ended && (line.status == plan::StepStatus::success || ends_a_loop(line));
    if (fine && line.rounds && line.status == plan::StepStatus::success) return show_bar(line);
    if (fine && line.in_loop) return;
  }
  const bool bar_stays = line.in_loop || line.kind == StepLine::Kind::waits;
  const std::string bar = bar_stays ? bar_ : "";
  finish();
  bar_ = bar;
  io_.err << line_text(line, rounds) + '\n' + bar_ << std::flush;
}

void StepLines::show_bar(const StepLine& line) {
  bar_ = bar_text(line);
  io_.err << clear_line + bar_ << std::flush;
}

/// "round 3/10", "10 rounds". What is read from the history, or watched from its middle, may have to be counted.
std::string StepLines::rounds_of(const StepLine& line) {
  const bool over = ends_a_loop(line);
  if (!over && line.status != plan::StepStatus::success) return "";
  const std::size_t seen = over ? counted_[line.name] : ++counted_[line.name];
  if (!over) {
    return line.rounds ? "round " + std::to_string(line.rounds->done + 1) + '/' + std::to_string(line.rounds->total)
                       : "round " + std::to_string(seen);
  }
  counted_.erase(line.name);
  const std::size_t rounds = line.rounds ? line.rounds->total : seen;
  return std::to_string(rounds) + (rounds == 1 ? " round" : " rounds");
}

void StepLines::finish() {
  if (!bar_.empty()) io_.err << clear_line << std::flush;
  bar_.clear();
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

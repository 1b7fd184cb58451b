#include <algorithm>
#include <functional>
#include <iterator>
#include <map>

#include "host/base/error.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/formula_input.hpp"
#include "host/cli/input.hpp"
#include "host/cli/output.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/follower.hpp"
#include "host/engine/history.hpp"
#include "host/engine/rerun.hpp"
#include "host/store/execution_record.hpp"
#include "host/store/formula_store.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t answer_bytes_max = 8U << 20U;
constexpr std::size_t list_max = 1'000;

std::string iso8601_ms(std::int64_t milliseconds) {
  return milliseconds == 0 ? "" : iso8601(Clock::WallTime(std::chrono::milliseconds(milliseconds)));
}

/// Names of formulas by the version that an execution keeps to; each is read once.
class FormulaNames {
 public:
  explicit FormulaNames(const FormulaStore& store) : store_(store) {}

  const std::string& of(std::int64_t version) {
    const auto known = names_.find(version);
    if (known != names_.end()) return known->second;
    const auto document = store_.version(version);
    return names_.emplace(version, document ? Formula::parse(*document)->name() : "").first->second;
  }

 private:
  const FormulaStore& store_;
  std::map<std::int64_t, std::string> names_;
};

json::object row_document(const ExecutionRecord& record, const std::string& formula) {
  return {{"id", record.id},
          {"formulaName", formula},
          {"formulaInstanceId", record.formula_instance},
          {"status", record.status},
          {"reason", record.reason},
          {"steps", record.steps},
          {"createdDate", iso8601_ms(record.created_ms)},
          {"updatedDate", iso8601_ms(record.ended_ms)}};
}

std::string took(const ExecutionRecord& record) {
  return record.ended_ms == 0 ? "" : std::to_string(record.ended_ms - record.created_ms) + " ms";
}

/// What a person may do about an execution in that state; empty: nothing is called for.
std::string advice(const ExecutionRecord& record) {
  const std::string id = std::to_string(record.id);
  if (record.state == ExecutionState::in_doubt) {
    return "a request may or may not have been done when the host stopped. Look at the vendor, then:\n"
           "       formulary executions resume " +
           id +
           " --done        it was done\n"
           "       formulary executions resume " +
           id + " --send-again  it was not";
  }
  if (record.state != ExecutionState::finished) return "formulary executions watch " + id;
  if (record.status == "failed")
    return "formulary executions rerun " + id + "   after the data or the formula is right";
  return "";
}

void write_values(const Io& io, const StepExecution& step) {
  for (const auto& [key, value] : step.values) io.out << "    " << printable(key) << " = " << printable(value) << '\n';
}

StepLine line_of(const StepExecution& step) {
  return {.kind = StepLine::Kind::ended,
          .name = step.name,
          .type = step.type,
          .status = step.status,
          .attempt = step.attempts,
          .duration = step.duration(),
          .error = step.error ? step.error->message : ""};
}

void write_steps(const Io& io, const Execution& execution, const ShowExecution& options) {
  StepLines lines(io);
  bool found = false;
  for (const StepExecution& step : execution.steps) {
    if (!options.step.empty() && step.name != options.step) continue;
    found = true;
    lines.write(line_of(step));
    if (options.values || !options.step.empty()) write_values(io, step);
  }
  if (!found && !options.step.empty()) {
    throw Error(ErrorCode::not_found, "execution " + execution.id + ": no step '" + options.step +
                                          "' was executed; leave --step out to see those that were");
  }
}

/// Everything on record about it.
Execution whole_execution(Session& session, const ExecutionRecord& record) {
  Execution execution;
  if (record.state == ExecutionState::finished || record.state == ExecutionState::in_doubt) {
    execution = session.engine().wait(record.id, std::chrono::milliseconds(0)).value_or(Execution{});
  }
  execution.id = std::to_string(record.id);
  execution.formula_name = FormulaNames(session.formulas()).of(record.version);
  execution.started = Clock::WallTime(std::chrono::milliseconds(record.created_ms));
  execution.steps.clear();
  std::int64_t after = 0;
  do {
    auto page = session.history().steps(record.id, after);
    std::move(page.entries.begin(), page.entries.end(), std::back_inserter(execution.steps));
    after = page.next;
  } while (after != 0);
  return execution;
}

ExitCode goes_on(Session& session, std::int64_t id) {
  session.io().err << "execution " << id << " goes on; formulary executions watch " << id << '\n';
  return ExitCode::interrupted;
}

/// Waits in this process, with live lines, until the end is on the disk.
ExitCode follow(Session& session, std::int64_t id, StepLines& lines) {
  const auto ended = session.engine().wait(id, std::chrono::hours(24), session.io().interrupted);
  lines.finish();
  if (ended) return report_execution(session, whole_execution(session, session.history().execution(id)));
  return goes_on(session, id);
}

/// Another living process runs it: what it writes down is shown as it comes. Should that process end, this one goes on
/// with the execution, and shows it in the same way.
ExitCode follow_elsewhere(Session& session, std::int64_t id, StepLines& lines) {
  const auto record = follow_execution(session.history(), session.timers(),
                                       {.execution = id,
                                        .observe = [&lines](const StepExecution& step) { lines.write(line_of(step)); },
                                        .stop = session.io().interrupted});
  lines.finish();
  return record ? report_execution(session, whole_execution(session, *record)) : goes_on(session, id);
}

/// Takes over what processes that are gone left open, this execution among it, and follows it.
ExitCode go_on(Session& session, std::int64_t id, const std::function<void(Engine&)>& word) {
  StepLines lines(session.io());
  Engine& engine = session.engine();
  engine.start();
  word(engine);
  try {
    engine.observe(id, [&lines](const StepLine& line) { lines.write(line); });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
    return follow_elsewhere(session, id, lines);  // or it has ended meanwhile
  }
  return follow(session, id, lines);
}

}  // namespace

ExitCode list_executions(Session& session, const ListExecutions& options) {
  ExecutionQuery query;
  query.status = options.status;
  query.limit = std::clamp<std::size_t>(options.limit, 1, list_max);
  if (!options.before.empty()) query.below_id = execution_id(options.before);
  const auto records = session.history().list(query).entries;
  FormulaNames names(session.formulas());
  if (session.json()) {
    json::array documents;
    for (const auto& record : records) documents.push_back(row_document(record, names.of(record.version)));
    write_json(session.io(), documents);
    return ExitCode::done;
  }
  std::vector<Row> rows;
  rows.reserve(records.size());
  for (const auto& record : records) {
    rows.push_back({std::to_string(record.id), names.of(record.version), record.status, record.reason,
                    std::to_string(record.steps), took(record), iso8601_ms(record.created_ms)});
  }
  write_table(session.io(), {"ID", "FORMULA", "STATUS", "REASON", "STEPS", "TOOK", "STARTED"}, rows);
  if (rows.empty()) {
    session.io().err << "no executions" << (options.status.empty() ? " yet" : " of that status")
                     << "; formulary formulas run FILE makes one\n";
  } else if (rows.size() == query.limit) {
    session.io().err << "older ones: --before " << records.back().id << '\n';
  }
  return ExitCode::done;
}

ExitCode show_execution(Session& session, const ShowExecution& options) {
  const std::int64_t id = execution_id(options.id);
  const ExecutionRecord record = session.history().execution(id);
  const Execution execution = whole_execution(session, record);
  const Io& io = session.io();
  if (session.json()) {
    write_json(io, to_json(execution));
    return ExitCode::done;
  }
  write_pairs(io, {{"id", std::to_string(id)},
                   {"formula", execution.formula_name},
                   {"status", record.status + (record.reason.empty() ? "" : " (" + record.reason + ")")},
                   {"started", iso8601_ms(record.created_ms)},
                   {"ended", iso8601_ms(record.ended_ms)}});
  write_steps(io, execution, options);
  if (execution.error) io.err << "error: " << printable(execution.error->message) << '\n';
  if (const std::string next = advice(record); !next.empty()) io.err << "next:  " << next << '\n';
  return ExitCode::done;
}

ExitCode watch_execution(Session& session, const std::string& id) {
  const ExecutionRecord record = session.history().execution(execution_id(id));
  if (record.state == ExecutionState::finished || record.state == ExecutionState::in_doubt) {
    write_steps(session.io(), whole_execution(session, record), {});
    return report_execution(session, whole_execution(session, record));
  }
  return go_on(session, record.id, [](Engine&) {});
}

ExitCode rerun_execution(Session& session, const std::string& id) {
  const std::int64_t old = execution_id(id);
  ExecutionOrder order = rerun_order(*session.storage(), session.formulas(), old);
  StepLines lines(session.io());
  order.observe = [&lines](const StepLine& line) { lines.write(line); };
  const std::int64_t made = session.engine().submit(order);
  session.io().err << "execution " << made << " runs with the input of " << old << '\n';
  return follow(session, made, lines);
}

ExitCode resume_execution(Session& session, const ResumeExecution& options) {
  const std::int64_t id = execution_id(options.id);
  if (options.send_again == options.done) {
    throw UsageError(
        "executions resume: say what happened to the request that is in doubt; --send-again if it was not "
        "done, --done if it was");
  }
  Decision decision = SendAgain{};
  if (options.done) {
    TakenAsDone done;
    if (!options.body_file.empty()) {
      done.body = read_input(session.io(), options.body_file, answer_bytes_max);
      (void)parse_json(done.body, options.body_file);
    }
    decision = std::move(done);
  }
  (void)session.history().execution(id);
  return go_on(session, id, [id, &decision](Engine& engine) { engine.resume(id, decision); });
}

ExitCode cancel_execution(Session& session, const std::string& id) {
  const ExecutionRecord record = session.history().execution(execution_id(id));
  if (record.state == ExecutionState::finished) {
    throw Error(ErrorCode::conflict, "execution " + std::to_string(record.id) + ": it has ended as " + record.status +
                                         "; there is nothing to cancel");
  }
  const ExitCode code =
      go_on(session, record.id, [&record](Engine& engine) { engine.cancel(record.id, "cancelled by a person"); });
  return code == ExitCode::interrupted && !session.io().interrupted.stop_requested() ? ExitCode::done : code;
}

}  // namespace formulary::cli

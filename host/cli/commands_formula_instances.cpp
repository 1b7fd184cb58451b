/// \file
/// Formula instances: a stored formula with its configuration, and what starts it.
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/base/text.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/formula_input.hpp"
#include "host/cli/input.hpp"
#include "host/cli/output.hpp"
#include "host/cli/stored_formulas.hpp"
#include "host/engine/instance_order.hpp"
#include "host/engine/scheduler.hpp"
#include "host/formula/instance_problems.hpp"
#include "host/formula/problems.hpp"

namespace formulary::cli {
namespace {

constexpr std::size_t args_bytes_max = 8U << 20U;
constexpr std::chrono::milliseconds reread_interval{30'000};
constexpr std::chrono::milliseconds parting_grace{10'000};

json::object read_values(const Io& io, const CreateFormulaInstance& options) {
  json::object configuration;
  for (const std::string& option : options.configuration) {
    auto [key, value] = key_and_value(option, "--config");
    configuration[key] = value;
  }
  for (const std::string& option : options.secrets) {
    auto [key, value] = read_secret(io, option);
    configuration[key] = value;
    wipe(value);
  }
  return configuration;
}

/// Values are not shown: they may be secrets.
json::object document_of(Session& session, const FormulaInstanceRecord& record) {
  const auto formula = session.formulas().formula(record.formula);
  const json::value configuration = parse_json(record.configuration, "configuration");
  json::array keys;
  for (const auto& member : configuration.as_object()) keys.emplace_back(member.key());
  return {{"id", record.id},
          {"name", record.name},
          {"formula", json::object{{"id", record.formula}, {"name", formula ? formula->name : ""}}},
          {"active", record.active},
          {"configuration", std::move(keys)},
          {"createdDate", iso8601(Clock::WallTime(std::chrono::milliseconds(record.created_ms)))}};
}

std::optional<Schedule> schedule_of_record(const FormulaStore& formulas, const FormulaInstanceRecord& record) {
  const auto formula = formulas.formula(record.formula);
  if (!formula || !formula->active || !record.active) return std::nullopt;
  return schedule_of(*Formula::parse(formula->document), parse_json(record.configuration, "configuration").as_object(),
                     record.id);
}

std::string next_moment(Session& session, const FormulaInstanceRecord& record) {
  const auto schedule = schedule_of_record(session.formulas(), record);
  if (!schedule) return "";
  const auto next = schedule->cron.next_after(session.clock().wall(), schedule->zone);
  return next ? iso8601(*next) : "";
}

/// What the timers' thread leaves for the one that submits.
class Moments {
 public:
  void add(std::int64_t formula_instance) {
    const std::lock_guard lock(mutex_);
    due_.push_back(formula_instance);
    changed_.notify_all();
  }
  /// 0: time to read the instances again; nothing after a stop.
  [[nodiscard]] std::optional<std::int64_t> take(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return !due_.empty(); })) return std::nullopt;
    const std::int64_t first = due_.front();
    due_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::int64_t> due_;
};

/// Puts the schedules of all instances; returns how many there are.
std::size_t put_schedules(Session& session, Scheduler& scheduler) {
  std::size_t count = 0;
  for (const FormulaInstanceRecord& record : session.formulas().instances()) {
    try {
      const auto schedule = schedule_of_record(session.formulas(), record);
      if (!schedule) {
        scheduler.remove(record.id);
        continue;
      }
      scheduler.put(*schedule);
      ++count;
    } catch (const Error& error) {
      session.io().err << "warning: " << printable(error.what()) << '\n';
    }
  }
  return count;
}

void start_scheduled(Session& session, std::int64_t formula_instance) {
  const Io& io = session.io();
  try {
    const ExecutionOrder order = instance_order(session.formulas(), formula_instance);
    const std::int64_t id = session.engine().submit(order);
    io.out << id << '\t' << formula_instance << '\t' << printable(order.instance_name) << '\n' << std::flush;
  } catch (const Error& error) {
    io.err << "error: " << printable(error.what()) << '\n' << std::flush;
  }
}

void reread_later(Timers& timers, const std::shared_ptr<Moments>& moments) {
  timers.after(reread_interval, [moments] { moments->add(0); });
}

}  // namespace

ExitCode create_formula_instance(Session& session, const CreateFormulaInstance& options) {
  const Io& io = session.io();
  const FormulaRecord formula = stored_formula(session, options.formula);
  InstanceOrder order{.configuration = read_values(io, options), .settings = {}, .has_element_instance = {}};
  order.has_element_instance = [&session](std::string_view selector) {
    try {
      (void)session.instances().show(std::string(selector), false);
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  const auto problems = find_instance_problems(*Formula::parse(formula.document), order);
  write_problems(io, problems);
  if (prevents_running(problems)) {
    throw Error(ErrorCode::formula_invalid, "formula " + std::to_string(formula.id) +
                                                ": the instance is refused; correct what is named above, or give the "
                                                "missing --config KEY=VALUE");
  }
  FormulaInstanceRecord record{.formula = formula.id,
                               .name = options.name,
                               .configuration = to_text(order.configuration),
                               .single_threaded = Formula::parse(formula.document)->single_threaded(),
                               .created_ms = now_ms(session),
                               .updated_ms = now_ms(session)};
  record.id = session.formulas().add_instance(record);
  if (session.json()) {
    write_json(io, document_of(session, record));
    return ExitCode::done;
  }
  io.out << record.id << '\t' << printable(record.name) << '\n';
  const bool starts_by_itself = schedule_of_record(session.formulas(), record).has_value();
  io.err << "next:  formulary formulas "
         << (starts_by_itself ? "schedule" : "instances run " + std::to_string(record.id)) << '\n';
  return ExitCode::done;
}

ExitCode list_formula_instances(Session& session) {
  const auto all = session.formulas().instances();
  if (session.json()) {
    json::array documents;
    for (const auto& record : all) documents.push_back(document_of(session, record));
    write_json(session.io(), documents);
    return ExitCode::done;
  }
  std::vector<Row> rows;
  for (const auto& record : all) {
    const auto formula = session.formulas().formula(record.formula);
    rows.push_back({std::to_string(record.id), record.name, formula ? formula->name : "", record.active ? "yes" : "no",
                    next_moment(session, record)});
  }
  write_table(session.io(), {"ID", "NAME", "FORMULA", "ACTIVE", "NEXT"}, rows);
  if (rows.empty()) {
    session.io().err << "no formula instances yet; formulary formulas instances create FORMULA --name NAME\n";
  }
  return ExitCode::done;
}

ExitCode show_formula_instance(Session& session, const std::string& selector) {
  const FormulaInstanceRecord record = stored_formula_instance(session, selector);
  const json::object document = document_of(session, record);
  if (session.json()) {
    write_json(session.io(), document);
    return ExitCode::done;
  }
  std::string keys;
  for (const json::value& key : document.at("configuration").as_array()) {
    keys += (keys.empty() ? "" : ", ") + std::string(key.as_string());
  }
  const json::object& formula = document.at("formula").as_object();
  write_pairs(session.io(), {{"id", std::to_string(record.id)},
                             {"name", record.name},
                             {"formula", to_text(formula.at("id")) + ' ' + std::string(formula.at("name").as_string())},
                             {"active", record.active ? "yes" : "no"},
                             {"configured", keys},
                             {"next", next_moment(session, record)},
                             {"created", std::string(document.at("createdDate").as_string())}});
  return ExitCode::done;
}

ExitCode delete_formula_instance(Session& session, const std::string& selector) {
  const FormulaInstanceRecord record = stored_formula_instance(session, selector);
  (void)session.formulas().remove_instance(record.id);
  return report_deleted(session, record.id, record.name);
}

ExitCode run_formula_instance(Session& session, const RunFormulaInstance& options) {
  const Io& io = session.io();
  ExecutionOrder order = instance_order(session.formulas(), stored_formula_instance(session, options.instance).id);
  order.args = options.args_file.empty() ? json::value(json::object{})
                                         : parse_json(read_input(io, options.args_file, args_bytes_max), "--args");
  StepLines lines(io);
  order.observe = [&lines](const StepLine& line) { lines.write(line); };
  order.keep_steps = true;
  const Execution execution = session.engine().run(order, io.interrupted);
  lines.finish();
  return report_execution(session, execution);
}

ExitCode run_schedule(Session& session) {
  const Io& io = session.io();
  const auto moments = std::make_shared<Moments>();
  session.engine().start();
  Scheduler scheduler({.storage = session.storage(),
                       .timers = &session.timers(),
                       .clock = &session.clock(),
                       .fire = [moments](std::int64_t instance, Clock::WallTime) { moments->add(instance); },
                       .warn = [&io](const std::string& text) { io.err << "warning: " + printable(text) + '\n'; }});
  const std::size_t count = put_schedules(session, scheduler);
  io.err << "schedule: " << count << (count == 1 ? " formula instance" : " formula instances") << "; Ctrl C ends it\n"
         << std::flush;
  scheduler.start();
  reread_later(session.timers(), moments);
  while (const auto due = moments->take(io.interrupted)) {
    if (*due != 0) {
      start_scheduled(session, *due);
    } else {
      (void)put_schedules(session, scheduler);
      reread_later(session.timers(), moments);
    }
  }
  if (!session.engine().stop(parting_grace)) {
    io.err << "what runs goes on at the next start, or with formulary executions watch ID\n";
  }
  return ExitCode::done;
}

}  // namespace formulary::cli

#include "host/cli/session.hpp"

#include <chrono>
#include <cstdlib>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/ids.hpp"
#include "host/element/hub_answer.hpp"
#include "host/engine/redaction.hpp"

namespace formulary::cli {
namespace {

/// What plugins log goes to stderr, from `log.level` on.
int level_of(const std::string& word) {
  if (word == "trace") return 0;
  if (word == "debug") return 1;
  if (word == "info") return 2;
  if (word == "warn") return 3;
  return 4;
}

void write_log_line(std::ostream& err, const PluginLogLine& line) {
  static constexpr const char* names[] = {"trace", "debug", "info", "warn", "error"};
  std::string text = std::string(names[line.level]) + ": " + printable(line.plugin_id) + ": " + printable(line.message);
  if (line.instance_id != 0) text += " instance=" + std::to_string(line.instance_id);
  if (!line.trace_parent.empty()) text += " trace=" + printable(line.trace_parent);
  for (const auto& [key, value] : line.fields) text += ' ' + printable(key) + '=' + printable(value);
  err << text + '\n';
}

plan::Safety safety_of(Idempotency idempotency) {
  switch (idempotency) {
    case Idempotency::safe:
      return plan::Safety::safe;
    case Idempotency::idempotent:
      return plan::Safety::idempotent;
    case Idempotency::keyed:
      return plan::Safety::keyed;
    case Idempotency::unsafe:
      break;
  }
  return plan::Safety::unsafe;
}

/// The element instances that a formula is given; their vendors may repeat a secret in an answer.
std::vector<std::string> instance_selectors(const Formula& formula, const json::object& configuration) {
  std::vector<std::string> selectors;
  for (const FormulaVariable& variable : formula.configuration()) {
    const json::value* value = configuration.if_contains(variable.key);
    if (variable.type != "elementInstance" || value == nullptr) continue;
    if (value->is_string()) selectors.emplace_back(value->get_string());
    if (value->is_int64()) selectors.push_back(std::to_string(value->get_int64()));
  }
  return selectors;
}

}  // namespace

Session::Session(const Io& io, const Parts& parts, Settings settings, OutputFormat format)
    : io_(io), parts_(parts), settings_(std::move(settings)), format_(format) {}

std::filesystem::path Session::plugins_folder() const {
  if (const std::string folder = settings_.text("plugins.folder"); !folder.empty()) return folder;
  // As built: build/release/{bin,plugins}. As installed: <prefix>/{bin,lib/formulary/plugins}.
  std::filesystem::path as_built = parts_.program_folder.parent_path() / "plugins";
  if (std::filesystem::is_directory(as_built)) return as_built;
  return parts_.program_folder.parent_path() / "lib" / "formulary" / "plugins";
}

std::filesystem::path Session::data_folder() const {
  if (const std::string folder = settings_.text("data.folder"); !folder.empty()) return folder;
  if (const auto data_home = io_.environment("XDG_DATA_HOME"); data_home && !data_home->empty()) {
    return std::filesystem::path(*data_home) / "formulary";
  }
  if (const auto home = io_.environment("HOME"); home && !home->empty()) {
    return std::filesystem::path(*home) / ".local" / "share" / "formulary";
  }
  throw Error(ErrorCode::bad_input, "data.folder: not set, and there is no HOME to choose one in; write --data FOLDER");
}

const Catalogue& Session::catalogue() {
  if (!catalogue_) {
    CatalogueOptions options;
    options.folder = plugins_folder();
    options.private_store = data_folder() / "plugins";
    options.host_version = FORMULARY_VERSION;
    const int least = level_of(settings_.text("log.level"));
    options.log = [&err = io_.err, least](const PluginLogLine& line) {
      if (line.level >= least) write_log_line(err, line);
    };
    catalogue_ = std::make_unique<Catalogue>(Catalogue::scan(options));
  }
  return *catalogue_;
}

Store& Session::store() {
  if (!store_) store_ = open_store(*storage());
  return *store_;
}

Instances& Session::instances() {
  if (!instances_) instances_ = std::make_unique<Instances>(catalogue(), store(), parts_.clock);
  return *instances_;
}

std::unique_ptr<Transport> Session::vetted_transport(std::function<void(const std::string& address)> vet) const {
  return parts_.vetted_transport(settings_, std::move(vet));
}

Transport& Session::transport() {
  if (!transport_) transport_ = parts_.transport(settings_);
  return *transport_;
}

std::unique_ptr<Transport> Session::transport_to_server(const std::string& ca_file) const {
  if (ca_file.empty() || !settings_.text("ca.file").empty()) return parts_.transport(settings_);
  return parts_.transport(
      Settings::load({.flags = {{"ca.file", ca_file}}, .environment = io_.environment, .file = settings_.file()}));
}

Publisher& Session::publisher() {
  if (!publisher_) publisher_ = parts_.publisher(settings_);
  return *publisher_;
}

ScriptRunner& Session::script_runner() {
  if (!script_runner_) script_runner_ = parts_.script_runner(settings_);
  return *script_runner_;
}

const std::shared_ptr<Storage>& Session::storage() {
  if (!storage_) storage_ = Storage::open({.folder = data_folder(), .master_key = settings_.text("master.key")});
  return storage_;
}

FormulaStore& Session::formulas() {
  if (!formulas_) formulas_ = std::make_unique<FormulaStore>(storage());
  return *formulas_;
}

History& Session::history() {
  if (!history_) history_ = std::make_unique<History>(storage());
  return *history_;
}

EnginePorts Session::engine_ports() {
  EnginePorts ports;
  ports.steps.call_element = [this](std::string_view selector, const ResourceRequest& request,
                                    const CallContext& context) {
    const InstanceRecord instance = instance_for(selector, context.formula_instance);
    return call_through_hub(instances(), instance, parts_.clock, request, context);
  };
  ports.steps.notify = [this](const std::string& text) { io_.err << "notification: " + printable(text) + '\n'; };
  ports.steps.transport = &transport();
  ports.steps.publisher = &publisher();
  ports.steps.scripts = &script_runner();
  ports.steps.timers = &timers_;
  ports.steps.clock = &parts_.clock;
  ports.storage = storage();
  ports.redactor = [this](const Formula& formula, const json::object& configuration) {
    return instances().redactor(instance_selectors(formula, configuration), secrets_by_name(configuration));
  };
  ports.safety = [this](const plan::RequestCall& call) {
    if (call.kind != plan::RequestCall::Kind::element) return plan::Safety::unsafe;
    try {
      return safety_of(instances().idempotency(call.instance, call.method, call.target));
    } catch (const Error&) {
      return plan::Safety::unsafe;  // the call itself says what is wrong with the instance
    }
  };
  ports.warn = [this](const std::string& sentence) { io_.err << "warning: " + printable(sentence) + '\n'; };
  if (adapt_engine_) adapt_engine_(ports);
  return ports;
}

/// A step calls what its account has, and nothing else; a formula that is run without an instance is the operator's.
InstanceRecord Session::instance_for(std::string_view selector, std::int64_t formula_instance) {
  if (formula_instance == 0) return instances().find(selector);
  const std::int64_t account = account_of(formula_instance);
  for (const InstanceRecord& record : store().find_instances(selector)) {
    if (record.account == account) return record;
  }
  throw Error(ErrorCode::not_found, "element instance '" + std::string(selector.substr(0, 200)) +
                                        "': the formula's account has none of that id or name");
}

std::int64_t Session::account_of(std::int64_t formula_instance) {
  const std::lock_guard lock(accounts_mutex_);
  const auto known = accounts_.find(formula_instance);
  if (known != accounts_.end()) return known->second;
  const std::optional<FormulaInstanceRecord> record = formulas().instance(formula_instance);
  if (!record) return -1;  // deleted meanwhile: nobody's
  constexpr std::size_t kept_max = 100'000;
  if (accounts_.size() >= kept_max) accounts_.clear();
  return accounts_.emplace(formula_instance, record->account).first->second;
}

Engine& Session::engine() {
  if (engine_) return *engine_;
  (void)instances();  // opened by one thread, before many use it
  EngineSettings settings;
  settings.steps.request_time_limit = std::chrono::milliseconds(settings_.integer("http.time_limit_ms"));
  settings.steps.script_time_limit = std::chrono::milliseconds(settings_.integer("script.time_limit_ms"));
  settings.steps.limits.steps_max = static_cast<std::size_t>(settings_.integer("formula.steps_max"));
  settings.open_max = static_cast<std::size_t>(settings_.integer("formula.executions_max"));
  settings.instance_running_max = static_cast<std::size_t>(settings_.integer("formula.instance_executions_max"));
  settings.retention.age_max = std::chrono::hours(24 * settings_.integer("history.days"));
  settings.retention.bytes_max = static_cast<std::uint64_t>(settings_.integer("history.max_mb")) << 20U;
  engine_ = std::make_unique<Engine>(engine_ports(), settings);
  return *engine_;
}

CallContext Session::call_context() const {
  CallContext context;
  context.time_limit = std::chrono::milliseconds(settings_.integer("http.time_limit_ms"));
  context.stop = io_.interrupted;
  context.trace_parent = new_trace_parent(new_trace_id());
  return context;
}

}  // namespace formulary::cli

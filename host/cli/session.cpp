#include "host/cli/session.hpp"

#include <chrono>
#include <cstdlib>
#include <utility>

#include "host/base/error.hpp"

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
  if (!store_) store_ = open_store({.folder = data_folder(), .master_key = settings_.text("master.key")});
  return *store_;
}

Instances& Session::instances() {
  if (!instances_) instances_ = std::make_unique<Instances>(catalogue(), store(), parts_.clock);
  return *instances_;
}

Transport& Session::transport() {
  if (!transport_) transport_ = parts_.transport(settings_);
  return *transport_;
}

ScriptRunner& Session::script_runner() {
  if (!script_runner_) script_runner_ = parts_.script_runner(settings_);
  return *script_runner_;
}

CallContext Session::call_context() const {
  CallContext context;
  context.time_limit = std::chrono::milliseconds(settings_.integer("http.time_limit_ms"));
  context.stop = io_.interrupted;
  return context;
}

}  // namespace formulary::cli

#include <string>

#include "host/cli/commands.hpp"

namespace formulary::cli {
namespace {

json::object entry_json(const PluginEntry& entry) {
  json::object shown{{"folder", entry.folder.string()},
                     {"library", entry.library.string()},
                     {"state", std::string(name(entry.state))}};
  if (entry.manifest) {
    shown["id"] = entry.manifest->id;
    shown["key"] = entry.manifest->key;
    shown["name"] = entry.manifest->name;
    shown["hub"] = entry.manifest->hub;
    shown["version"] = entry.manifest->version;
  }
  if (!entry.code.empty()) shown["code"] = entry.code;
  if (!entry.reason.empty()) shown["reason"] = entry.reason;
  if (!entry.warning.empty()) shown["warning"] = entry.warning;
  return shown;
}

std::string entry_key(const PluginEntry& entry) {
  return entry.manifest ? entry.manifest->key : entry.folder.filename().string();
}

/// Names each plugin with a fault on stderr, where a script that reads the table still leaves it to be seen. A program
/// has all of it in the JSON, and is told that it should look. Throws Error(plugin_refused) then.
ExitCode report_faults(const Session& session, const Catalogue& catalogue) {
  const ExitCode code = catalogue.has_refused() ? ExitCode::invalid : ExitCode::done;
  if (session.json()) {
    if (code == ExitCode::done) return code;
    throw Error(ErrorCode::plugin_refused,
                "plugins are refused; correct or remove those with the state refused, each says why");
  }
  const Io& io = session.io();
  for (const PluginEntry& entry : catalogue.entries()) {
    if (entry.warning.empty()) continue;
    io.err << "warning: " << printable(entry.folder.filename().string()) << "  " << printable(entry.warning) << '\n';
  }
  if (code == ExitCode::done) return code;
  for (const PluginEntry& entry : catalogue.entries()) {
    if (entry.state != PluginState::refused) continue;
    io.err << "refused: " << printable(entry.folder.filename().string()) << "  " << entry.code << '\n'
           << "         " << printable(entry.reason) << '\n';
  }
  io.err << "next:    correct or remove the refused plugins; formulary plugin inspect FILE shows one of them\n";
  return code;
}

const char* yes_or_empty(bool value) {
  return value ? "yes" : "";
}

void write_element(const Io& io, const Manifest& manifest) {
  write_pairs(io, {{"key", manifest.key},
                   {"name", manifest.name},
                   {"id", manifest.id},
                   {"version", manifest.version},
                   {"hub", manifest.hub},
                   {"authentication", manifest.authentication_type},
                   {"description", manifest.description}});
  io.out << '\n';
  std::vector<Row> configuration;
  for (const ConfigurationEntry& entry : manifest.configuration) {
    configuration.push_back(
        {entry.key, entry.type, yes_or_empty(entry.required), yes_or_empty(entry.secret), entry.name});
  }
  write_table(io, {"CONFIGURATION", "TYPE", "REQUIRED", "SECRET", "NAME"}, configuration);
  io.out << '\n';
  std::vector<Row> resources;
  for (const ManifestResource& resource : manifest.resources) {
    resources.push_back({resource.method, resource.path, resource.description});
  }
  write_table(io, {"METHOD", "PATH", "DESCRIPTION"}, resources);
}

}  // namespace

ExitCode list_elements(Session& session) {
  const Catalogue& catalogue = session.catalogue();
  if (session.json()) {
    json::array all;
    for (const PluginEntry& entry : catalogue.entries()) all.push_back(entry_json(entry));
    write_json(session.io(), all);
  } else {
    std::vector<Row> rows;
    for (const PluginEntry& entry : catalogue.entries()) {
      rows.push_back({entry_key(entry), entry.manifest ? entry.manifest->name : "",
                      entry.manifest ? entry.manifest->hub : "", entry.manifest ? entry.manifest->version : "",
                      std::string(name(entry.state)), entry.code});
    }
    write_table(session.io(), {"KEY", "NAME", "HUB", "VERSION", "STATE", "REASON"}, rows);
    if (rows.empty()) {
      session.io().err << "no plugins in " << session.plugins_folder().string() << "; copy a plugin's folder into it\n";
    }
  }
  return report_faults(session, catalogue);
}

ExitCode show_element(Session& session, const std::string& key) {
  const Manifest& manifest = session.catalogue().element(key)->manifest();
  if (session.json()) {
    write_json(session.io(), manifest.document);
  } else {
    write_element(session.io(), manifest);
  }
  return ExitCode::done;
}

ExitCode inspect_plugin_file(Session& session, const std::string& file) {
  const PluginEntry entry = inspect_plugin(file);
  if (session.json()) {
    write_json(session.io(), entry_json(entry));
  } else {
    write_pairs(session.io(), {{"library", entry.library.string()},
                               {"id", entry.manifest ? entry.manifest->id : ""},
                               {"key", entry.manifest ? entry.manifest->key : ""},
                               {"version", entry.manifest ? entry.manifest->version : ""},
                               {"state", std::string(name(entry.state))},
                               {"code", entry.code},
                               {"reason", entry.reason},
                               {"warning", entry.warning}});
  }
  if (entry.state != PluginState::refused) return ExitCode::done;
  throw PluginError(ErrorCode::plugin_refused, file + ": " + entry.reason, {.plugin_code = entry.code});
}

}  // namespace formulary::cli

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>

#include "host/cli/commands.hpp"
#include "host/plugin/abi_version.hpp"

namespace formulary::cli {
namespace {

struct Finding {
  std::string check;
  bool ok = false;
  std::string text;
  std::string fix;  ///< Empty if ok.
};

/// A failed check is a finding, never the end of the examination.
Finding examine(const std::string& check, const std::function<std::string()>& body) {
  try {
    return {check, true, body(), ""};
  } catch (const Error& error) {
    const std::string message = error.what();
    const std::size_t parting = message.rfind("; ");
    return {check, false, message.substr(0, parting),
            parting == std::string::npos ? std::string(hint(error.code())) : message.substr(parting + 2)};
  }
}

Finding examine_settings(const Session& session) {
  return examine("settings", [&] {
    const std::string file = session.settings().file();
    return file.empty() ? std::string("no settings file; flags, FORMULARY_* and defaults hold") : file;
  });
}

Finding examine_plugins(Session& session) {
  return examine("plugins", [&] {
    const auto& entries = session.catalogue().entries();
    const auto ready = std::count_if(entries.begin(), entries.end(),
                                     [](const PluginEntry& e) { return e.state == PluginState::ready; });
    std::string counts = std::to_string(ready) + " of " + std::to_string(entries.size()) + " ready in " +
                         session.plugins_folder().string();
    const auto warned =
        std::count_if(entries.begin(), entries.end(), [](const PluginEntry& e) { return !e.warning.empty(); });
    if (warned != 0) counts += ", " + std::to_string(warned) + " with a warning (formulary elements list)";
    if (session.catalogue().has_refused()) {
      throw Error(ErrorCode::plugin_refused, counts + "; formulary elements list says why the others are refused");
    }
    if (entries.empty()) throw Error(ErrorCode::not_found, counts + "; copy a plugin's folder into it");
    return counts;
  });
}

Finding examine_store(Session& session) {
  return examine("data folder", [&] {
    const std::size_t count = session.store().instances().size();
    return session.data_folder().string() + ", " + std::to_string(count) + (count == 1 ? " instance" : " instances");
  });
}

Finding examine_scripts(Session& session) {
  return examine("scripts", [&] {
    ScriptRequest request;
    request.name = "doctor";
    request.body = "done({sum: 1 + 1})";
    request.context = R"({"trigger":{},"steps":{},"info":{},"config":{}})";
    const ScriptResult result = session.script_runner().run(request);
    if (!result.ok || result.value != R"({"sum":2})") {
      throw Error(ErrorCode::script_failed, "a script worker answered '" + (result.ok ? result.value : result.error) +
                                                "'; reinstall the program");
    }
    return std::string("a confined worker ran a script");
  });
}

/// Every setting with its value and where that comes from; of a secret only whether it is set.
std::vector<Row> settings_in_use(const Settings& settings) {
  std::vector<Row> rows;
  for (const SettingSpec& spec : known_settings()) {
    const std::string key(spec.key);
    rows.push_back({key, settings.shown(key), settings.origin(key), std::string(spec.description)});
  }
  return rows;
}

json::array to_json(const std::vector<Finding>& findings) {
  json::array all;
  for (const Finding& finding : findings) {
    json::object shown{{"check", finding.check}, {"ok", finding.ok}, {"text", finding.text}};
    if (!finding.fix.empty()) shown["fix"] = finding.fix;
    all.push_back(shown);
  }
  return all;
}

void write_findings(const Io& io, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    io.out << (finding.ok ? "✓ " : "✗ ") << finding.check << std::string(13 - finding.check.size(), ' ')
           << printable(finding.text) << '\n';
    if (!finding.fix.empty()) io.out << "  fix          " << printable(finding.fix) << '\n';
  }
}

}  // namespace

ExitCode doctor(Session& session) {
  const std::vector<Finding> findings = {examine_settings(session), examine_store(session), examine_plugins(session),
                                         examine_scripts(session)};
  const auto failed =
      std::count_if(findings.begin(), findings.end(), [](const Finding& finding) { return !finding.ok; });
  if (session.json()) {
    json::array settings;
    for (const Row& row : settings_in_use(session.settings())) {
      settings.push_back(json::object{{"key", row[0]}, {"value", row[1]}, {"origin", row[2]}});
    }
    write_json(session.io(), json::object{{"checks", to_json(findings)}, {"failed", failed}, {"settings", settings}});
  } else {
    write_findings(session.io(), findings);
    session.io().out << '\n';
    write_table(session.io(), {"SETTING", "VALUE", "FROM", "MEANING"}, settings_in_use(session.settings()));
  }
  if (!session.json()) session.io().err << failed << (failed == 1 ? " check" : " checks") << " failed\n";
  return failed == 0 ? ExitCode::done : ExitCode::invalid;
}

ExitCode version(const Io& io, bool json) {
  if (json) {
    write_json(io, formulary::json::object{{"version", FORMULARY_VERSION}, {"abi", offered_abi()}});
  } else {
    io.out << "formulary " << FORMULARY_VERSION << " · plugin ABI " << offered_abi() << '\n';
  }
  return ExitCode::done;
}

}  // namespace formulary::cli

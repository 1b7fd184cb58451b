#include "host/base/settings.hpp"

#include <Poco/AutoPtr.h>
#include <Poco/Util/LayeredConfiguration.h>
#include <Poco/Util/MapConfiguration.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "host/base/advised.hpp"
#include "host/base/error.hpp"
#include "host/base/settings_file.hpp"
#include "host/base/text.hpp"

namespace formulary {
namespace {

using Kind = SettingSpec::Kind;
using Poco::AutoPtr;
using Poco::Util::LayeredConfiguration;
using Poco::Util::MapConfiguration;

constexpr std::size_t file_bytes_max = 1U << 20U;

const SettingSpec* find_spec(std::string_view key) {
  const auto& specs = known_settings();
  const auto found =
      std::find_if(specs.begin(), specs.end(), [key](const SettingSpec& spec) { return spec.key == key; });
  return found == specs.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_unknown(const std::string& place, const std::string& key) {
  std::vector<std::string_view> keys;
  for (const SettingSpec& spec : known_settings()) keys.push_back(spec.key);
  const std::string near = nearest(key, keys);
  const std::string what = place + ": there is no setting '" + key + "'; ";
  throw Error(ErrorCode::bad_input,
              what + (near.empty() ? "`formulary doctor` lists those that exist" : "did you mean '" + near + "'?"));
}

std::string variable_of(std::string_view key) {
  std::string name = "FORMULARY_";
  for (const char c : key) name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

constexpr std::string_view file_variable = "FORMULARY_SETTINGS";

/// The known name that was probably meant: a near one, or one that the given name begins.
std::string meant(const std::string& variable, const std::vector<std::string>& known) {
  std::string near = nearest(variable, {known.begin(), known.end()});
  if (!near.empty()) return near;
  const auto longer = std::find_if(known.begin(), known.end(),
                                   [&](const std::string& name) { return name.starts_with(variable + '_'); });
  return longer == known.end() ? std::string() : *longer;
}

void refuse_unknown_variables(const SettingsSources& sources) {
  if (!sources.variables) return;
  std::vector<std::string> known{std::string(file_variable)};
  for (const SettingSpec& spec : known_settings()) known.push_back(variable_of(spec.key));
  for (const std::string& variable : sources.variables()) {
    if (!variable.starts_with("FORMULARY_") || std::find(known.begin(), known.end(), variable) != known.end()) continue;
    const std::string near = meant(variable, known);
    throw Error(ErrorCode::bad_input,
                "environment: there is no setting for '" + variable + "'; " +
                    (near.empty() ? "unset it, or take one of: " + joined({known.begin(), known.end()})
                                  : "did you mean '" + near + "'?"));
  }
}

/// Empty: the value is fine.
std::string problem_with(const SettingSpec& spec, const std::string& value) {
  if (spec.kind == Kind::flag) {
    return value == "true" || value == "false" ? "" : "is neither true nor false; write one of them";
  }
  if (spec.kind == Kind::integer) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole = problem == std::errc() && end == value.data() + value.size();
    if (whole && number >= spec.least && number <= spec.most) return "";
    return "is not an integer between " + std::to_string(spec.least) + " and " + std::to_string(spec.most) +
           "; write such a number, without a unit";
  }
  if (!is_utf8(value) || value.find('\0') != std::string::npos) return "is not text; write it in UTF-8";
  if (spec.words.empty() || std::find(spec.words.begin(), spec.words.end(), value) != spec.words.end()) return "";
  return "is unknown; write one of: " + joined(spec.words);
}

void check(const std::string& place, const SettingSpec& spec, const std::string& value) {
  const std::string problem = problem_with(spec, value);
  if (problem.empty()) return;
  const std::string shown = spec.secret ? std::string() : " '" + value + "'";
  throw Error(ErrorCode::bad_input, place + ": " + std::string(spec.key) + ": the value" + shown + " " + problem);
}

std::string_view word_for(Kind kind) {
  if (kind == Kind::integer) return "an integer, without quotes";
  if (kind == Kind::flag) return "true or false, without quotes";
  return "a text in quotes";
}

bool fits(Kind wanted, FileSetting::Kind given) {
  switch (given) {
    case FileSetting::Kind::any:
      return true;
    case FileSetting::Kind::text:
      return wanted == Kind::text;
    case FileSetting::Kind::integer:
      return wanted == Kind::integer;
    case FileSetting::Kind::flag:
      return wanted == Kind::flag;
  }
  return false;
}

/// One layer, and for each of its keys where it was found.
struct Layer {
  AutoPtr<MapConfiguration> values{new MapConfiguration};
  std::map<std::string, std::string, std::less<>> origins;

  void set(std::string_view key, const std::string& value, std::string origin) {
    values->setString(std::string(key), value);
    origins.insert_or_assign(std::string(key), std::move(origin));
  }
};

Layer layer_of_flags(const std::map<std::string, std::string>& flags) {
  Layer layer;
  for (const auto& [key, value] : flags) {
    const SettingSpec* spec = find_spec(key);
    if (spec == nullptr) refuse_unknown("flag", key);
    if (spec->secret)
      throw Error(ErrorCode::bad_input,
                  "flag: " + key + " is secret and other users can see flags; set " + variable_of(key));
    check("flag", *spec, value);
    layer.set(key, value, "flag");
  }
  return layer;
}

Layer layer_of_environment(const SettingsSources& sources) {
  Layer layer;
  refuse_unknown_variables(sources);
  if (!sources.environment) return layer;
  for (const SettingSpec& spec : known_settings()) {
    const std::string variable = variable_of(spec.key);
    auto value = sources.environment(variable);
    if (!value || value->empty()) continue;
    check(variable, spec, *value);
    layer.set(spec.key, *value, variable);
    if (spec.secret) wipe(*value);
  }
  return layer;
}

std::string read_file(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    throw Error(ErrorCode::not_found,
                path + ": there is no such settings file; write --settings FILE with one that exists");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!std::filesystem::is_regular_file(path, ignored) || !stream) {
    throw Error(ErrorCode::bad_input,
                path + ": the settings file cannot be read; it must be a file that this user may read");
  }
  std::string text(file_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > file_bytes_max)
    throw Error(ErrorCode::limit_reached, path + ": it has more than 1 MiB; name a file with settings alone");
  return text;
}

void check_privacy(const std::string& path, const std::string& place) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & 077U) == 0) return;
  throw Error(ErrorCode::bad_input, place + ": it holds a secret and others may read the file; run: chmod 600 " + path);
}

std::vector<FileSetting> parse_settings(const std::string& text, const std::string& path, bool is_toml) {
  try {
    return is_toml ? parse_toml(text, path) : parse_properties(text, path);
  } catch (const Error& error) {
    throw advised(error, "correct that line");
  }
}

Layer layer_of_file(const std::string& path) {
  Layer layer;
  if (path.empty()) return layer;
  const std::string extension = std::filesystem::path(path).extension();
  if (extension != ".toml" && extension != ".properties") {
    throw Error(ErrorCode::bad_input, path + ": its format is unknown; a settings file ends in .toml or .properties");
  }
  std::string text = read_file(path);
  const WipeAtExit guard(text);
  for (FileSetting& setting : parse_settings(text, path, extension == ".toml")) {
    const std::string place = path + ":" + std::to_string(setting.line);
    const SettingSpec* spec = find_spec(setting.key);
    if (spec == nullptr) refuse_unknown(place, setting.key);
    if (!fits(spec->kind, setting.kind)) {
      throw Error(ErrorCode::bad_input, place + ": " + setting.key + ": the value is of another kind; write " +
                                            std::string(word_for(spec->kind)));
    }
    check(place, *spec, setting.value);
    if (spec->secret) check_privacy(path, place);
    layer.set(setting.key, setting.value, place);
    if (spec->secret) wipe(setting.value);
  }
  return layer;
}

std::string chosen_file(const SettingsSources& sources) {
  if (!sources.file.empty()) return sources.file;
  if (sources.environment) {
    if (const auto named = sources.environment(file_variable); named && !named->empty()) return *named;
  }
  std::error_code ignored;
  for (const char* usual : {"formulary.toml", "formulary.properties"}) {
    if (std::filesystem::exists(usual, ignored)) return usual;
  }
  return {};
}

Layer layer_of_defaults() {
  Layer layer;
  for (const SettingSpec& spec : known_settings()) layer.set(spec.key, std::string(spec.otherwise), "default");
  return layer;
}

}  // namespace

const std::vector<SettingSpec>& known_settings() {
  static const std::vector<SettingSpec> specs = {
      {.key = "data.folder", .description = "Where the database and its key lie; empty: $XDG_DATA_HOME/formulary"},
      {.key = "plugins.folder", .description = "Where the element plugins lie; empty: beside the program"},
      {.key = "master.key",
       .description = "The key of all stored secrets, 32 bytes in base64 or hex; empty: <data.folder>/master.key",
       .secret = true},
      {.key = "output", .otherwise = "table", .description = "How answers are printed", .words = {"table", "json"}},
      {.key = "context", .description = "The server that the commands speak to; empty: what `context use` chose"},
      {.key = "config", .description = "The file of the servers; empty: $XDG_CONFIG_HOME/formulary/contexts.json"},
      {.key = "log.level",
       .otherwise = "warn",
       .description = "The least important line that is logged",
       .words = {"trace", "debug", "info", "warn", "error"}},
      {.key = "ca.file", .description = "A PEM file with further trust anchors for TLS"},
      {.key = "http.time_limit_ms",
       .kind = Kind::integer,
       .otherwise = "60000",
       .description = "The longest time of one request",
       .least = 1,
       .most = 3'600'000},
      {.key = "log.access", .description = "A file for a line of JSON about each request; empty: none"},
      {.key = "server.address", .otherwise = "127.0.0.1", .description = "The address that the server listens at"},
      {.key = "server.port",
       .kind = Kind::integer,
       .otherwise = "8080",
       .description = "Its port; 0: any free one",
       .least = 0,
       .most = 65'535},
      {.key = "server.certificate", .description = "A PEM file with the certificate and its chain; empty: no TLS"},
      {.key = "server.key", .description = "A PEM file with the certificate's key"},
      {.key = "server.workers",
       .kind = Kind::integer,
       .otherwise = "64",
       .description = "How many requests are worked on at once",
       .least = 1,
       .most = 4'096},
      {.key = "server.connections_max",
       .kind = Kind::integer,
       .otherwise = "12000",
       .description = "How many connections may be open",
       .least = 1,
       .most = 1'000'000},
      {.key = "server.body_max_mb",
       .kind = Kind::integer,
       .otherwise = "8",
       .description = "The largest body of a request",
       .least = 1,
       .most = 1'024},
      {.key = "server.stream_max_mb",
       .kind = Kind::integer,
       .otherwise = "1024",
       .description = "The largest file that passes through an element, either way",
       .least = 1,
       .most = 6'144},
      {.key = "server.session_hours",
       .kind = Kind::integer,
       .otherwise = "12",
       .description = "How long somebody who logged in stays so",
       .least = 1,
       .most = 8'760},
      {.key = "server.stop_ms",
       .kind = Kind::integer,
       .otherwise = "10000",
       .description = "How long a stop waits for what runs",
       .least = 0,
       .most = 600'000},
      {.key = "events.poll_seconds_min",
       .kind = Kind::integer,
       .otherwise = "60",
       .description = "The shortest time between two polls of one resource of an instance",
       .least = 1,
       .most = 86'400},
      {.key = "delivery.allowed_networks",
       .description = "Networks that are not public and that webhooks may lie in all the same: 10.1.0.0/16, fd00::/8"},
      {.key = "delivery.time_limit_ms",
       .kind = Kind::integer,
       .otherwise = "10000",
       .description = "How long a webhook may take to answer",
       .least = 100,
       .most = 120'000},
      {.key = "delivery.retry_base_ms",
       .kind = Kind::integer,
       .otherwise = "4000",
       .description = "When a webhook that failed is tried again; then after 4, 16, 64, ... times as long",
       .least = 10,
       .most = 600'000},
      {.key = "delivery.workers",
       .kind = Kind::integer,
       .otherwise = "16",
       .description = "How many webhooks are called at once",
       .least = 2,
       .most = 256},
      {.key = "formula.steps_max",
       .kind = Kind::integer,
       .otherwise = "100000",
       .description = "Steps of one execution, those of its sub-formulas included",
       .least = 1,
       .most = 100'000'000},
      {.key = "formula.executions_max",
       .kind = Kind::integer,
       .otherwise = "100000",
       .description = "Executions that have not ended; beyond it new ones are refused",
       .least = 1,
       .most = 10'000'000},
      {.key = "formula.instance_executions_max",
       .kind = Kind::integer,
       .otherwise = "0",
       .description = "Executions of one formula instance that run at once, others wait; 0: no bound",
       .least = 0,
       .most = 1'000'000},
      {.key = "history.days",
       .kind = Kind::integer,
       .otherwise = "30",
       .description = "How long an execution is kept once it has ended; 0: no bound",
       .least = 0,
       .most = 36'500},
      {.key = "history.max_mb",
       .kind = Kind::integer,
       .otherwise = "4096",
       .description = "Beyond so large a database the oldest executions go; 0: no bound",
       .least = 0,
       .most = 1'000'000'000},
      {.key = "script.time_limit_ms",
       .kind = Kind::integer,
       .otherwise = "30000",
       .description = "The longest time of one script",
       .least = 1,
       .most = 600'000},
      {.key = "script.memory_mb",
       .kind = Kind::integer,
       .otherwise = "64",
       .description = "The most memory of one script's values",
       .least = 8,
       .most = 4096},
      {.key = "script.workers",
       .kind = Kind::integer,
       .otherwise = "2",
       .description = "How many scripts run at once",
       .least = 1,
       .most = 64},
  };
  return specs;
}

struct Settings::Values {
  struct Value {
    std::string value;
    std::string origin;
  };
  std::map<std::string, Value, std::less<>> by_key;
  std::string file;

  Values() = default;
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;
  ~Values() {
    for (const SettingSpec& spec : known_settings()) {
      const auto found = by_key.find(spec.key);
      if (spec.secret && found != by_key.end()) wipe(found->second.value);
    }
  }
};

Settings Settings::load(const SettingsSources& sources) {
  const auto values = std::make_shared<Values>();
  values->file = chosen_file(sources);
  const std::vector<Layer> layers = {layer_of_flags(sources.flags), layer_of_environment(sources),
                                     layer_of_file(values->file), layer_of_defaults()};
  AutoPtr<LayeredConfiguration> configuration(new LayeredConfiguration);
  int priority = 0;
  for (const Layer& layer : layers) configuration->add(layer.values, priority++);
  for (const SettingSpec& spec : known_settings()) {
    const auto first = std::find_if(layers.begin(), layers.end(),
                                    [&spec](const Layer& layer) { return layer.origins.count(spec.key) != 0; });
    values->by_key[std::string(spec.key)] = {.value = configuration->getRawString(std::string(spec.key)),
                                             .origin = first->origins.find(spec.key)->second};
  }
  Settings settings;
  settings.values_ = values;
  return settings;
}

const std::string& Settings::value(std::string_view key, SettingSpec::Kind kind) const {
  const SettingSpec* spec = find_spec(key);
  if (spec == nullptr || spec->kind != kind || values_ == nullptr) {
    throw Error(ErrorCode::internal, "settings: '" + std::string(key) + "' was asked for as what it is not");
  }
  return values_->by_key.find(key)->second.value;
}

std::string Settings::text(std::string_view key) const {
  return value(key, Kind::text);
}

std::int64_t Settings::integer(std::string_view key) const {
  return std::stoll(value(key, Kind::integer));
}

bool Settings::flag(std::string_view key) const {
  return value(key, Kind::flag) == "true";
}

std::string Settings::origin(std::string_view key) const {
  const SettingSpec* spec = find_spec(key);
  (void)value(key, spec == nullptr ? Kind::text : spec->kind);
  return values_->by_key.find(key)->second.origin;
}

std::string Settings::shown(std::string_view key) const {
  const SettingSpec* spec = find_spec(key);
  const std::string& plain = value(key, spec == nullptr ? Kind::text : spec->kind);
  if (!spec->secret) return plain;
  return plain.empty() ? "not set" : "set";
}

const std::string& Settings::file() const noexcept {
  static const std::string none;
  return values_ == nullptr ? none : values_->file;
}

}  // namespace formulary

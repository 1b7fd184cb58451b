/// \file
/// One configuration of layers: flags, then FORMULARY_* variables, then a settings file, then defaults.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

/// A setting that exists. In TOML "http.time_limit_ms" is the key time_limit_ms of the table [http]; its variable is
/// FORMULARY_HTTP_TIME_LIMIT_MS.
struct SettingSpec {
  enum class Kind { text, integer, flag };

  std::string_view key;
  Kind kind = Kind::text;
  std::string_view otherwise;  ///< The default, as text.
  std::string_view description;
  std::int64_t least = 0;  ///< Of an integer.
  std::int64_t most = 0;
  std::vector<std::string_view> words;  ///< What a text may be; empty: anything.
  bool secret = false;                  ///< Never a flag, never shown.
};

/// Every setting, in the order in which it is explained.
[[nodiscard]] const std::vector<SettingSpec>& known_settings();

struct SettingsSources {
  std::map<std::string, std::string> flags;  ///< By setting.
  /// The value of an environment variable. An empty value counts as none.
  std::function<std::optional<std::string>(std::string_view name)> environment;
  /// The names of all environment variables. One that begins with FORMULARY_ and is no setting's is refused, as an
  /// unknown key of a file is. Empty: not looked at.
  std::function<std::vector<std::string>()> variables;
  /// A .toml or .properties file that must exist. Empty: FORMULARY_SETTINGS, else ./formulary.toml or
  /// ./formulary.properties if there is one.
  std::string file;
};

/// All values, checked. Immutable; any thread may use it. Copies share one set of values, whose secrets are wiped with
/// the last.
class Settings {
 public:
  /// Throws Error(bad_input) that names the place ("formulary.toml:3: ", "FORMULARY_OUTPUT: "), the key, what is wrong
  /// and what is allowed, or for an unknown key the nearest known one; Error(not_found) if `file` does not exist.
  [[nodiscard]] static Settings load(const SettingsSources& sources);

  /// For a key of known_settings() of that kind; anything else is Error(internal).
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  /// Where the value comes from: "flag", "FORMULARY_OUTPUT", "formulary.toml:3" or "default".
  [[nodiscard]] std::string origin(std::string_view key) const;
  /// What may be shown of the value: itself, of a secret only whether it is set.
  [[nodiscard]] std::string shown(std::string_view key) const;
  /// The file that was read; empty: none.
  [[nodiscard]] const std::string& file() const noexcept;

 private:
  struct Values;
  [[nodiscard]] const std::string& value(std::string_view key, SettingSpec::Kind kind) const;

  std::shared_ptr<const Values> values_;
};

}  // namespace formulary

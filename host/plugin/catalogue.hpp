/// \file
/// The plugins folder: every plugin in it is either ready or refused with a sentence that says why.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"
#include "host/plugin/element_plugin.hpp"

namespace formulary {

enum class PluginState { found, refused, ready, draining, quarantined };
[[nodiscard]] std::string_view name(PluginState state) noexcept;

struct PluginEntry {
  std::filesystem::path folder;   ///< What lies in the plugins folder.
  std::filesystem::path library;  ///< Empty if none was found.
  PluginState state = PluginState::found;
  std::string code;     ///< Stable: "plugin.not_elf", "plugin.no_entry", "plugin.duplicate_id", ...
  std::string reason;   ///< A sentence; empty unless refused or quarantined.
  std::string warning;  ///< A sentence on what its author should mend, though it can be used; may be empty.
  std::optional<Manifest> manifest;
  std::shared_ptr<ElementPlugin> plugin;  ///< Set only when ready.
};

/// One line that a plugin logged, with what the host adds: already redacted and bounded.
struct PluginLogLine {
  std::string plugin_id;
  std::string plugin_version;
  Clock::WallTime time{};
  std::int64_t instance_id = 0;  ///< 0: said outside a call, or in a call of no stored instance.
  std::string instance_name;
  std::string trace_parent;  ///< Of the call in which it was said; may be empty.
  int level = 0;             ///< 0 trace .. 4 error.
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
};

/// One value that a plugin recorded: already redacted and bounded.
struct PluginMetric {
  std::string plugin_id;
  int kind = 0;  ///< 0 counter, 1 gauge, 2 histogram.
  std::string name;
  std::string unit;
  double value = 0;
  std::vector<std::pair<std::string, std::string>> labels;
};

struct CatalogueOptions {
  std::filesystem::path folder;
  std::filesystem::path private_store;  ///< Where content-addressed copies are loaded from; made with mode 0700.
  std::string host_version;
  std::function<void(const PluginLogLine&)> log;    ///< May be called from any thread. Empty: dropped.
  int log_level = 2;                                ///< Lines below it are not even made: 0 trace .. 4 error.
  std::function<void(const PluginMetric&)> metric;  ///< As log.
  bool scan_only = false;                           ///< Checks files and manifests, loads no code.
  std::shared_ptr<const Clock> clock;               ///< What plugins and deadlines go by. Empty: the machine's clocks.
  std::chrono::milliseconds start_time_limit{10'000};  ///< For loading and starting one plugin.
  std::chrono::milliseconds stop_time_limit{10'000};   ///< For its threads to end and for stop() to return.
};

/// Layout of the folder: <folder>/<any name>/element.json beside one shared library (also one level deeper, as
/// <id>/<version>/, of which the newest version that works is used and the older ones stay `found`). Of two folders
/// with one id the first by name is used and the other refused. Immutable after scan(); any thread may read it.
class Catalogue {
 public:
  /// A catalogue of given entries: what scan() ends with, and how a test puts a plugin of its own before the host.
  explicit Catalogue(std::vector<PluginEntry> entries) : entries_(std::move(entries)) {}

  /// Looks at every entry, checks the file without running it, loads and starts what passes. Never throws for a broken
  /// plugin; Error(not_found) if the folder itself cannot be read.
  [[nodiscard]] static Catalogue scan(const CatalogueOptions& options);

  [[nodiscard]] const std::vector<PluginEntry>& entries() const noexcept { return entries_; }  ///< By folder name.
  /// The ready plugin of an element key. Error(not_found) names the keys that exist, or the refusal of that key.
  [[nodiscard]] std::shared_ptr<ElementPlugin> element(std::string_view key) const;
  [[nodiscard]] bool has_refused() const noexcept;

 private:
  std::vector<PluginEntry> entries_;
};

/// Checks one library and the element.json beside it, without loading code: what `plugin inspect FILE` shows.
/// Error(not_found) if there is nothing of that name.
[[nodiscard]] PluginEntry inspect_plugin(const std::filesystem::path& library_or_folder);

}  // namespace formulary

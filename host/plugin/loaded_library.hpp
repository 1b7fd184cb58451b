/// \file
/// One plugin's library in the process: loaded, checked, started, and stopped at the end.
#pragma once

#include <formulary/element_plugin.h>

#include <memory>
#include <string>

#include "host/plugin/gate.hpp"
#include "host/plugin/live_copies.hpp"
#include "host/plugin/manifest.hpp"
#include "host/plugin/plugin_host.hpp"

namespace formulary {

struct LoadedLibraryParts;

/// Immutable; any thread may use it. Its end waits for the plugin's holds and calls stop(), both within a limit; the
/// library stays mapped for the life of the process, and a thread that stop() hangs on stays lost.
class LoadedLibrary {
 public:
  /// Loads `copy.library()`, calls its entry and start() on a thread of their own, so that neither can hold the host up
  /// beyond the time limit. What the plugin changed in the process meanwhile is put back. Throws PluginRefusal.
  [[nodiscard]] static std::shared_ptr<LoadedLibrary> load(LiveCopy copy, const Manifest& manifest,
                                                           const std::string& manifest_text,
                                                           const std::shared_ptr<PluginRuntime>& runtime);
  LoadedLibrary(LiveCopy copy, std::shared_ptr<PluginRuntime> runtime, const LoadedLibraryParts& parts);
  LoadedLibrary(const LoadedLibrary&) = delete;
  LoadedLibrary& operator=(const LoadedLibrary&) = delete;
  ~LoadedLibrary();

  [[nodiscard]] const element_plugin& table() const noexcept { return table_; }
  [[nodiscard]] element_plugin_state* state() const noexcept { return state_; }
  [[nodiscard]] std::uint32_t concurrency() const noexcept { return concurrency_; }
  [[nodiscard]] PluginHost& host() const noexcept { return host_; }
  [[nodiscard]] PluginRuntime& runtime() const noexcept { return *runtime_; }
  /// For ELEMENT_CONCURRENT_ONE: one hook at a time.
  [[nodiscard]] Gate& gate() const noexcept { return gate_; }

 private:
  void end();

  LiveCopy copy_;
  std::shared_ptr<PluginRuntime> runtime_;
  PluginHost& host_;
  element_plugin table_;
  element_plugin_state* state_;
  std::uint32_t concurrency_;
  mutable Gate gate_;
};

}  // namespace formulary

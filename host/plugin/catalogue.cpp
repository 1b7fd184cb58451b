#include "host/plugin/catalogue.hpp"

#include <algorithm>
#include <string>

#include "host/base/error.hpp"

namespace formulary {

std::string_view name(PluginState state) noexcept {
  switch (state) {
    case PluginState::found:
      return "found";
    case PluginState::refused:
      return "refused";
    case PluginState::ready:
      return "ready";
    case PluginState::draining:
      return "draining";
    case PluginState::quarantined:
      return "quarantined";
  }
  return "unknown";
}

std::shared_ptr<ElementPlugin> Catalogue::element(std::string_view key) const {
  const PluginEntry* unusable = nullptr;
  std::string keys;
  for (const PluginEntry& entry : entries_) {
    if (!entry.manifest) continue;
    if (entry.manifest->key == key && entry.plugin != nullptr) return entry.plugin;
    if (entry.manifest->key == key && unusable == nullptr) unusable = &entry;
    if (entry.plugin != nullptr) keys += (keys.empty() ? "" : ", ") + entry.manifest->key;
  }
  const std::string where = "element '" + std::string(key) + "': ";
  if (unusable != nullptr) {
    const std::string why = unusable->reason.empty() ? "it was looked at but not loaded" : unusable->reason;
    throw Error(ErrorCode::not_found, where + "its plugin is " + std::string(name(unusable->state)) + ": " + why);
  }
  throw Error(ErrorCode::not_found,
              where + "no plugin offers it; " +
                  (keys.empty() ? "no element is ready: put a plugin into the plugins folder" : "ready are: " + keys));
}

bool Catalogue::has_refused() const noexcept {
  return std::any_of(entries_.begin(), entries_.end(), [](const PluginEntry& entry) {
    return entry.state == PluginState::refused || entry.state == PluginState::quarantined;
  });
}

}  // namespace formulary

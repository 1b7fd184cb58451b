/// \file
/// One plugin's folder, checked without running its code.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/plugin/catalogue.hpp"
#include "host/plugin/private_store.hpp"

namespace formulary {

/// What passed the checks.
struct Package {
  std::string manifest_text;
  std::vector<PackageFile> files;  ///< The library first, then the libraries that it brings along and needs.
};

/// Checks the folder `entry.folder` below `tree` (from safe_folder()): files and owners, element.json, the ELF file,
/// that both belong together, the ABI version, the libraries that it needs. Fills `entry.library`, `entry.manifest`
/// and `entry.warning` as far as it gets, so that a refused plugin is still shown with its name. `entry.library` may be
/// set before to say which of several is meant. Throws PluginRefusal.
[[nodiscard]] Package read_package(const std::filesystem::path& tree, PluginEntry& entry);

/// What can be said of a library without its element.json: owners, the ELF file, its entry. Throws PluginRefusal.
void check_lone_library(const std::filesystem::path& tree, const std::filesystem::path& library);

}  // namespace formulary

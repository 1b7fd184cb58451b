/// \file
/// Whether the libraries that a plugin needs are there, found out without loading any.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace formulary {

/// A folder of a run path that lies in the package ("$ORIGIN/lib"), relative to the plugin's own folder. Nothing if it
/// leads elsewhere.
[[nodiscard]] std::optional<std::filesystem::path> folder_in_package(const std::string& run_path);

/// The first of `needed` that is neither loaded already, nor in one of `package_folders`, nor known to the system's
/// loader (LD_LIBRARY_PATH, /etc/ld.so.cache, the standard folders). Empty: all are there.
[[nodiscard]] std::string find_missing_library(const std::vector<std::string>& needed,
                                               const std::vector<std::filesystem::path>& package_folders);

}  // namespace formulary

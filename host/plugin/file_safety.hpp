/// \file
/// Reads a plugin's files only where nobody but the operator can have put or changed them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace formulary {

/// The real path of `folder`, after it and every folder above it were found to belong to this user or to root and to be
/// writable by no one else. A folder above it that is root's and sticky (/tmp) is taken, the folder itself never may be
/// one. Throws PluginRefusal(plugin.unsafe_owner, plugin.writable_by_others, plugin.unreadable).
[[nodiscard]] std::filesystem::path safe_folder(const std::filesystem::path& folder);

struct SafeFile {
  std::filesystem::path path;  ///< Real, without links.
  std::string bytes;
};

/// Reads a regular file once, through one descriptor, after the same checks on it and on the folders between it and
/// `tree`, which safe_folder() has returned. A link is followed only within `tree`. Throws PluginRefusal as above and
/// (plugin.outside_folder, plugin.not_a_file, plugin.too_large, plugin.file_changed).
[[nodiscard]] SafeFile read_safe_file(const std::filesystem::path& tree, const std::filesystem::path& file,
                                      std::size_t bytes_max);

}  // namespace formulary

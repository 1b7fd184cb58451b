/// \file
/// The host's own copies of the libraries that it loads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace formulary {

/// One file of a package, below the package's folder.
struct PackageFile {
  std::filesystem::path name;  ///< Relative, without "..".
  std::string bytes;
};

/// A folder, mode 0700, with one folder per content: a copy is found again by the SHA-256 of what is in it, is checked
/// before it is used, and is never written in place, since the process may have it mapped. A process holds each copy
/// that it was given until it ends, by a shared flock() of the copy's folder. Not thread-safe; several processes may
/// share one.
class PrivateStore {
 public:
  /// Makes the folder. Throws PluginRefusal(plugin.no_private_copy) if it cannot, or if others may write to it.
  explicit PrivateStore(const std::filesystem::path& folder);

  /// The folder `name`, from copy_name(), that holds exactly these files, mode 0500. Throws
  /// PluginRefusal(plugin.no_private_copy).
  [[nodiscard]] std::filesystem::path keep(const std::vector<PackageFile>& files, const std::string& name);

  /// Removes the copies that no living process holds. What cannot be removed stays for the next time.
  void remove_unheld() const;

 private:
  std::filesystem::path folder_;
};

/// Lower case hexadecimal SHA-256 over the names and contents.
[[nodiscard]] std::string content_hash(const std::vector<PackageFile>& files);

/// "<hash>" or "<hash>-<edition>": editions tell apart copies of one content that must not be one mapping.
[[nodiscard]] std::string copy_name(const std::string& hash, unsigned edition);

}  // namespace formulary

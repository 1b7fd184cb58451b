#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace formulary {

/// A new empty folder for one test, away with the end of its life. Each has its own name, since tests run beside each
/// other in processes of their own.
class TempFolder {
 public:
  /// @throws std::system_error when none can be made
  TempFolder() {
    std::string name = std::filesystem::temp_directory_path() / "formulary-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace formulary

#include "host/plugin/needed_libraries.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace formulary {
namespace {

namespace fs = std::filesystem;

#if defined(__x86_64__)
constexpr std::string_view multiarch = "x86_64-linux-gnu";
#else
constexpr std::string_view multiarch = "aarch64-linux-gnu";
#endif

/// Whether this process has it mapped; RTLD_NOLOAD runs no code.
bool is_loaded(const std::string& name) {
  void* handle = ::dlopen(name.c_str(), RTLD_NOLOAD | RTLD_LAZY);
  if (handle != nullptr) ::dlclose(handle);
  return handle != nullptr;
}

/// The names of the loader's cache: its table of strings has each between two NULs. Read once, since a scan asks for
/// the same few names again and again.
const std::set<std::string, std::less<>>& loader_cache() {
  static const std::set<std::string, std::less<>> names = [] {
    std::ifstream file("/etc/ld.so.cache", std::ios::binary);
    std::set<std::string, std::less<>> found;
    for (std::string name; std::getline(file, name, '\0');) {
      if (name.find(".so") != std::string::npos) found.insert(std::move(name));
    }
    return found;
  }();
  return names;
}

std::vector<fs::path> system_folders() {
  std::vector<fs::path> folders;
  const char* listed = std::getenv("LD_LIBRARY_PATH");
  std::string_view rest = listed == nullptr ? std::string_view{} : listed;
  while (!rest.empty()) {
    const auto end = rest.find(':');
    folders.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  for (const fs::path base : {"/lib", "/usr/lib", "/usr/local/lib"}) {
    folders.push_back(base);
    folders.push_back(base / multiarch);
  }
  folders.emplace_back("/lib64");
  folders.emplace_back("/usr/lib64");
  return folders;
}

bool is_in_one_of(const std::vector<fs::path>& folders, const std::string& name) {
  std::error_code error;
  for (const fs::path& folder : folders) {
    if (fs::exists(folder / name, error)) return true;
  }
  return false;
}

}  // namespace

std::optional<fs::path> folder_in_package(const std::string& run_path) {
  std::string_view rest = run_path;
  for (const std::string_view origin : {"$ORIGIN", "${ORIGIN}"}) {
    if (rest.substr(0, origin.size()) != origin) continue;
    rest.remove_prefix(origin.size());
    if (!rest.empty() && rest.front() != '/') return std::nullopt;
    while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
    fs::path folder = fs::path(rest).lexically_normal();
    if (!folder.empty() && *folder.begin() == "..") return std::nullopt;
    return folder;
  }
  return std::nullopt;
}

std::string find_missing_library(const std::vector<std::string>& needed, const std::vector<fs::path>& package_folders) {
  for (const std::string& name : needed) {
    if (is_in_one_of(package_folders, name) || loader_cache().count(name) != 0 || is_loaded(name)) continue;
    if (!is_in_one_of(system_folders(), name)) return name;
  }
  return {};
}

}  // namespace formulary

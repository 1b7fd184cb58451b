#include "host/plugin/package.hpp"

#include <formulary/element_plugin.h>

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "host/base/error.hpp"
#include "host/plugin/elf_file.hpp"
#include "host/plugin/file_safety.hpp"
#include "host/plugin/needed_libraries.hpp"
#include "host/plugin/refusal.hpp"

namespace formulary {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t library_bytes_max = 512U << 20U;
constexpr std::size_t companions_max = 64;
constexpr std::string_view entry_prefix = "element_plugin_entry_v";

std::string own_version() {
  return std::to_string(ELEMENT_ABI_MAJOR) + '.' + std::to_string(ELEMENT_ABI_MINOR);
}

fs::path find_library(const fs::path& folder) {
  std::vector<fs::path> libraries;
  std::error_code error;
  for (const fs::directory_entry& file : fs::directory_iterator(folder, error)) {
    if (file.path().extension() == ".so") libraries.push_back(file.path());
  }
  if (libraries.size() == 1) return libraries.front();
  if (libraries.empty()) {
    throw PluginRefusal("plugin.no_library",
                        "no shared library (*.so) lies beside its element.json; copy the plugin's here");
  }
  fs::path named = folder / (folder.filename().string() + ".so");
  if (std::find(libraries.begin(), libraries.end(), named) != libraries.end()) return named;
  throw PluginRefusal("plugin.several_libraries", "it holds " + std::to_string(libraries.size()) +
                                                      " shared libraries; name the plugin's '" +
                                                      named.filename().string() + "'");
}

std::string read_manifest_text(const fs::path& tree, const fs::path& folder) {
  const fs::path path = folder / "element.json";
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) {
    throw PluginRefusal("plugin.no_manifest",
                        "it has no element.json; copy the one that was built with the library here");
  }
  return read_safe_file(tree, path, manifest_bytes_max).bytes;
}

Manifest checked_manifest(const std::string& text) {
  try {
    return parse_manifest(text, "element.json");
  } catch (const Error& error) {
    throw PluginRefusal("plugin.invalid_manifest",
                        std::string(error.what()) + "; correct it and build the plugin again");
  }
}

void check_abi(const Manifest& manifest) {
  const std::string wanted = std::to_string(manifest.abi_major) + '.' + std::to_string(manifest.abi_minor);
  if (manifest.abi_major != ELEMENT_ABI_MAJOR) {
    throw PluginRefusal("plugin.wrong_major", "element.json asks for ABI " + wanted + " and this host offers " +
                                                  own_version() + "; build the plugin with the matching plugin_api");
  }
  if (manifest.abi_minor > ELEMENT_ABI_MINOR) {
    throw PluginRefusal("plugin.needs_newer_host", "element.json asks for ABI " + wanted + " and this host offers " +
                                                       own_version() + "; update the host");
  }
}

void check_entry(const ElfFile& elf) {
  const auto& exports = elf.exports;
  if (std::find(exports.begin(), exports.end(), ELEMENT_ENTRY_SYMBOL) != exports.end()) return;
  if (!exports.empty()) {
    throw PluginRefusal("plugin.wrong_major", "it exports " + exports.front() +
                                                  " and this host calls " ELEMENT_ENTRY_SYMBOL
                                                  "; build the plugin with the plugin_api of ABI " +
                                                  own_version());
  }
  throw PluginRefusal("plugin.no_entry",
                      "it exports no " ELEMENT_ENTRY_SYMBOL "; it is not an element plugin, or its entry is hidden");
}

/// With RTLD_LOCAL the other names harm nobody at first, but unique symbols and interposition inside the library's own
/// scope have surprised authors before.
std::string warning_of(const ElfFile& elf) {
  if (elf.other_exports == 0) return {};
  const std::string others =
      elf.other_exports == 1 ? "" : " and " + std::to_string(elf.other_exports - 1) + " other symbols";
  return "it exports " + elf.other_export + others +
         " besides " ELEMENT_ENTRY_SYMBOL
         "; build it with formulary_add_plugin(), or with -fvisibility=hidden and -Wl,--exclude-libs,ALL";
}

void check_embedded_manifest(const ElfFile& elf, const std::string& text) {
  if (!elf.section) {
    throw PluginRefusal("plugin.no_embedded_manifest",
                        "the library has no section " ELEMENT_MANIFEST_SECTION
                        "; build it with formulary_add_plugin() and do not strip sections");
  }
  std::string_view embedded = *elf.section;
  while (!embedded.empty() && embedded.back() == '\0') embedded.remove_suffix(1);
  if (embedded != text) {
    throw PluginRefusal("plugin.manifest_differs",
                        "element.json is not the one that the library was built with; copy "
                        "library and element.json of one build");
  }
}

void check_loading(const ElfFile& elf) {
  if (elf.program) {
    throw PluginRefusal("plugin.not_a_library", "it is a program, not a shared library; link it with -shared");
  }
  if (elf.executable_stack) {
    throw PluginRefusal(
        "plugin.executable_stack",
        "it asks for an executable stack, which would weaken the whole host; link it with -z noexecstack");
  }
  if (elf.text_relocations) {
    throw PluginRefusal("plugin.text_relocations", "it has text relocations; compile all of its code with -fPIC");
  }
  for (const std::string& run_path : elf.run_paths) {
    if (!run_path.empty() && !folder_in_package(run_path)) {
      throw PluginRefusal("plugin.outside_run_path",
                          "it looks for libraries in '" + run_path +
                              "', outside its package; link it without that run path, or with "
                              "$ORIGIN");
    }
  }
}

std::vector<fs::path> package_folders(const fs::path& folder, const ElfFile& elf) {
  std::vector<fs::path> folders;
  for (const std::string& run_path : elf.run_paths) {
    if (const auto inside = folder_in_package(run_path)) folders.push_back(*inside);
  }
  std::error_code error;
  folders.erase(std::remove_if(folders.begin(), folders.end(),
                               [&](const fs::path& one) { return !fs::is_directory(folder / one, error); }),
                folders.end());
  return folders;
}

/// The libraries that the plugin brings along, those that they need in turn included.
void add_companions(const fs::path& tree, const fs::path& folder, const ElfFile& plugin,
                    std::vector<PackageFile>& files) {
  const std::vector<fs::path> folders = package_folders(folder, plugin);
  std::vector<std::string> wanted = plugin.needed;
  std::set<std::string> seen;
  std::error_code error;
  while (!wanted.empty()) {
    const std::string name = std::move(wanted.back());
    wanted.pop_back();
    if (!seen.insert(name).second) continue;
    const auto home = std::find_if(folders.begin(), folders.end(),
                                   [&](const fs::path& one) { return fs::exists(folder / one / name, error); });
    if (home == folders.end()) continue;
    if (files.size() > companions_max) {
      throw PluginRefusal("plugin.too_large",
                          "it brings more than " + std::to_string(companions_max) + " libraries along");
    }
    files.push_back({*home / name, read_safe_file(tree, folder / *home / name, library_bytes_max).bytes});
    const ElfFile companion = read_elf(files.back().bytes, {});
    check_loading(companion);
    wanted.insert(wanted.end(), companion.needed.begin(), companion.needed.end());
  }
}

void check_needed(const fs::path& folder, const ElfFile& elf) {
  std::vector<fs::path> folders = package_folders(folder, elf);
  for (fs::path& one : folders) one = folder / one;
  const std::string missing = find_missing_library(elf.needed, folders);
  if (!missing.empty()) {
    throw PluginRefusal("plugin.missing_library",
                        "it needs " + missing + ", which is not on this system; install the package that has it");
  }
}

}  // namespace

void check_lone_library(const fs::path& tree, const fs::path& library) {
  const SafeFile file = read_safe_file(tree, library, library_bytes_max);
  const ElfFile elf = read_elf(file.bytes, {.export_prefix = entry_prefix, .section = ELEMENT_MANIFEST_SECTION});
  check_loading(elf);
  check_entry(elf);
}

Package read_package(const fs::path& tree, PluginEntry& entry) {
  Package package;
  package.manifest_text = read_manifest_text(tree, entry.folder);
  entry.manifest = checked_manifest(package.manifest_text);
  if (entry.library.empty()) entry.library = find_library(entry.folder);
  package.files.push_back({entry.library.filename(), read_safe_file(tree, entry.library, library_bytes_max).bytes});
  const ElfFile elf =
      read_elf(package.files.front().bytes, {.export_prefix = entry_prefix, .section = ELEMENT_MANIFEST_SECTION});
  check_loading(elf);
  check_entry(elf);
  entry.warning = warning_of(elf);
  check_abi(*entry.manifest);
  check_embedded_manifest(elf, package.manifest_text);
  check_needed(entry.folder, elf);
  add_companions(tree, entry.folder, elf, package.files);
  return package;
}

}  // namespace formulary

#include "host/plugin/catalogue.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "host/base/error.hpp"
#include "host/plugin/file_safety.hpp"
#include "host/plugin/live_copies.hpp"
#include "host/plugin/loaded_library.hpp"
#include "host/plugin/loaded_plugin.hpp"
#include "host/plugin/package.hpp"
#include "host/plugin/refusal.hpp"

namespace formulary {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t entries_max = 10'000;

void refuse(PluginEntry& entry, const std::string& code, const std::string& reason) {
  entry.state = PluginState::refused;
  entry.code = code;
  entry.reason = reason;
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().rfind('.', 0) == 0;
}

std::vector<fs::path> sorted_children(const fs::path& folder) {
  std::vector<fs::path> children;
  std::error_code error;
  for (const fs::directory_entry& child : fs::directory_iterator(folder, error)) {
    if (!is_hidden(child.path()) && children.size() < entries_max) children.push_back(child.path());
  }
  if (error) {
    throw Error(ErrorCode::not_found, "plugins folder '" + folder.string() + "': cannot be read (" + error.message() +
                                          "); make it, or name another with --plugins");
  }
  std::sort(children.begin(), children.end());
  return children;
}

/// Whether it is a plugin's folder, to be judged as one even if half of it is missing. A folder with neither half (a
/// build system's, a person's notes) is nobody's fault.
bool looks_like_a_plugin(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(folder / "element.json", error))) return true;
  const auto files = fs::directory_iterator(folder, error);
  return std::any_of(fs::begin(files), fs::end(files),
                     [](const auto& file) { return file.path().extension() == ".so"; });
}

/// "1.10.0" -> {1, 10, 0, 1}; a pre-release ("1.10.0-rc.1") has 0 at the end and so comes before.
std::vector<unsigned long> version_rank(const fs::path& folder) {
  const std::string name = folder.filename().string();
  std::vector<unsigned long> rank(4, 0);
  const char* at = name.c_str();
  for (std::size_t index = 0; index < 3; ++index) {
    char* end = nullptr;
    rank[index] = std::strtoul(at, &end, 10);
    at = *end == '.' ? end + 1 : end;
  }
  rank[3] = name.find('-') == std::string::npos ? 1 : 0;
  return rank;
}

/// <id>/<version>/: the folders of one plugin's versions, the newest first.
std::vector<fs::path> version_folders(const fs::path& folder) {
  std::vector<fs::path> versions;
  std::error_code error;
  for (const fs::directory_entry& child : fs::directory_iterator(folder, error)) {
    if (!is_hidden(child.path()) && child.is_directory(error) && looks_like_a_plugin(child.path())) {
      versions.push_back(child.path());
    }
  }
  std::sort(versions.begin(), versions.end(), [](const fs::path& left, const fs::path& right) {
    return std::make_pair(version_rank(left), left) > std::make_pair(version_rank(right), right);
  });
  return versions;
}

/// Every place in which a plugin may lie, by name.
std::vector<PluginEntry> find_entries(const fs::path& folder) {
  std::vector<PluginEntry> entries;
  std::error_code error;
  for (const fs::path& child : sorted_children(folder)) {
    PluginEntry entry;
    entry.folder = child;
    if (!fs::is_directory(child, error)) {
      if (child.extension() != ".so") continue;  // a README is nobody's fault
      entry.library = child;
      refuse(entry, "plugin.not_in_a_folder",
             "a library alone in the plugins folder; give it a folder of its own, with its element.json beside it");
      entries.push_back(std::move(entry));
      continue;
    }
    if (looks_like_a_plugin(child)) {
      entries.push_back(std::move(entry));
      continue;
    }
    for (const fs::path& version : version_folders(child)) {
      entry.folder = version;
      entries.push_back(entry);
    }
  }
  return entries;
}

/// One scan: the entries in turn, and who has an id or a key already.
class Scan {
 public:
  explicit Scan(const CatalogueOptions& options) : options_(options) {}

  std::vector<PluginEntry> run() {
    std::vector<PluginEntry> entries = find_entries(options_.folder);
    std::string unsafe_code;
    std::string unsafe_reason;
    fs::path tree;
    try {
      tree = safe_folder(options_.folder);
    } catch (const PluginRefusal& refusal) {
      unsafe_code = refusal.reason_code();
      unsafe_reason = refusal.what();
    }
    for (PluginEntry& entry : entries) {
      if (entry.state == PluginState::refused) continue;
      if (!unsafe_code.empty()) {
        refuse(entry, unsafe_code, unsafe_reason);
      } else {
        judge(tree, entry);
      }
    }
    if (store_) store_->remove_unheld();  // after the loading: a copy that is used again is not made twice
    std::sort(entries.begin(), entries.end(),
              [](const PluginEntry& left, const PluginEntry& right) { return left.folder < right.folder; });
    return entries;
  }

 private:
  void judge(const fs::path& tree, PluginEntry& entry) {
    try {
      const Package package = read_package(tree, entry);
      if (!check_unique(entry)) return;
      if (!options_.scan_only) load(package, entry);
      by_id_.emplace(entry.manifest->id, entry.folder);
      by_key_.emplace(entry.manifest->key, entry.folder);
    } catch (const PluginRefusal& refusal) {
      refuse(entry, refusal.reason_code(), refusal.what());
    } catch (const std::exception& error) {
      refuse(entry, "plugin.internal", std::string("the host failed while it looked at it: ") + error.what());
    }
  }

  /// False if it is an older version of one that is used, which is no fault.
  bool check_unique(PluginEntry& entry) const {
    const auto same_id = by_id_.find(entry.manifest->id);
    if (same_id != by_id_.end() && same_id->second.parent_path() == entry.folder.parent_path() &&
        entry.folder.parent_path() != options_.folder) {
      entry.code = "plugin.superseded";
      entry.reason = "a newer version of it, '" + same_id->second.string() + "', is used";
      return false;
    }
    if (same_id != by_id_.end()) {
      throw PluginRefusal("plugin.duplicate_id", "its id " + entry.manifest->id + " is also that of '" +
                                                     same_id->second.string() + "', which is used; remove one of them");
    }
    const auto same_key = by_key_.find(entry.manifest->key);
    if (same_key != by_key_.end()) {
      throw PluginRefusal("plugin.duplicate_key", "its element key " + entry.manifest->key + " is also that of '" +
                                                      same_key->second.string() +
                                                      "', which is used; remove one of them");
    }
    return true;
  }

  void load(const Package& package, PluginEntry& entry) {
    if (runtime_ == nullptr) runtime_ = std::make_shared<PluginRuntime>(options_);
    if (!store_) store_.emplace(options_.private_store);
    auto library =
        LoadedLibrary::load(LiveCopy::take(*store_, package.files), *entry.manifest, package.manifest_text, runtime_);
    entry.plugin = make_plugin(std::move(library), *entry.manifest);
    entry.state = PluginState::ready;
  }

  const CatalogueOptions& options_;
  std::shared_ptr<PluginRuntime> runtime_;
  std::optional<PrivateStore> store_;
  std::map<std::string, fs::path> by_id_;
  std::map<std::string, fs::path> by_key_;
};

}  // namespace

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

Catalogue Catalogue::scan(const CatalogueOptions& options) {
  return Catalogue(Scan(options).run());
}

PluginEntry inspect_plugin(const fs::path& library_or_folder) {
  PluginEntry entry;
  std::error_code error;
  const fs::path path = fs::absolute(library_or_folder, error).lexically_normal();
  if (!fs::exists(path, error)) {
    throw Error(ErrorCode::not_found,
                library_or_folder.string() + ": there is no such file; name a plugin's library, or the folder of it");
  }
  const bool is_folder = fs::is_directory(path, error);
  entry.folder = is_folder && !path.has_filename() ? path.parent_path() : is_folder ? path : path.parent_path();
  if (!is_folder) entry.library = path;
  try {
    const fs::path tree = safe_folder(entry.folder);
    // Of a file that is no plugin at all, this is the better reason than that it has no manifest.
    if (!is_folder && !fs::exists(entry.folder / "element.json", error)) check_lone_library(tree, entry.library);
    (void)read_package(tree, entry);
  } catch (const PluginRefusal& refusal) {
    refuse(entry, refusal.reason_code(), refusal.what());
  }
  return entry;
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

#include "host/plugin/live_copies.hpp"

#include <mutex>
#include <set>

namespace formulary {
namespace {

std::mutex live_mutex;

/// Guarded by live_mutex. Never destroyed: a plugin may be stopped while the process ends.
std::set<std::string>& live() {
  static auto& keys = *new std::set<std::string>;
  return keys;
}

}  // namespace

LiveCopy LiveCopy::take(PrivateStore& store, const std::vector<PackageFile>& files) {
  const std::string hash = content_hash(files);
  unsigned edition = 0;
  std::string key;
  {
    const std::lock_guard lock(live_mutex);
    do {
      key = copy_name(hash, edition);
    } while (!live().insert(key).second && ++edition != 0);
  }
  LiveCopy copy({}, key);  // gives the key back if keep() throws
  copy.library_ = store.keep(files, key) / files.front().name;
  return copy;
}

LiveCopy::~LiveCopy() {
  if (key_.empty()) return;
  const std::lock_guard lock(live_mutex);
  live().erase(key_);
}

}  // namespace formulary

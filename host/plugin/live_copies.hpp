/// \file
/// Which private copies this process has started plugins from.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "host/plugin/private_store.hpp"

namespace formulary {

/// One private copy, in use by one started plugin until it ends. The loader gives one mapping for one path: two
/// catalogues of one process that start the same plugin must not share its variables, so the second gets a copy of its
/// own.
class LiveCopy {
 public:
  [[nodiscard]] static LiveCopy take(PrivateStore& store, const std::vector<PackageFile>& files);
  LiveCopy(const LiveCopy&) = delete;
  LiveCopy& operator=(const LiveCopy&) = delete;
  LiveCopy(LiveCopy&& other) noexcept
      : library_(std::move(other.library_)), key_(std::exchange(other.key_, std::string())) {}
  LiveCopy& operator=(LiveCopy&&) = delete;
  ~LiveCopy();

  /// A thread of the plugin is lost in it: the copy stays in use for the life of the process.
  void abandon() noexcept { key_.clear(); }

  [[nodiscard]] const std::filesystem::path& library() const noexcept { return library_; }

 private:
  LiveCopy(std::filesystem::path library, std::string key) : library_(std::move(library)), key_(std::move(key)) {}

  std::filesystem::path library_;
  std::string key_;
};

}  // namespace formulary

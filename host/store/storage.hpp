/// \file
/// The data folder, opened: its database migrated, its key checked. What reads and writes it connects from here.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "host/store/store.hpp"
#include "host/store/vault.hpp"

namespace formulary {

class Database;

/// Any thread may use it.
class Storage {
 public:
  /// As open_store().
  [[nodiscard]] static std::shared_ptr<Storage> open(const StoreOptions& options);
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  /// A new connection, for one user at a time. Throws Error(store_failed).
  [[nodiscard]] Database connect() const;
  [[nodiscard]] const Vault& vault() const noexcept { return vault_; }
  /// 16 random bytes that no other data folder has.
  [[nodiscard]] const std::string& installation() const noexcept { return installation_; }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  Storage(std::filesystem::path folder, std::chrono::milliseconds lock_wait, const Vault& vault)
      : folder_(std::move(folder)), lock_wait_(lock_wait), vault_(vault) {}

  std::filesystem::path folder_;
  std::chrono::milliseconds lock_wait_;
  Vault vault_;
  std::string installation_;
};

}  // namespace formulary

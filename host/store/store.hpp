/// \file
/// The data folder: one SQLite database and the vault's key.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

/// An element instance as stored. `document` holds the instance as shown (secrets masked), `secrets` the JSON object of
/// secret configuration values in clear: encrypted before it reaches the disk.
struct InstanceRecord {
  std::int64_t id = 0;  ///< 0: the store gives one.
  std::string name;
  std::string element_key;
  std::string token;         ///< Encrypted at rest; found again by its SHA-256.
  std::string document;      ///< JSON.
  std::string secrets;       ///< JSON object.
  std::string created;       ///< ISO 8601.
  std::int64_t account = 0;  ///< Whose it is; 0: of this machine's only one.
  std::int64_t user = 0;     ///< Who made it.
  bool disabled = false;     ///< Takes no calls.
  std::string updated;       ///< ISO 8601; empty: never.
};

/// Any thread may use it. Every function throws Error(store_failed) when the disk or the database fails.
class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  /// Durable on return. Returns the id. Several instances of an account may have one name.
  virtual std::int64_t add_instance(const InstanceRecord& record) = 0;
  /// Writes name, document, disabled and updated, and secrets unless they are empty. False if there is none.
  virtual bool replace_instance(const InstanceRecord& record) = 0;
  /// By id, of all accounts or of one; `token` and `secrets` left empty.
  [[nodiscard]] virtual std::vector<InstanceRecord> instances(std::optional<std::int64_t> account = {}) = 0;
  /// Those of that id, if `selector` is a number and there is one; else those of that name. `token` and `secrets` left
  /// empty.
  [[nodiscard]] virtual std::vector<InstanceRecord> find_instances(std::string_view selector) = 0;
  /// As instances() has it: without `token` and `secrets`.
  [[nodiscard]] virtual std::optional<InstanceRecord> shown_instance(std::int64_t id) = 0;
  [[nodiscard]] virtual std::optional<InstanceRecord> instance(std::int64_t id) = 0;
  [[nodiscard]] virtual std::optional<InstanceRecord> instance_by_token(std::string_view token) = 0;
  /// As shown_instance().
  [[nodiscard]] virtual std::optional<InstanceRecord> shown_instance_by_token(std::string_view token) = 0;
  /// False if there is none.
  virtual bool remove_instance(std::int64_t id) = 0;
};

struct StoreOptions {
  std::filesystem::path folder;  ///< Made with mode 0700 if absent.
  /// 32 bytes in base64 or hex; empty: <folder>/master.key, created once with mode 0600.
  std::string master_key;
  std::chrono::milliseconds lock_wait{5'000};  ///< How long a write waits for another process's.
};

/// Opens or creates the database and migrates it. Error(store_failed) names the file and what to do: unreadable folder,
/// database of a newer version, key that does not fit, key file that others may read.
[[nodiscard]] std::unique_ptr<Store> open_store(const StoreOptions& options);
/// On a data folder that is open already.
class Storage;
[[nodiscard]] std::unique_ptr<Store> open_store(const Storage& storage);

}  // namespace formulary

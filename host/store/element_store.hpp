/// \file
/// The elements that accounts made, what they added to the host's own elements, and their hubs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace formulary {

class Storage;

/// An element of one account. Times are milliseconds since 1970 UTC.
struct ElementRecord {
  std::int64_t id = 0;  ///< From take_ids().
  std::int64_t account = 0;
  std::string key;
  std::string origin;    ///< Key of the host's element that it was cloned from, whose plugin serves it; empty: none.
  std::string document;  ///< JSON, in clear; sealed at rest, since default values may be secrets.
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
};

/// A hub of one account.
struct HubRecord {
  std::int64_t id = 0;
  std::int64_t account = 0;
  std::string key;
  std::string document;  ///< JSON.
};

/// Any thread may use it. What changes something is durable on return. Every function throws Error(store_failed), and
/// never reads or writes what is another account's.
class ElementStore {
 public:
  static constexpr std::size_t account_elements_max = 1'000;
  static constexpr std::size_t account_bytes_max = 64U << 20U;  ///< Of all its documents.
  static constexpr std::size_t account_hubs_max = 1'000;

  explicit ElementStore(std::shared_ptr<const Storage> storage);
  ElementStore(const ElementStore&) = delete;
  ElementStore& operator=(const ElementStore&) = delete;
  ~ElementStore();

  /// The first of `count` numbers that nobody has had and nobody will get: for elements and for everything in them.
  /// They are below 2^30, which leaves the rest to numbers that are derived from names.
  std::int64_t take_ids(std::size_t count);

  /// Error(conflict) if the account has that key already; Error(limit_reached) beyond a bound of the account.
  void add(const ElementRecord& record);
  [[nodiscard]] std::optional<ElementRecord> element(std::int64_t account, std::int64_t id) const;
  [[nodiscard]] std::optional<ElementRecord> element(std::int64_t account, std::string_view key) const;
  [[nodiscard]] std::vector<ElementRecord> elements(std::int64_t account) const;  ///< By id.
  /// Lets `edit` change document, key and updated of the newest state, which nobody else changes meanwhile: `edit` must
  /// not use this store. False if there is none. What `edit` throws leaves the element as it was.
  bool change(std::int64_t account, std::int64_t id, const std::function<void(ElementRecord&)>& edit);
  /// False if there is none.
  bool remove(std::int64_t account, std::int64_t id);

  /// What the account added to the host's element of that key, JSON.
  [[nodiscard]] std::optional<std::string> extension(std::int64_t account, std::string_view key) const;
  /// As change(). `edit` gets an empty text if there is nothing yet; one that it leaves empty is forgotten.
  void change_extension(std::int64_t account, std::string_view key, const std::function<void(std::string&)>& edit);

  /// As add().
  void add_hub(const HubRecord& record);
  [[nodiscard]] std::vector<HubRecord> hubs(std::int64_t account) const;  ///< By key.
  /// False if there is none.
  bool remove_hub(std::int64_t account, std::string_view key);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace formulary

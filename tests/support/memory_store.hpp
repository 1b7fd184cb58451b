/// \file
/// A store in memory, for tests that are about something else.
#pragma once

#include <charconv>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/error.hpp"
#include "host/store/store.hpp"

namespace formulary::testing {

/// Keeps to the contract of Store. Any thread may use it.
class MemoryStore final : public Store {
 public:
  /// While set, every write throws it.
  std::optional<Error> write_failure;

  std::int64_t add_instance(const InstanceRecord& record) override {
    const std::lock_guard lock(mutex_);
    if (write_failure) throw Error(*write_failure);
    const std::int64_t id = record.id == 0 ? ++last_id_ : record.id;
    records_[id] = record;
    records_[id].id = id;
    return id;
  }

  bool replace_instance(const InstanceRecord& record) override {
    const std::lock_guard lock(mutex_);
    if (write_failure) throw Error(*write_failure);
    const auto found = records_.find(record.id);
    if (found == records_.end()) return false;
    found->second.name = record.name;
    found->second.document = record.document;
    found->second.disabled = record.disabled;
    found->second.updated = record.updated;
    if (!record.secrets.empty()) found->second.secrets = record.secrets;
    return true;
  }

  std::vector<InstanceRecord> instances(std::optional<std::int64_t> account = {}) override {
    const std::lock_guard lock(mutex_);
    std::vector<InstanceRecord> found;
    for (const auto& [id, record] : records_) {
      if (!account || record.account == *account) found.push_back(shown_part(record));
    }
    return found;
  }

  std::vector<InstanceRecord> find_instances(std::string_view selector) override {
    const std::lock_guard lock(mutex_);
    std::int64_t id = 0;
    const auto [end, problem] = std::from_chars(selector.data(), selector.data() + selector.size(), id);
    if (problem == std::errc() && end == selector.data() + selector.size() && records_.count(id) != 0) {
      return {shown_part(records_[id])};
    }
    std::vector<InstanceRecord> found;
    for (const auto& [known, record] : records_) {
      if (record.name == selector) found.push_back(shown_part(record));
    }
    return found;
  }

  std::optional<InstanceRecord> shown_instance(std::int64_t id) override {
    auto found = instance(id);
    return found ? std::optional(shown_part(std::move(*found))) : std::nullopt;
  }

  std::optional<InstanceRecord> shown_instance_by_token(std::string_view token) override {
    auto found = instance_by_token(token);
    return found ? std::optional(shown_part(std::move(*found))) : std::nullopt;
  }

  std::optional<InstanceRecord> instance(std::int64_t id) override {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(id);
    return found == records_.end() ? std::nullopt : std::optional(found->second);
  }

  std::optional<InstanceRecord> instance_by_token(std::string_view token) override {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, record] : records_) {
      if (record.token == token) return record;
    }
    return std::nullopt;
  }

  bool remove_instance(std::int64_t id) override {
    const std::lock_guard lock(mutex_);
    return records_.erase(id) > 0;
  }

 private:
  static InstanceRecord shown_part(InstanceRecord record) {
    record.token.clear();
    record.secrets.clear();
    return record;
  }

  std::mutex mutex_;
  std::int64_t last_id_ = 0;
  std::map<std::int64_t, InstanceRecord> records_;
};

}  // namespace formulary::testing

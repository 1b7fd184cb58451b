/// \file
/// A catalogue with one made-up element, a store in memory and a clock that stands still.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "host/element/instances.hpp"
#include "tests/host/element/fake_plugin.hpp"
#include "tests/support/error_matchers.hpp"
#include "tests/support/memory_store.hpp"

namespace formulary::testing {

class StoppedClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return WallTime(std::chrono::seconds(1'522'874'676)); }
  [[nodiscard]] MonotonicTime monotonic() const override { return {}; }
};

inline constexpr std::string_view api_key = "k3y/with+odd\"letters";

inline InstanceDraft acme_draft() {
  return {.element_key = "crm",
          .name = "Acme",
          .tags = {"Docs"},
          .configuration = {{"api.key", std::string(api_key)}, {"base.url", "https://crm.example"}}};
}

class InstancesTest : public ::testing::Test {
 protected:
  json::object create(const InstanceDraft& draft = acme_draft(), const Connection& connection = {}) {
    return instances.create(draft, connection, {});
  }
  ResourceAnswer get(std::string_view selector, std::string path) {
    return instances.call(selector, {.method = "GET", .path = std::move(path)}, {});
  }

  std::shared_ptr<CrmScript> script = std::make_shared<CrmScript>();
  Catalogue catalogue{std::vector<PluginEntry>{ready_entry(script)}};
  MemoryStore store;
  StoppedClock clock;
  Instances instances{catalogue, store, clock};
};

}  // namespace formulary::testing

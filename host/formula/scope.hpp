/// \file
/// What a running formula knows: its trigger, the outputs of finished steps, its configuration and about itself.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/formula/shared_json.hpp"

namespace formulary {

/// Outputs by step name, in the order of names. Copies share all they can: a copy costs a few pointers, and a change
/// copies only what lies near it, so that a snapshot for each of thousands of runs is cheap. Copies may be read by any
/// thread.
class StepOutputs {
 public:
  struct Entry {
    std::string name;
    SharedJson output;
    std::size_t bytes = 0;  ///< What the output takes of the bound on all outputs.
  };

  /// nullptr if the step has none yet. Lives until the output is replaced and no copy is left.
  [[nodiscard]] const Entry* find(std::string_view name) const;
  /// Adds it, or replaces the output of that step.
  void put(Entry entry);
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Calls `visit` with each entry.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const auto& leaf : leaves_) {
      for (const auto& entry : *leaf) visit(*entry);
    }
  }

 private:
  using Leaf = std::vector<std::shared_ptr<const Entry>>;  ///< Sorted, never empty.

  [[nodiscard]] std::size_t leaf_of(std::string_view name) const;

  std::vector<std::shared_ptr<const Leaf>> leaves_;
  std::size_t size_ = 0;
};

/// Values are shared and never changed, so a copy is a snapshot: a step that runs beside others sees what was there
/// when it began. Copies may be read by any thread.
class Scope {
 public:
  SharedJson trigger;
  SharedJson config;
  SharedJson info;
  StepOutputs steps;
};

/// {"trigger":…,"steps":{…},"info":…,"config":…}: what scripts get. Missing parts are {}.
[[nodiscard]] std::string script_context(const Scope& scope);

}  // namespace formulary

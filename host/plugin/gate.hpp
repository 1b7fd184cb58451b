/// \file
/// One caller at a time inside a plugin, or inside one of its instances.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>

namespace formulary {

/// A lock whose wait ends with a time limit or a stop request. Any thread may use it.
class Gate {
 public:
  struct Leave {
    void operator()(Gate* gate) const { gate->leave(); }
  };
  /// Inside until it ends. Null: not let in.
  using Pass = std::unique_ptr<Gate, Leave>;

  /// Null if `stop` was requested or `limit` passed before it was free.
  [[nodiscard]] Pass enter(const std::stop_token& stop, std::chrono::nanoseconds limit);

 private:
  void leave();

  std::mutex mutex_;
  std::condition_variable_any left_;
  bool taken_ = false;
};

}  // namespace formulary

/// \file
/// Slows down who guesses secrets.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "host/base/clock.hpp"

namespace formulary::api {

/// Counts failed attempts by key: an address, the beginning of a secret. After some free ones each further failure
/// doubles the time for which the key has to wait. A key that fails no more is forgotten; of more keys than fit, that
/// which failed longest ago. Any thread may use it.
class GuessGuard {
 public:
  struct Limits {
    int free_failures = 10;
    std::chrono::seconds longest_wait{60};
    std::chrono::seconds memory{900};  ///< After so long without a failure nothing is held against a key.
    std::size_t keys_max = 10'000;
  };

  explicit GuessGuard(const Clock& clock) : GuessGuard(clock, Limits()) {}
  GuessGuard(const Clock& clock, const Limits& limits) : clock_(clock), limits_(limits) {}

  /// RateLimited if the key has to wait.
  void check(std::string_view key);
  void failed(std::string_view key);
  void succeeded(std::string_view key);

 private:
  struct Entry {
    std::string key;
    int failures = 0;
    Clock::MonotonicTime last{};
    Clock::MonotonicTime until{};
  };
  using Entries = std::list<Entry>;  ///< Which failed last comes first.

  const Clock& clock_;
  const Limits limits_;
  std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_key_;  ///< Its keys are views of the entries'.
};

}  // namespace formulary::api

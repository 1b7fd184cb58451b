/// \file
/// The bounds on connections.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace formulary {

/// How many connections there are, in all and from each address. Any thread.
class ConnectionCensus {
 public:
  ConnectionCensus(std::size_t all_max, std::size_t per_address_max)
      : all_max_(all_max), per_address_max_(per_address_max) {}

  /// False: one more would be beyond a bound.
  bool enter(const std::string& address);
  void leave(const std::string& address);
  [[nodiscard]] std::size_t size() const;
  /// Whether nobody was left before so long a time had passed.
  bool wait_for_none(std::chrono::milliseconds time);

 private:
  const std::size_t all_max_;
  const std::size_t per_address_max_;
  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::size_t all_ = 0;
  std::map<std::string, std::size_t> by_address_;  ///< Only with a bound per address.
};

}  // namespace formulary

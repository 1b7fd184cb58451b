/// \file
/// Keeps a vendor's rate limits before the vendor has to.
///
///   rate_limiter pace({{.name = "candidates", .concurrent_max = 1},
///                      {.name = "publication", .requests_max = 2},
///                      {.name = "key", .requests_max = 8, .concurrent_max = 6}});
///   const permit in = pace.enter(within, {"candidates", "key"});   // left when `in` dies
#pragma once

#include <formulary/poco/control.hpp>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace element::http {

/// One limit. At most `requests_max` are let in within any span of `window`, and at most `concurrent_max` are inside at
/// the same time; 0: no such limit.
struct lane {
  std::string name;
  std::size_t requests_max = 0;
  std::chrono::milliseconds window{1'000};
  std::size_t concurrent_max = 0;
};

/// The right to be inside; leaves when it dies. Any thread may destroy it; it must not outlive its limiter.
class permit {
 public:
  permit() noexcept;
  permit(permit&& other) noexcept;
  permit& operator=(permit&& other) noexcept;
  ~permit();

 private:
  friend class rate_limiter;
  struct seat;
  explicit permit(std::vector<seat> seats) noexcept;
  void leave() noexcept;
  std::vector<seat> seats_;
};

/// Any thread may use it. Callers are let into a lane in the order in which they came to it. All controls of one
/// limiter must have the same clock.
class rate_limiter {
 public:
  explicit rate_limiter(std::vector<lane> lanes);
  rate_limiter(const rate_limiter&) = delete;
  rate_limiter& operator=(const rate_limiter&) = delete;
  ~rate_limiter();

  /// Waits until there is room in each named lane; lanes are entered in the order of the constructor, so put narrow
  /// ones first. Throws `ended` when the result is no longer wanted, error(DEADLINE_EXCEEDED, "http.rate_limited",
  /// retry safe) at once when the remaining time cannot be enough, std::out_of_range for a name that does not exist.
  [[nodiscard]] permit enter(const control& within, std::initializer_list<std::string_view> names);
  [[nodiscard]] permit enter(const call& within, std::initializer_list<std::string_view> names) {
    return enter(call_control(within), names);
  }

  /// Lowers a lane's limits to those given where they are lower; 0 lowers nothing. Never raises one. Throws
  /// std::out_of_range for a name that does not exist.
  void tighten(std::string_view name, std::size_t requests_max, std::size_t concurrent_max);

  /// Lets nobody into the lane for `time` from now: what a vendor's Retry-After asks for. Never shortens a pause.
  void pause(const control& clock, std::string_view name, std::chrono::nanoseconds time);

 private:
  friend class permit;
  struct gate;
  [[nodiscard]] gate& find(std::string_view name);
  std::vector<std::unique_ptr<gate>> gates_;
};

}  // namespace element::http

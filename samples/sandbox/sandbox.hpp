/// \file
/// The sandbox itself: every request's way from its arrival to its answer, without a socket.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "company.hpp"
#include "faults.hpp"
#include "rate_limits.hpp"
#include "router.hpp"

namespace sandbox {

struct Options {
  std::string api_key = "sandbox-key-0000";
  SeedSize seed = SeedSize::small;
  bool limited = true;   ///< Whether the vendor's rate limits hold.
  std::string base_url;  ///< For the links in answers: "http://127.0.0.1:8765".
};

/// Any thread may use it. State changes one request at a time.
class Sandbox {
 public:
  explicit Sandbox(Options options);

  struct Served {
    Answer answer;
    Wire wire = Wire::whole;
    std::optional<RateLimits::Slot> slot;  ///< To be kept until the answer is sent.
  };
  /// Never throws for anything that a request contains. Waits while a staged delay lasts.
  [[nodiscard]] Served serve(const Request& request);
  /// Ends all staged delays, now and later.
  void stop();

 private:
  [[nodiscard]] Answer route(const Request& request, const Router::Match& match);
  void record(const Request& request);
  [[nodiscard]] std::optional<Fault> take_fault(const Request& request);
  void wait(std::chrono::milliseconds delay);
  void reset();
  [[nodiscard]] Answer show_requests() const;
  void add_control_routes();
  Answer set_paging(const Call& call);
  Answer set_limits(const Call& call);

  const Options options_;
  Router router_;
  RateLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  Company company_;
  Faults faults_;
  std::deque<json::object> requests_;  ///< The latest ones, oldest first.
};

}  // namespace sandbox

/// \file
/// Looks a name up on a thread of its own, because getaddrinfo() can neither be stopped nor given a time limit.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "budget.hpp"

namespace element::http {

/// One host's addresses. Any thread may ask; at most one look-up runs at a time, and all who ask meanwhile share it.
class resolver {
 public:
  using look_up = std::function<std::vector<std::string>(const std::string& host)>;

  /// An empty `how`: the system's resolver. A numeric host is its own address, without a thread.
  resolver(std::string host, look_up how);
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;
  /// Waits for a running look-up.
  ~resolver();

  /// Numeric addresses, at least one. Throws http.unknown_host, and as budget::check() while it waits.
  [[nodiscard]] std::vector<std::string> addresses(const budget& within);

 private:
  void start();
  void run() noexcept;

  std::string host_;
  bool numeric_;
  look_up how_;
  std::mutex lock_;
  std::condition_variable finished_;
  std::thread worker_;
  bool running_ = false;
  std::vector<std::string> found_;
  std::string why_not_;
};

}  // namespace element::http

/// \file
/// The two other sides of a measured program, as lean as they can be so that they take little of the machine: a vendor
/// that answers, and a load generator. Each is one epoll loop on 127.0.0.1, without threads.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace flow {

/// A child process that is killed and waited for in the destructor.
class Child {
 public:
  /// Runs `body` in the child, with the write end of a pipe for what report() is to read.
  explicit Child(const std::function<void(int report)>& body);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// One number that the child wrote with write_report(); throws std::runtime_error if it ended instead.
  [[nodiscard]] std::int64_t report() const;
  /// CPU time of the process and its living children, seconds.
  [[nodiscard]] double cpu_seconds() const;
  /// Resident bytes of the process and its living children; shared pages count once for each.
  [[nodiscard]] std::size_t resident_bytes() const;
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_ = -1;
  int report_ = -1;
};
void write_report(int report, std::int64_t number);

/// Answers every request on the socket for ever: GET with a candidate of about 1 kB, POST with 201 and an id; after
/// `delay`.
[[noreturn]] void serve_vendor(int report, std::chrono::milliseconds delay);

struct Load {
  std::uint16_t port = 0;
  std::size_t connections = 1;
  std::size_t requests = 1;  ///< All together; each connection sends the next when the last was answered.
  std::string body;          ///< POSTed to /hire.
};
struct LoadResult {
  double seconds = 0;
  std::vector<double> latencies_us;  ///< Sorted.
  std::size_t failed = 0;            ///< Other statuses than 200.

  [[nodiscard]] double quantile_us(double part) const;
};
/// Throws std::runtime_error if a connection breaks.
[[nodiscard]] LoadResult drive(const Load& load);

}  // namespace flow

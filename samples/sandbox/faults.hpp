/// \file
/// Staged failures: what a test asks the sandbox to do wrong, once or several times.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "router.hpp"

namespace sandbox {

/// What happens on the wire to an answer.
enum class Wire {
  whole,
  truncated,  ///< The head announces more than is sent, then the connection ends.
  closed,     ///< The connection ends without an answer.
};

struct Fault {
  std::string method;  ///< Empty: any.
  std::string path;    ///< Exact; with a '*' at its end: the beginning.
  std::string query;   ///< A part of the query as sent; empty: any.
  std::size_t times = 1;
  std::optional<Answer> answer;  ///< Instead of the true one.
  std::chrono::milliseconds delay{0};
  Wire wire = Wire::whole;
};

/// Not thread-safe: Sandbox's lock guards it.
class Faults {
 public:
  /// Reads {"match": {"method", "path", "query"}, "answer": {"status", "headers", "body"}, "delayMs", "truncate",
  /// "close", "times"}; throws Refusal. At most 100 faults, 10,000 times and 60 s each.
  void add(const Call& call);
  void clear() { faults_.clear(); }
  [[nodiscard]] std::size_t size() const noexcept { return faults_.size(); }
  /// The first fault that fits, used up by one.
  [[nodiscard]] std::optional<Fault> take(const Request& request);

 private:
  std::vector<Fault> faults_;
};

}  // namespace sandbox

/// \file
/// A request and its response, as values.
#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace element::http {

/// Header fields in the order in which they were added or received; names compare without regard to case.
class header_list {
 public:
  using field = std::pair<std::string, std::string>;

  header_list() = default;
  header_list(std::initializer_list<field> fields) : fields_(fields) {}

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// The first value of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  [[nodiscard]] std::string_view value_or(std::string_view name, std::string_view otherwise) const noexcept;

  /// Overwrites the values of that name, in a way that no compiler leaves out, and empties them: for credentials once
  /// they are sent.
  void wipe(std::string_view name) noexcept;

  [[nodiscard]] auto begin() const noexcept { return fields_.begin(); }
  [[nodiscard]] auto end() const noexcept { return fields_.end(); }
  [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
  [[nodiscard]] bool empty() const noexcept { return fields_.empty(); }

 private:
  std::vector<field> fields_;
};

/// Whether sending the request twice does the same as sending it once.
enum class repeatable {
  by_method,  ///< GET, HEAD, OPTIONS, TRACE, PUT and DELETE are, others are not (RFC 9110, 9.2.2).
  yes,        ///< The author knows better, for instance because of an idempotency key.
  no,
};

struct request {
  std::string method = "GET";
  /// Path and query, already percent-encoded, appended to the path of the pool's base URL: "/candidates?limit=10".
  std::string target = "/";
  /// The pool adds Host, Content-Length, Content-Type and, unless it is given here, User-Agent. All but the last, and
  /// Connection, Transfer-Encoding, Upgrade, Trailer, TE, Keep-Alive and Expect, are refused here ("http.bad_request").
  header_list headers;
  std::string_view body;     ///< Borrowed until send() returns.
  std::string content_type;  ///< Sent if not empty.
  repeatable repeat = repeatable::by_method;
  std::chrono::milliseconds total{0};  ///< Overrides limits::total if above 0.
  std::size_t body_max = 0;            ///< Overrides limits::body_max if above 0.

  [[nodiscard]] bool idempotent() const noexcept;
};

struct response {
  int status = 0;  ///< 200 to 599; a 3xx is returned like any other, nothing is followed.
  header_list headers;
  std::string body;  ///< As sent by the other side; a Content-Encoding is not undone, and none is asked for.
  bool reused_session = false;
  int sends = 1;  ///< 2: a kept connection turned out to be dead and the request went over a new one.
};

}  // namespace element::http

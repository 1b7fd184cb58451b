/// \file
/// What a request's bytes mean (RFC 9112), strictly: whatever two parsers could read in two ways is refused, since the
/// other one may be a proxy in front of us. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/http/server.hpp"

namespace formulary {

struct RequestLimits {
  std::size_t line_max = 8U << 10U;
  std::size_t head_max = 64U << 10U;
  std::size_t headers_max = 100;
};

/// Why a request is not served; the connection must be closed behind the answer.
struct RequestRefusal {
  int status = 400;
  std::string sentence;
};

struct RequestHead {
  std::string method;
  std::string target;  ///< In origin form, or "*".
  HeaderList headers;
  bool old_version = false;  ///< HTTP/1.0.
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;

  [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

/// Reads one request's head, however it is cut into pieces. Not thread-safe.
class RequestHeadParser {
 public:
  explicit RequestHeadParser(RequestLimits limits) : limits_(limits) {}

  /// `bytes` begins where the request does, each time. How many bytes the head has, once it is complete; 0 while it is
  /// not, and if it is refused.
  std::size_t parse(std::string_view bytes);
  [[nodiscard]] const std::optional<RequestRefusal>& refusal() const noexcept { return refusal_; }
  /// What was read so far; complete once parse() gave more than 0.
  [[nodiscard]] RequestHead& head() noexcept { return head_; }

 private:
  bool refuse(int status, std::string sentence);
  bool read_line(std::string_view line);
  bool read_request_line(std::string_view line);
  bool read_target(std::string_view target);
  bool read_header(std::string_view line);
  bool note_header(std::string_view name, std::string_view value);
  bool check_whole();

  RequestLimits limits_;
  RequestHead head_;
  std::optional<RequestRefusal> refusal_;
  std::size_t begin_ = 0;  ///< Of the line that is being read.
  bool has_request_line_ = false;
  std::optional<std::string> authority_;  ///< Of an absolute target.
  std::optional<std::string> host_;
  bool has_transfer_encoding_ = false;
};

/// Takes the framing off a chunked body. Extensions and trailers are read within bounds and dropped. Not thread-safe.
class ChunkedDecoder {
 public:
  /// Appends at most `room` bytes of the body to `out`; how many bytes of `bytes` were used up.
  std::size_t decode(std::string_view bytes, std::size_t room, std::string& out);
  [[nodiscard]] bool complete() const noexcept { return state_ == State::complete; }
  [[nodiscard]] bool broken() const noexcept { return state_ == State::broken; }

 private:
  enum class State { size, data, data_end, trailer, complete, broken };

  void take_line_byte(char byte);
  void end_line();
  void end_size_line();

  State state_ = State::size;
  std::uint64_t left_ = 0;  ///< Of the chunk.
  std::string line_;        ///< Of a size or trailer, without its end.
  bool after_cr_ = false;
  std::size_t trailers_ = 0;  ///< Their bytes.
};

/// Whether `text` is a token of RFC 9110: a method or a header's name.
[[nodiscard]] bool is_http_token(std::string_view text) noexcept;
/// Whether `text` may be a header's value: no control bytes but tabs.
[[nodiscard]] bool is_header_value(std::string_view text) noexcept;
/// Compares as names of headers are compared.
[[nodiscard]] bool same_header_name(std::string_view a, std::string_view b) noexcept;

}  // namespace formulary

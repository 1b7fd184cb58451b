/// \file
/// Reads one HTTP/1.1 response from bytes as they come, refusing everything that two readers could understand in two
/// ways (RFC 9112). Pure: no socket, no clock, so that it can be fuzzed.
#pragma once

#include <formulary/poco/message.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace element::http {

/// Why an answer is no good. `why` is a part of a sentence, and repeats nothing of the answer.
struct bad_answer {
  enum class kind { protocol, truncated, too_large };
  kind is;
  std::string why;
};

/// Not thread-safe; one response each.
class response_parser {
 public:
  struct bounds {
    std::size_t head_max = 64U << 10U;  ///< Also for the trailers of a chunked body.
    std::size_t body_max = 32U << 20U;
  };

  /// `to_head`: the request was a HEAD, whose answer has no body whatever its fields say.
  response_parser(bounds within, bool to_head) noexcept : bounds_(within), to_head_(to_head) {}

  /// Takes bytes and returns how many belong to this response: all, until it is done(). Throws bad_answer.
  std::size_t feed(std::string_view bytes);
  /// The other side ends its stream here. Throws bad_answer(truncated) unless the body ends that way.
  void end_of_stream();

  /// A byte of it was seen.
  [[nodiscard]] bool started() const noexcept { return started_; }
  /// The final head is complete (that of a 1xx is not).
  [[nodiscard]] bool has_head() const noexcept { return at_ > part::head; }
  [[nodiscard]] bool done() const noexcept { return at_ == part::done; }
  /// Another request may follow on the same connection. Meaningful once done().
  [[nodiscard]] bool keeps_connection() const noexcept { return keep_; }
  [[nodiscard]] response take() noexcept { return std::move(response_); }

 private:
  enum class part { head, length, until_close, chunk_size, chunk, chunk_end, trailers, done };
  struct framing;

  std::size_t feed_lines(std::string_view bytes, std::size_t bytes_max);
  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_body(std::string_view bytes);
  std::size_t feed_chunk_size(std::string_view bytes);
  std::size_t feed_chunk_end(std::string_view bytes);
  std::size_t feed_trailers(std::string_view bytes);
  void finish_head();
  void begin_body(const framing& how);
  void begin_next_answer();

  bounds bounds_;
  bool to_head_;
  bool started_ = false;
  bool keep_ = false;
  bool lines_done_ = false;
  part at_ = part::head;
  int interim_ = 0;          ///< How many 1xx came before.
  std::string lines_;        ///< The head, a chunk's size line or the trailers, until they are complete.
  std::size_t line_at_ = 0;  ///< Where the last line of `lines_` begins.
  std::uint64_t left_ = 0;   ///< Bytes of the body or the chunk that are to come.
  response response_;
};

}  // namespace element::http

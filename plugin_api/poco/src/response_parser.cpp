#include "response_parser.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "ascii.hpp"

namespace element::http {
namespace {

constexpr std::size_t fields_max = 256;
constexpr std::size_t size_line_max = 4'096;  // a chunk's size with its extensions
constexpr int interim_max = 8;
constexpr std::size_t reserve_max = 1U << 20U;  // a length is only a claim until its bytes are here

[[noreturn]] void refuse(const char* why) {
  throw bad_answer{bad_answer::kind::protocol, why};
}
[[noreturn]] void too_large(const char* what, std::size_t max) {
  throw bad_answer{bad_answer::kind::too_large,
                   std::string(what) + " is over the limit of " + std::to_string(max) + " bytes"};
}

/// "HTTP/1.1 200 OK": the status. `minor` becomes 0 or 1.
int parse_status_line(std::string_view line, int& minor) {
  constexpr std::string_view version = "HTTP/1.";
  constexpr std::size_t status_at = 9;
  constexpr std::size_t reason_at = 12;
  const bool shaped = line.size() >= reason_at && line.substr(0, version.size()) == version && line[8] == ' ' &&
                      is_digit(line[status_at]) && is_digit(line[status_at + 1]) && is_digit(line[status_at + 2]) &&
                      (line.size() == reason_at || line[reason_at] == ' ');
  if (!shaped || (line[7] != '0' && line[7] != '1')) refuse("its status line is not HTTP/1.0 or HTTP/1.1");
  if (!is_field_value(line)) refuse("its status line holds a control character");
  minor = line[7] - '0';
  const int status = (line[status_at] - '0') * 100 + (line[status_at + 1] - '0') * 10 + (line[status_at + 2] - '0');
  if (status < 100 || status > 599) refuse("its status is not 100 to 599");
  return status;
}

header_list::field parse_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') refuse("a header field is folded over two lines");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) refuse("a header field has no legal name");
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_field_value(value)) refuse("a header field holds a control character");
  return {std::string(line.substr(0, colon)), std::string(value)};
}

std::uint64_t parse_length(std::string_view text) {
  constexpr std::size_t digits_max = 18;  // fits 64 bits
  if (text.empty() || text.size() > digits_max || !std::all_of(text.begin(), text.end(), is_digit)) {
    refuse("its Content-Length is not a number");
  }
  std::uint64_t length = 0;
  for (const char c : text) length = length * 10 + static_cast<std::uint64_t>(c - '0');
  return length;
}

int hex_digit(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// "1a;extension": the size.
std::uint64_t parse_chunk_size(std::string_view line) {
  constexpr std::size_t digits_max = 15;  // fits 64 bits
  std::uint64_t size = 0;
  std::size_t at = 0;
  for (; at < line.size() && hex_digit(line[at]) >= 0; ++at)
    size = at < digits_max ? size * 16 + static_cast<std::uint64_t>(hex_digit(line[at])) : UINT64_MAX;
  if (at > digits_max) refuse("a chunk's size is too long a number");
  const std::string_view extension = trim(line.substr(at));
  if (at == 0 || (!extension.empty() && extension.front() != ';')) refuse("a chunk's size is not a hexadecimal number");
  if (!is_field_value(extension)) refuse("a chunk's size line holds a control character");
  return size;
}

/// Whether a comma-separated list has the word.
bool lists(std::string_view value, std::string_view word) noexcept {
  for (;;) {
    const std::size_t comma = value.find(',');
    if (same_word(trim(value.substr(0, comma)), word)) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace

/// What the fields say about where the body ends.
struct response_parser::framing {
  int minor = 1;
  bool chunked = false;
  bool close = false;
  bool keep_alive = false;
  std::optional<std::uint64_t> length;

  void note(const header_list::field& field) {
    const auto& [name, value] = field;
    if (same_word(name, "Content-Length")) {
      const std::uint64_t stated = parse_length(value);
      if (length && *length != stated) refuse("it has two different Content-Lengths");
      length = stated;
    } else if (same_word(name, "Transfer-Encoding")) {
      if (chunked || !same_word(value, "chunked")) refuse("its Transfer-Encoding is not 'chunked', once");
      chunked = true;
    } else if (same_word(name, "Connection")) {
      close = close || lists(value, "close");
      keep_alive = keep_alive || lists(value, "keep-alive");
    }
  }

  void check() const {
    if (chunked && length) refuse("it has both a Content-Length and a Transfer-Encoding");
    if (chunked && minor == 0) refuse("it is HTTP/1.0 and has a Transfer-Encoding");
  }
  [[nodiscard]] bool keeps() const noexcept { return !close && (minor == 1 || keep_alive); }
};

std::size_t response_parser::feed(std::string_view bytes) {
  std::size_t used = 0;
  started_ = started_ || !bytes.empty();
  while (used < bytes.size() && !done()) {
    const std::string_view rest = bytes.substr(used);
    switch (at_) {
      case part::head:
        used += feed_head(rest);
        break;
      case part::length:
      case part::until_close:
      case part::chunk:
        used += feed_body(rest);
        break;
      case part::chunk_size:
        used += feed_chunk_size(rest);
        break;
      case part::chunk_end:
        used += feed_chunk_end(rest);
        break;
      case part::trailers:
        used += feed_trailers(rest);
        break;
      case part::done:
        break;
    }
  }
  return used;
}

void response_parser::end_of_stream() {
  if (at_ == part::until_close) {
    at_ = part::done;
    return;
  }
  if (!done()) throw bad_answer{bad_answer::kind::truncated, has_head() ? "inside its body" : "inside its head"};
}

/// Collects lines up to and including an empty one. Every line ends in CR LF: a bare LF is where readers differ.
std::size_t response_parser::feed_lines(std::string_view bytes, std::size_t bytes_max) {
  std::size_t used = 0;
  while (used < bytes.size() && !lines_done_) {
    const std::size_t newline = bytes.find('\n', used);
    const std::size_t end = newline == std::string_view::npos ? bytes.size() : newline + 1;
    if (lines_.size() + (end - used) > bytes_max) too_large(at_ == part::head ? "its head" : "its trailer", bytes_max);
    lines_.append(bytes.substr(used, end - used));
    used = end;
    if (newline == std::string_view::npos) break;
    const std::size_t length = lines_.size() - line_at_;
    if (length < 2 || lines_[lines_.size() - 2] != '\r') refuse("a line of its head does not end in CR LF");
    lines_done_ = length == 2;
    line_at_ = lines_.size();
  }
  return used;
}

std::size_t response_parser::feed_head(std::string_view bytes) {
  const std::size_t used = feed_lines(bytes, bounds_.head_max);
  if (lines_done_) finish_head();
  return used;
}

void response_parser::finish_head() {
  std::string_view rest = lines_;
  const auto next_line = [&rest] {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    return line;
  };
  framing how;
  response_.status = parse_status_line(next_line(), how.minor);
  for (std::string_view line = next_line(); !line.empty(); line = next_line()) {
    if (response_.headers.size() == fields_max) refuse("it has more than 256 header fields");
    header_list::field field = parse_field(line);
    how.note(field);
    response_.headers.add(std::move(field.first), std::move(field.second));
  }
  if (response_.status < 200) {
    begin_next_answer();
  } else {
    how.check();
    begin_body(how);
  }
}

/// A 1xx only announces the answer (RFC 9110, 15.2). No upgrade is ever asked for, so 101 answers another's question.
void response_parser::begin_next_answer() {
  if (response_.status == 101) refuse("it switches protocols, which nobody asked for");
  if (++interim_ > interim_max) refuse("more than 8 interim answers came before it");
  response_ = {};
  lines_.clear();
  line_at_ = 0;
  lines_done_ = false;
}

void response_parser::begin_body(const framing& how) {
  keep_ = how.keeps();
  lines_.clear();
  line_at_ = 0;
  lines_done_ = false;
  if (to_head_ || response_.status == 204 || response_.status == 304) {
    at_ = part::done;
  } else if (how.chunked) {
    at_ = part::chunk_size;
  } else if (how.length) {
    if (*how.length > bounds_.body_max) too_large("its body", bounds_.body_max);
    left_ = *how.length;
    response_.body.reserve(std::min(static_cast<std::size_t>(left_), reserve_max));
    at_ = left_ == 0 ? part::done : part::length;
  } else {
    keep_ = false;
    at_ = part::until_close;
  }
}

std::size_t response_parser::feed_body(std::string_view bytes) {
  const std::size_t take =
      at_ == part::until_close ? bytes.size() : static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  if (take > bounds_.body_max - response_.body.size()) too_large("its body", bounds_.body_max);
  response_.body.append(bytes.substr(0, take));
  if (at_ == part::until_close) return take;
  left_ -= take;
  if (left_ == 0) at_ = at_ == part::length ? part::done : part::chunk_end;
  return take;
}

std::size_t response_parser::feed_chunk_size(std::string_view bytes) {
  const std::size_t newline = bytes.find('\n');
  const std::size_t used = newline == std::string_view::npos ? bytes.size() : newline + 1;
  if (lines_.size() + used > size_line_max) refuse("a chunk's size line is longer than 4096 bytes");
  lines_.append(bytes.substr(0, used));
  if (newline == std::string_view::npos) return used;
  if (lines_.size() < 2 || lines_[lines_.size() - 2] != '\r') refuse("a chunk's size line does not end in CR LF");
  left_ = parse_chunk_size(std::string_view(lines_).substr(0, lines_.size() - 2));
  lines_.clear();
  if (left_ > bounds_.body_max - response_.body.size()) too_large("its body", bounds_.body_max);
  at_ = left_ == 0 ? part::trailers : part::chunk;
  return used;
}

std::size_t response_parser::feed_chunk_end(std::string_view bytes) {
  const char expected = lines_.empty() ? '\r' : '\n';
  if (bytes.front() != expected) refuse("a chunk is longer than its size");
  if (expected == '\r') {
    lines_.push_back('\r');
  } else {
    lines_.clear();
    at_ = part::chunk_size;
  }
  return 1;
}

/// Trailers are read for their bounds and dropped: nothing here may change what the head said.
std::size_t response_parser::feed_trailers(std::string_view bytes) {
  const std::size_t used = feed_lines(bytes, bounds_.head_max);
  if (lines_done_) {
    lines_.clear();
    at_ = part::done;
  }
  return used;
}

}  // namespace element::http

#include "host/http/request_parser.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace formulary {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_token_char(char c) {
  if (is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7F) || c == '\t';
}

/// Visible ASCII, and no fragment: a client keeps that to itself.
bool is_target_char(char c) {
  return c > 0x20 && c < 0x7F && c != '#';
}

bool is_host_char(char c) {
  return is_target_char(c) && std::string_view("/?@\\\",").find(c) == std::string_view::npos;
}

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Whether one of the elements of a comma-separated list is `word`.
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (same_header_name(without_spaces(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::optional<std::uint64_t> read_length(std::string_view digits) {
  if (digits.empty() || digits.size() > 18 || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  std::uint64_t length = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), length);
  return length;
}

constexpr std::size_t chunk_line_max = 1'024;
constexpr std::size_t trailers_max = 8U << 10U;

}  // namespace

std::optional<std::string_view> find_header(const HeaderList& headers, std::string_view name) {
  for (const auto& [one, value] : headers) {
    if (same_header_name(one, name)) return value;
  }
  return std::nullopt;
}

bool is_http_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_header_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), is_value_char);
}

bool same_header_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool RequestHeadParser::refuse(int status, std::string sentence) {
  refusal_ = RequestRefusal{status, std::move(sentence)};
  return false;
}

std::size_t RequestHeadParser::parse(std::string_view bytes) {
  while (!refusal_) {
    const std::size_t newline = bytes.find('\n', begin_);
    const std::size_t end = std::min(newline, bytes.size());
    if (end - begin_ > limits_.line_max + 1) {  // its CR
      refuse(has_request_line_ ? 431 : 414, has_request_line_ ? "a header is too long" : "the target is too long");
    } else if (end > limits_.head_max) {
      refuse(431, "the request's head is too long");
    }
    if (refusal_ || newline == std::string_view::npos) return 0;
    if (newline == begin_ || bytes[newline - 1] != '\r') {
      refuse(400, "a line of the request's head does not end with CR LF");
      return 0;
    }
    const std::string_view line = bytes.substr(begin_, newline - 1 - begin_);
    begin_ = newline + 1;
    if (has_request_line_ && line.empty()) return check_whole() ? begin_ : 0;
    read_line(line);
  }
  return 0;
}

bool RequestHeadParser::read_line(std::string_view line) {
  if (has_request_line_) return read_header(line);
  has_request_line_ = true;
  return read_request_line(line);
}

bool RequestHeadParser::read_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400, "the request line is not one of HTTP/1.1");
  const std::string_view version = line.substr(last + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    return refuse(400, "the request line is not one of HTTP/1.1");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(505, "only HTTP/1.1 is spoken here");
  head_.old_version = version == "HTTP/1.0";
  head_.keep_alive = !head_.old_version;
  head_.method = line.substr(0, first);
  if (!is_http_token(head_.method) || head_.method.size() > 32) return refuse(400, "the method is not one");
  return read_target(line.substr(first + 1, last - first - 1));
}

bool RequestHeadParser::read_target(std::string_view target) {
  if (head_.method == "CONNECT") return refuse(501, "this server is no proxy");
  if (target.empty() || !std::all_of(target.begin(), target.end(), is_target_char)) {
    return refuse(400, "the request's target has a byte that must be percent-encoded");
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_header_name(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    authority_ = target.substr(0, end);
    head_.target = (end < target.size() && target[end] == '/' ? "" : "/") + std::string(target.substr(end));
    return true;
  }
  const bool whole_server = target == "*" && head_.method == "OPTIONS";
  if (target.front() != '/' && !whole_server) return refuse(400, "the request's target does not begin with a slash");
  head_.target = target;
  return true;
}

bool RequestHeadParser::read_header(std::string_view line) {
  if (head_.headers.size() >= limits_.headers_max) return refuse(431, "the request has too many headers");
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "a header is folded over several lines");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "a header has no colon");
  const std::string_view name = line.substr(0, colon);
  if (!is_http_token(name)) return refuse(400, "a header's name is not one");
  const std::string_view value = without_spaces(line.substr(colon + 1));
  if (!is_header_value(value)) return refuse(400, "a header's value has a control byte");
  head_.headers.emplace_back(name, value);
  return note_header(name, value);
}

bool RequestHeadParser::note_header(std::string_view name, std::string_view value) {
  if (same_header_name(name, "Host")) {
    if (host_) return refuse(400, "the request has more than one Host");
    if (!std::all_of(value.begin(), value.end(), is_host_char)) return refuse(400, "the request's Host is not one");
    host_ = value;
  } else if (same_header_name(name, "Content-Length")) {
    if (head_.content_length) return refuse(400, "the request has more than one Content-Length");
    head_.content_length = read_length(value);
    if (!head_.content_length) return refuse(400, "the request's Content-Length is not a number");
  } else if (same_header_name(name, "Transfer-Encoding")) {
    if (has_transfer_encoding_) return refuse(400, "the request has more than one Transfer-Encoding");
    has_transfer_encoding_ = true;
    if (!same_header_name(value, "chunked")) return refuse(400, "the request's Transfer-Encoding is not 'chunked'");
    head_.chunked = true;
  } else if (same_header_name(name, "Connection")) {
    if (lists(value, "close")) head_.keep_alive = false;
  } else if (same_header_name(name, "Expect")) {
    if (!same_header_name(value, "100-continue")) return refuse(417, "only 100-continue can be expected here");
    head_.expects_continue = !head_.old_version;
  }
  return true;
}

bool RequestHeadParser::check_whole() {
  if (head_.chunked && head_.content_length) {
    return refuse(400, "the request has both a Content-Length and a Transfer-Encoding");
  }
  if (head_.chunked && head_.old_version) return refuse(400, "HTTP/1.0 knows no Transfer-Encoding");
  if (!host_ && !head_.old_version) return refuse(400, "the request has no Host");
  if (authority_ && host_ && !same_header_name(*authority_, *host_)) {
    return refuse(400, "the request's target and its Host are not the same server");
  }
  return true;
}

std::size_t ChunkedDecoder::decode(std::string_view bytes, std::size_t room, std::string& out) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ != State::complete && state_ != State::broken) {
    if (state_ == State::data) {
      const std::size_t count = static_cast<std::size_t>(
          std::min<std::uint64_t>({left_, room, static_cast<std::uint64_t>(bytes.size() - used)}));
      if (count == 0) break;
      out.append(bytes.substr(used, count));
      used += count;
      room -= count;
      left_ -= count;
      if (left_ == 0) state_ = State::data_end;
    } else {
      take_line_byte(bytes[used++]);
    }
  }
  return used;
}

void ChunkedDecoder::take_line_byte(char byte) {
  if (after_cr_) {
    after_cr_ = false;
    if (byte == '\n') return end_line();
    state_ = State::broken;
  } else if (byte == '\r') {
    after_cr_ = true;
  } else if (!is_value_char(byte) || line_.size() >= chunk_line_max) {
    state_ = State::broken;
  } else {
    line_ += byte;
  }
}

void ChunkedDecoder::end_line() {
  switch (state_) {
    case State::size:
      end_size_line();
      break;
    case State::data_end:
      state_ = line_.empty() ? State::size : State::broken;
      break;
    default:  // a trailer
      trailers_ += line_.size();
      if (line_.empty()) {
        state_ = State::complete;
      } else if (trailers_ > trailers_max || !is_http_token(line_.substr(0, line_.find(':'))) ||
                 line_.find(':') == std::string::npos) {
        state_ = State::broken;
      }
  }
  line_.clear();
}

void ChunkedDecoder::end_size_line() {
  const std::string_view size = std::string_view(line_).substr(0, line_.find(';'));
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(size.data(), size.data() + size.size(), value, 16);
  // Fifteen digits are more than anybody sends, and far from any overflow.
  if (size.empty() || size.size() > 15 || fault != std::errc() || end != size.data() + size.size()) {
    state_ = State::broken;
    return;
  }
  left_ = value;
  state_ = value == 0 ? State::trailer : State::data;
}

}  // namespace formulary

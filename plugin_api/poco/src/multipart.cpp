#include <formulary/element/error.hpp>
#include <formulary/poco/multipart.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

#include "ascii.hpp"

namespace element::http {
namespace {

std::string random_boundary() {
  constexpr char letters[] = "0123456789abcdefghijklmnopqrstuv";
  std::random_device source;
  std::string out = "formulary-";
  for (int index = 0; index < 24; ++index) out += letters[source() & 31U];
  return out;
}

bool boundary_char(char c) noexcept {
  return is_digit(c) || is_alpha(c) || c == '-' || c == '_';
}

/// As browsers do (the HTML standard's "multipart/form-data encoding"): other bytes stay, so that UTF-8 names arrive.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') {
      out += "%22";
    } else if (c == '\r') {
      out += "%0D";
    } else if (c == '\n') {
      out += "%0A";
    } else {
      out += c;
    }
  }
  out += '"';
}

[[noreturn]] void refuse(const char* why) {
  error bad(ELEMENT_INVALID_ARGUMENT, "http.bad_part", std::string("the upload's part cannot be sent: ") + why);
  throw bad.with_retry(retry::no);
}

}  // namespace

multipart::multipart() : boundary_(random_boundary()) {}

multipart::multipart(std::string boundary) : boundary_(std::move(boundary)) {
  const bool good = !boundary_.empty() && boundary_.size() <= 70;
  if (!good || !std::all_of(boundary_.begin(), boundary_.end(), boundary_char)) {
    throw std::invalid_argument("a multipart boundary is 1 to 70 letters, digits, '-' or '_'");
  }
}

multipart& multipart::field(std::string_view name, std::string_view value) {
  refuse_boundary_in(value);
  begin_part();
  parts_ += "Content-Disposition: form-data; name=";
  append_quoted(parts_, name);
  parts_ += "\r\n\r\n";
  parts_ += value;
  parts_ += "\r\n";
  return *this;
}

multipart& multipart::file(std::string_view name, std::string_view filename, std::string_view content_type,
                           std::string_view bytes) {
  if (!is_field_value(content_type)) refuse("its content type holds a control character");
  refuse_boundary_in(bytes);
  begin_part();
  parts_ += "Content-Disposition: form-data; name=";
  append_quoted(parts_, name);
  parts_ += "; filename=";
  append_quoted(parts_, filename);
  parts_ += "\r\nContent-Type: ";
  parts_ += content_type.empty() ? std::string_view("application/octet-stream") : content_type;
  parts_ += "\r\n\r\n";
  parts_ += bytes;
  parts_ += "\r\n";
  return *this;
}

void multipart::begin_part() {
  parts_ += "--";
  parts_ += boundary_;
  parts_ += "\r\n";
}

void multipart::refuse_boundary_in(std::string_view bytes) const {
  // Content that holds the boundary would end its part early and could forge the parts after it.
  if (bytes.find(boundary_) != std::string_view::npos) refuse("its bytes hold the boundary between the parts");
}

std::string multipart::content_type() const {
  return "multipart/form-data; boundary=" + boundary_;
}

std::string multipart::body() const {
  return parts_ + "--" + boundary_ + "--\r\n";
}

}  // namespace element::http

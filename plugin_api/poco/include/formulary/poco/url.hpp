/// \file
/// Building and reading URLs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace element::http {

/// Percent-encodes everything but unreserved characters (RFC 3986, 2.3), so that the result is one path segment or one
/// query name or value: "a/b c" becomes "a%2Fb%20c". The segments "." and "..", which clients and servers fold away,
/// are encoded too ("%2E", "%2E%2E").
[[nodiscard]] std::string encode(std::string_view text);

/// Appends a query: the first add() writes '?' (or '&' if the target has a query already), later ones '&'.
///
///   target_builder("/candidates").add("limit", "10").add("q", "a b").text()   // "/candidates?limit=10&q=a%20b"
class target_builder {
 public:
  /// `path` is taken as it is: encoded.
  explicit target_builder(std::string_view path) : text_(path), has_query_(path.find('?') != std::string_view::npos) {}

  /// Adds "/" and the encoded segment. Call it before add().
  target_builder& segment(std::string_view value);
  target_builder& add(std::string_view name, std::string_view value);
  target_builder& add(std::string_view name, std::int64_t value) { return add(name, std::to_string(value)); }
  /// As add(), but an empty value adds nothing.
  target_builder& add_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : add(name, value);
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  bool has_query_;
};

/// The parts of an absolute http or https URL.
struct url {
  std::string scheme;  ///< "http" or "https".
  std::string host;    ///< Lower case; an IPv6 address without its brackets.
  std::uint16_t port = 0;
  std::string path;   ///< Encoded; "" or begins with '/'.
  std::string query;  ///< Encoded, without '?'.

  [[nodiscard]] bool secure() const noexcept { return scheme == "https"; }
  /// The host is "localhost" or a loopback address.
  [[nodiscard]] bool loopback() const noexcept;
  /// "https://host:port", brackets and the port always included where they apply.
  [[nodiscard]] std::string origin() const;
  /// The value of the Host field: without the scheme's default port.
  [[nodiscard]] std::string authority() const;
};

/// Throws error(INVALID_ARGUMENT, "http.bad_url") for other schemes, user information, a fragment, a bad host or port,
/// blanks and control characters. The sentence repeats nothing of the text, which may hold a secret.
[[nodiscard]] url parse_url(std::string_view text);

}  // namespace element::http

/// \file
/// Builds a multipart/form-data body (RFC 7578).
#pragma once

#include <string>
#include <string_view>

namespace element::http {

/// Not thread-safe. Holds the whole body in memory.
class multipart {
 public:
  /// A random boundary. Throws std::runtime_error if the system has no randomness.
  multipart();
  /// A given boundary (1 to 70 letters, digits, '-', '_'), for tests. Throws std::invalid_argument for others.
  explicit multipart(std::string boundary);

  multipart& field(std::string_view name, std::string_view value);
  /// Quotes and line breaks in `name` and `filename` are percent-encoded as browsers do. An empty `content_type` is
  /// sent as application/octet-stream. Throws error(INVALID_ARGUMENT, "http.bad_part") for a content type with control
  /// characters and for bytes that hold the boundary.
  multipart& file(std::string_view name, std::string_view filename, std::string_view content_type,
                  std::string_view bytes);

  /// "multipart/form-data; boundary=...".
  [[nodiscard]] std::string content_type() const;
  /// The body with its last boundary; more parts may follow, then it has to be asked for again.
  [[nodiscard]] std::string body() const;

 private:
  void begin_part();
  void refuse_boundary_in(std::string_view bytes) const;
  std::string boundary_;
  std::string parts_;
};

}  // namespace element::http

/// \file
/// File uploads: a caller's multipart/form-data is checked and passed on, or one is made from JSON with a base64 file.
#pragma once

#include <string>
#include <string_view>

namespace smartrecruiters {

struct Upload {
  std::string bytes;
  std::string content_type;  ///< multipart/form-data; boundary=...
};

/// See make_body(), which documents both forms. `typed`: the vendor wants an `attachmentType` as well, which is added
/// if the caller gave none. Throws element::error(INVALID_ARGUMENT, "smartrecruiters.invalid_body", HTTP 400).
[[nodiscard]] Upload make_upload(std::string_view body, std::string_view content_type, bool typed);

}  // namespace smartrecruiters

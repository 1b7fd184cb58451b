/// \file
/// Reads multipart/form-data uploads.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "router.hpp"

namespace sandbox {

struct UploadedFile {
  std::string name;
  std::string content_type;
  std::string bytes;
  std::string sha256;  ///< Hexadecimal.
};

struct Upload {
  std::map<std::string, std::string> fields;
  std::optional<UploadedFile> file;  ///< The part "file".
};

/// Throws Refusal(400, "INVALID_FILE") for a body that is no multipart/form-data, has more than 20 parts or a file that
/// is empty or larger than 10 MiB.
[[nodiscard]] Upload read_upload(const Call& call);

}  // namespace sandbox

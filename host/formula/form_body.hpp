/// \file
/// Files and forms in bodies: the platform's file object, and multipart/form-data. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/json.hpp"

namespace formulary::plan {

/// A file as the platform puts it into JSON: {"filename","type":"workflow-file-attachment","content":"<base64>"}.
struct FileBody {
  std::string filename;
  std::string content;
};
/// nullopt if the value is no such object, or its content no base64.
[[nodiscard]] std::optional<FileBody> file_in(const json::value& value);
[[nodiscard]] json::object file_object(const FileBody& file);

struct FormPart {
  std::string name;
  std::string content;
  std::string filename;      ///< Empty: a field, not a file.
  std::string content_type;  ///< Empty: none is said.
};

/// One part for each member, several for an array. A member is a text or any JSON value, a file object, or
/// {"value":…,"options":{"filename":…,"contentType":…}}; null is left out.
[[nodiscard]] std::vector<FormPart> form_parts(const json::object& form);

struct FormBody {
  std::string content_type;  ///< multipart/form-data with its boundary.
  std::string body;
};
/// `seed` makes the boundary: letters and digits. The same parts and seed give the same bytes.
[[nodiscard]] FormBody encode_form(const std::vector<FormPart>& parts, std::string_view seed);

}  // namespace formulary::plan

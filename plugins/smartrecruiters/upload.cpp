#include "plugins/smartrecruiters/upload.hpp"

#include <formulary/element/error.hpp>
#include <formulary/poco/json.hpp>
#include <formulary/poco/multipart.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <vector>

#include "plugins/smartrecruiters/base64.hpp"
#include "plugins/smartrecruiters/refusal.hpp"

namespace smartrecruiters {
namespace {

namespace json = element::json;

constexpr std::array<std::string_view, 3> attachment_types = {"GENERIC_FILE", "RESUME", "COVER_LETTER"};
constexpr std::string_view file_part = "file";
constexpr std::string_view type_part = "attachmentType";
constexpr std::size_t parts_max = 32;
constexpr std::size_t field_bytes_max = 1000;

element::error invalid(const std::string& sentence) {
  return refusal("smartrecruiters.invalid_body", "the body: " + sentence);
}

void check_attachment_type(std::string_view type) {
  if (std::find(attachment_types.begin(), attachment_types.end(), type) == attachment_types.end()) {
    throw invalid("attachmentType must be GENERIC_FILE, RESUME or COVER_LETTER");
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// The value of `name=value` or `name="value"` in a header's value; empty if absent.
std::string parameter_of(std::string_view header, std::string_view name) {
  const std::string folded = lower(header);
  for (std::size_t at = folded.find(';'); at != std::string::npos; at = folded.find(';', at + 1)) {
    std::size_t start = folded.find_first_not_of(" \t", at + 1);
    if (start == std::string::npos || folded.compare(start, name.size(), name) != 0) continue;
    start += name.size();
    if (folded.substr(start, 1) != "=") continue;
    ++start;
    if (folded.substr(start, 1) == "\"") {
      const std::size_t end = std::min(header.find('"', start + 1), header.size());
      return std::string(header.substr(start + 1, end - start - 1));
    }
    return std::string(header.substr(start, std::min(header.find_first_of("; \t", start), header.size()) - start));
  }
  return {};
}

struct Part {
  std::string name;
  std::string_view value;
};

/// The name in a part's Content-Disposition.
std::string name_of(std::string_view head) {
  constexpr std::string_view field = "content-disposition:";
  const std::string folded = lower(head);
  const std::size_t at = folded.find(field);
  if (at == std::string::npos) return {};
  const std::size_t end = std::min(head.find("\r\n", at), head.size());
  return parameter_of(head.substr(at, end - at), "name");
}

/// Splits a multipart body (RFC 2046). Throws if it does not end with its last boundary.
std::vector<Part> parts_of(std::string_view body, const std::string& boundary) {
  const std::string delimiter = "--" + boundary;
  const std::string inner = "\r\n" + delimiter;
  std::vector<Part> parts;
  std::size_t at = body.starts_with(delimiter) ? 0 : body.find(inner);
  if (at != 0 && at != std::string_view::npos) at += 2;
  while (at != std::string_view::npos) {
    std::string_view rest = body.substr(at + delimiter.size());
    if (rest.starts_with("--")) return parts;
    const std::size_t head_start = rest.find("\r\n");
    const std::size_t head_end = rest.find("\r\n\r\n");
    const std::size_t end = rest.find(inner);
    if (head_start == std::string_view::npos || head_end == std::string_view::npos || end == std::string_view::npos ||
        head_end > end) {
      break;
    }
    if (parts.size() == parts_max) throw invalid("has more than 32 parts");
    parts.push_back({name_of(rest.substr(head_start, head_end - head_start + 2)),
                     rest.substr(head_end + 4, end > head_end + 4 ? end - head_end - 4 : 0)});
    at = at + delimiter.size() + end + 2;
  }
  throw invalid("is cut off: its last part does not end with the boundary of its content type");
}

const Part* find_part(const std::vector<Part>& parts, std::string_view name) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& one) { return one.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

Upload pass_on(std::string_view body, std::string_view content_type, bool typed) {
  const std::string boundary = parameter_of(content_type, "boundary");
  if (boundary.empty() || boundary.size() > 70)
    throw invalid("is multipart, but its content type has no usable boundary");
  const std::vector<Part> parts = parts_of(body, boundary);
  if (find_part(parts, file_part) == nullptr) throw invalid("has no part `file`; send the file under that name");
  Upload upload = {.bytes = std::string(body), .content_type = std::string(content_type)};
  if (!typed) return upload;
  if (const Part* type = find_part(parts, type_part)) {
    check_attachment_type(type->value);
    return upload;
  }
  upload.bytes = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"attachmentType\"\r\n\r\n" +
                 std::string(attachment_types[0]) + "\r\n" + upload.bytes;
  return upload;
}

/// Text fields beside the file: the vendor's sourceTypeId and the like.
void add_field(element::http::multipart& form, const json::member& one) {
  std::string text;
  if (const auto* string = one.value.as<std::string>()) {
    text = *string;
  } else if (const auto* flag = one.value.as<bool>()) {
    text = *flag ? "true" : "false";
  } else {
    throw invalid(shown(one.key) + " must be a string or a flag, not " + one.value.kind());
  }
  if (text.size() > field_bytes_max) throw invalid(shown(one.key) + " is longer than 1000 bytes");
  form.field(one.key, text);
}

Upload from_json(std::string_view body, bool typed) {
  const json::origin from = {.where = "the body", .status = ELEMENT_INVALID_ARGUMENT};
  const json::value document = json::parse(body, from);
  const json::reader form(document, from);
  const json::reader file = form.object(file_part);
  const std::optional<std::string> bytes = base64_decoded(file.text("content"));
  if (!bytes) throw invalid("file.content must be base64");
  element::http::multipart made;
  if (typed) {
    const std::string type = form.text_or(type_part, attachment_types[0]);
    check_attachment_type(type);
    made.field(type_part, type);
  }
  for (const json::member& one : form.as_object().members()) {
    if (one.key != file_part && one.key != type_part && !one.value.is_null()) add_field(made, one);
  }
  made.file(file_part, file.text("name"), file.text_or("contentType", "application/octet-stream"), *bytes);
  return {.bytes = made.body(), .content_type = made.content_type()};
}

}  // namespace

Upload make_upload(std::string_view body, std::string_view content_type, bool typed) {
  const std::string type = lower(content_type.substr(0, content_type.find(';')));
  if (type == "multipart/form-data") return pass_on(body, content_type, typed);
  if (type != "application/json" && !type.empty()) {
    throw invalid("must be multipart/form-data with a part `file`, or JSON with `file` {name, contentType, content}");
  }
  try {
    return from_json(body, typed);
  } catch (const element::error& why) {
    const std::string sentence = why.what();
    if (why.code() == "smartrecruiters.invalid_body") throw;
    throw invalid(sentence + "; send multipart/form-data, or JSON with `file` {name, contentType, content in base64}");
  }
}

}  // namespace smartrecruiters

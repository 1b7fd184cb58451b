#include "host/formula/form_body.hpp"

#include <algorithm>
#include <utility>

#include "host/base/text.hpp"

namespace formulary::plan {
namespace {

constexpr std::string_view file_type = "workflow-file-attachment";

std::string text_member(const json::object& object, std::string_view key) {
  const json::value* member = object.if_contains(key);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::string content_of(const json::value& value) {
  const auto* text = value.if_string();
  return text != nullptr ? std::string(*text) : to_text(value);
}

/// As browsers escape names in forms, so that no value can end the header.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char byte : text) {
    if (byte == '"') {
      result += "%22";
    } else if (byte == '\r') {
      result += "%0D";
    } else if (byte == '\n') {
      result += "%0A";
    } else {
      result += byte;
    }
  }
  return result + '"';
}

FormPart make_part(std::string_view name, const json::value& value) {
  FormPart part{.name = std::string(name)};
  if (auto file = file_in(value)) {
    part.content = std::move(file->content);
    part.filename = std::move(file->filename);
    part.content_type = "application/octet-stream";
    return part;
  }
  const auto* object = value.if_object();
  const json::value* inner = object == nullptr ? nullptr : object->if_contains("value");
  if (inner == nullptr) {
    part.content = content_of(value);
    return part;
  }
  part = make_part(name, *inner);
  const json::value* options = object->if_contains("options");
  if (const auto* given = options == nullptr ? nullptr : options->if_object()) {
    if (auto filename = text_member(*given, "filename"); !filename.empty()) part.filename = std::move(filename);
    if (auto type = text_member(*given, "contentType"); !type.empty()) part.content_type = std::move(type);
  }
  std::erase_if(part.content_type, [](char byte) { return byte == '\r' || byte == '\n'; });
  return part;
}

bool occurs_in(const std::vector<FormPart>& parts, std::string_view boundary) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const FormPart& part) { return part.content.find(boundary) != std::string::npos; });
}

}  // namespace

std::optional<FileBody> file_in(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr || text_member(*object, "type") != file_type) return std::nullopt;
  auto content = from_base64(text_member(*object, "content"));
  if (!content) return std::nullopt;
  return FileBody{.filename = text_member(*object, "filename"), .content = *std::move(content)};
}

json::object file_object(const FileBody& file) {
  return {{"filename", file.filename}, {"type", file_type}, {"content", to_base64(file.content)}};
}

std::vector<FormPart> form_parts(const json::object& form) {
  std::vector<FormPart> parts;
  for (const auto& member : form) {
    if (const auto* array = member.value().if_array()) {
      for (const auto& entry : *array) {
        if (!entry.is_null()) parts.push_back(make_part(member.key(), entry));
      }
    } else if (!member.value().is_null()) {
      parts.push_back(make_part(member.key(), member.value()));
    }
  }
  return parts;
}

FormBody encode_form(const std::vector<FormPart>& parts, std::string_view seed) {
  std::string boundary = "formulary-" + std::string(seed);
  while (occurs_in(parts, boundary)) boundary += 'x';
  std::string body;
  for (const auto& part : parts) {
    body += "--" + boundary + "\r\nContent-Disposition: form-data; name=" + quoted(part.name);
    if (!part.filename.empty()) body += "; filename=" + quoted(part.filename);
    if (!part.content_type.empty()) body += "\r\nContent-Type: " + part.content_type;
    body += "\r\n\r\n" + part.content + "\r\n";
  }
  body += "--" + boundary + "--\r\n";
  return {.content_type = "multipart/form-data; boundary=" + boundary, .body = std::move(body)};
}

}  // namespace formulary::plan

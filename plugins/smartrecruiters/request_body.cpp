#include "plugins/smartrecruiters/request_body.hpp"

#include <formulary/element/error.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "plugins/smartrecruiters/json_slices.hpp"
#include "plugins/smartrecruiters/refusal.hpp"
#include "plugins/smartrecruiters/upload.hpp"

namespace smartrecruiters {
namespace {

constexpr std::size_t body_bytes_max = 32U << 20U;
constexpr std::string_view json_type = "application/json";
constexpr std::string_view json_patch_type = "application/json-patch+json";

element::error invalid(const std::string& sentence) {
  return refusal("smartrecruiters.invalid_body", "the body: " + sentence);
}

/// Names of one blank-separated list.
std::vector<std::string_view> words_of(std::string_view list) {
  std::vector<std::string_view> words;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    words.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

std::string_view value_of(const std::vector<JsonMember>& members, std::string_view key) {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const JsonMember& one) { return one.key == key; });
  return found == members.end() ? std::string_view("null") : found->value;
}

RequestBody plain_json(const Resource& resource, std::string_view body) {
  const JsonKind kind = json_kind(body);
  if (body.empty()) throw invalid("is missing; send a JSON object");
  if (kind == JsonKind::malformed) throw invalid("is not JSON; send a JSON object");
  if (kind != JsonKind::object) throw invalid("must be a JSON object");
  const std::vector<JsonMember> members = json_members(body);
  RequestBody made = {.bytes = std::string(body), .content_type = std::string(json_type), .echo = {}};
  for (const std::string_view name : words_of(resource.required)) {
    const std::string_view value = value_of(members, name);
    if (value == "null") throw invalid(std::string(name) + " is missing; SmartRecruiters requires it");
    if (resource.answer == Answer::echo) made.echo = "{\"" + std::string(name) + "\":" + std::string(value) + "}";
  }
  return made;
}

bool is_operation(std::string_view text) {
  if (json_kind(text) != JsonKind::object) return false;
  const std::vector<JsonMember> members = json_members(text);
  return value_of(members, "op").starts_with('"') && value_of(members, "path").starts_with('"');
}

RequestBody json_patch(std::string_view body) {
  constexpr std::string_view form = R"(send [{"op":"replace","path":"/title","value":"..."}] or one such operation)";
  RequestBody made = {.bytes = std::string(body), .content_type = std::string(json_patch_type), .echo = {}};
  switch (json_kind(body)) {
    case JsonKind::object:
      if (!is_operation(body)) throw invalid("is an object without `op` and `path`; " + std::string(form));
      made.bytes = "[" + made.bytes + "]";
      return made;
    case JsonKind::array: {
      const std::vector<std::string_view> operations = json_elements(body);
      if (operations.empty()) throw invalid("has no operation; " + std::string(form));
      if (!std::all_of(operations.begin(), operations.end(), is_operation)) {
        throw invalid("has an element without `op` and `path`; " + std::string(form));
      }
      return made;
    }
    default:
      throw invalid("is no JSON Patch; " + std::string(form));
  }
}

}  // namespace

RequestBody make_body(const Resource& resource, const element::request& what) {
  if (what.body.size() > body_bytes_max) {
    throw refusal("smartrecruiters.body_too_large",
                  "the body: has more than 32 MiB; SmartRecruiters takes no file of that size", 413);
  }
  switch (resource.body) {
    case Body::none:
      return {};
    case Body::cancelled:
      return {.bytes = R"({"status":"CANCELLED"})", .content_type = std::string(json_type), .echo = {}};
    case Body::json_patch:
      return json_patch(what.body);
    case Body::attachment:
    case Body::resume: {
      Upload upload = make_upload(what.body, what.content_type, resource.body == Body::attachment);
      return {.bytes = std::move(upload.bytes), .content_type = std::move(upload.content_type), .echo = {}};
    }
    case Body::json_optional:
      if (what.body.empty() || what.body == "null") return {};
      return plain_json(resource, what.body);
    case Body::json:
      break;
  }
  return plain_json(resource, what.body);
}

}  // namespace smartrecruiters

#include "host/plugin/answer_framing.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/error.hpp"
#include "host/base/json.hpp"

namespace formulary {
namespace {

constexpr std::size_t headers_max = 256;

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::plugin_failed,
              where + ": invoke broke the answer's framing: " + what + "; tell the plugin's author");
}

/// RFC 9110 section 5.1.
bool is_header_name(std::string_view name) {
  static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; });
}

std::vector<std::pair<std::string, std::string>> read_headers(const JsonReader& head, const std::string& where) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (!head.has("headers")) return headers;
  const JsonReader members = head.object("headers");
  if (members.raw().size() > headers_max) refuse(where, "more than " + std::to_string(headers_max) + " headers");
  for (const auto& member : members.raw()) {
    const std::string_view name(member.key().data(), member.key().size());
    std::string value = members.text(name);
    if (!is_header_name(name)) refuse(where, "a header's name is not one");
    if (!is_one_line(value)) refuse(where, "the header " + std::string(name) + " has control characters");
    headers.emplace_back(name, std::move(value));
  }
  return headers;
}

ResourceAnswer read_head(std::string_view text, const std::string& where) {
  const json::value document = parse_json(text, "head", {.bytes_max = answer_head_max, .depth_max = 16});
  const JsonReader head(document, "head");
  const std::int64_t status = head.integer("status");
  const std::int64_t retries = head.integer_or("retryAttempts", 0);
  if (status < 100 || status > 599) refuse(where, "status " + std::to_string(status) + " is not between 100 and 599");
  if (retries < 0 || retries > std::numeric_limits<int>::max()) refuse(where, "retryAttempts is not a count");
  ResourceAnswer answer{
      .status = static_cast<int>(status),
      .headers = read_headers(head, where),
      .content_type = head.text_or("contentType", ""),
      .next_page = head.text_or("nextPage", ""),
      .retry_attempts = static_cast<int>(retries),
      .body = {},
  };
  if (!is_one_line(answer.content_type)) refuse(where, "contentType has control characters");
  return answer;
}

/// The head and the length of its line.
std::pair<ResourceAnswer, std::size_t> take_head(std::string_view framed, const std::string& where) {
  const auto end = framed.substr(0, answer_head_max + 1).find('\n');
  if (end == std::string_view::npos) refuse(where, "its first 64 KiB hold no newline, which ends the head");
  try {
    return {read_head(framed.substr(0, end), where), end + 1};
  } catch (const Error& error) {
    if (error.code() == ErrorCode::plugin_failed) throw;
    refuse(where, error.what());
  }
}

}  // namespace

ResourceAnswer parse_answer(std::string framed, const std::string& where) {
  auto [answer, length] = take_head(framed, where);
  framed.erase(0, length);
  answer.body = std::move(framed);
  return std::move(answer);
}

ResourceAnswer parse_answer(std::shared_ptr<Spool> framed, const std::string& where) {
  std::string beginning(answer_head_max + 1, '\0');
  beginning.resize(framed->read(0, beginning));
  auto [answer, length] = take_head(beginning, where);
  answer.spool = std::move(framed);
  answer.spooled_from = length;
  return std::move(answer);
}

}  // namespace formulary
